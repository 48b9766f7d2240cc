"""Where Toxiproxy is looked for, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.errors import MissingComponentError
from chaos.tiers.wire import locate
from chaos.tiers.wire.locate import PINNED_VERSION, URL_VARIABLE, find, find_or_build
from chaos.tiers.wire.support import examine


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and an empty PATH; returns the one folder of that PATH."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.setattr(locate, "user_cache_path", lambda _: tmp_path / "cache")
    return path


def program(path: Path, script: str = "exit 0") -> Path:
    """Write a shell script that can be executed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def fake_go(folder: Path, *, succeeds: bool = True) -> Path:
    """A Go that builds an empty program, and writes down how it was called."""
    calls = folder / "calls"
    build = ': > "$GOBIN/server"' if succeeds else "echo no network >&2; exit 1"
    program(folder / "go", f'echo "$@" >> {calls}\n{build}')
    return calls


def test_url_comes_first(monkeypatch: pytest.MonkeyPatch, empty_machine: Path) -> None:
    """Whoever sets it means it."""
    program(empty_machine / "toxiproxy-server")
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:8474/")

    found = find()

    assert found is not None
    assert (found.url, found.binary, found.how) == ("http://127.0.0.1:8474", None, URL_VARIABLE)


def test_program_on_the_path_comes_second(empty_machine: Path) -> None:
    """Before what was once built."""
    program(locate.cached_binary())
    on_path = program(empty_machine / "toxiproxy-server")

    found = find()

    assert found is not None
    assert found.binary == on_path


def test_earlier_build_comes_third() -> None:
    """It is built once."""
    cached = program(locate.cached_binary())

    assert find_or_build().binary == cached


def test_build_is_of_the_pinned_version_and_happens_once(empty_machine: Path) -> None:
    """The second time, there is something to find."""
    calls = fake_go(empty_machine)
    said: list[str] = []

    first, second = find_or_build(said.append), find_or_build(said.append)

    assert first.binary == second.binary == locate.cached_binary()
    (call,) = calls.read_text(encoding="utf-8").splitlines()
    assert call.endswith(f"github.com/Shopify/toxiproxy/v2/cmd/server@v{PINNED_VERSION}")
    assert call.startswith("install -ldflags -X github.com/Shopify/toxiproxy/v2.Version=2")
    (message,) = said
    assert "half a minute" in message


def test_build_leaves_nothing_beside_the_program(empty_machine: Path) -> None:
    """What is unfinished is in a folder of its own, which goes."""
    fake_go(empty_machine)

    binary = find_or_build(lambda _: None).binary

    assert binary is not None
    left = {path.name for path in binary.parent.iterdir()}
    assert left == {"lock", "toxiproxy-server"}


def test_failed_build_says_why_and_leaves_no_program(empty_machine: Path) -> None:
    """A half-built program would be found the next time."""
    fake_go(empty_machine, succeeds=False)

    with pytest.raises(MissingComponentError, match="go install of Toxiproxy failed: no network"):
        find_or_build(lambda _: None)

    assert not locate.cached_binary().exists()


def test_nothing_at_all_is_said_with_the_three_ways() -> None:
    """The command exits with 4, and the user knows what to do."""
    with pytest.raises(MissingComponentError) as raised:
        find_or_build()

    assert raised.value.exit_code == 4
    for way in ("CHAOS_TOXIPROXY_URL", "toxiproxy-server on the PATH", "install Go"):
        assert way in str(raised.value)


def test_state_without_toxiproxy_and_go_says_how_to_get_it() -> None:
    """For ``chaos doctor``."""
    state = examine()

    assert not state.usable
    assert "CHAOS_TOXIPROXY_URL" in state.fix


def test_state_with_go_says_that_it_will_be_built(empty_machine: Path) -> None:
    """Nothing is built for having been looked at."""
    calls = fake_go(empty_machine)

    state = examine()

    assert state.usable
    assert PINNED_VERSION in state.seen
    assert not calls.exists()


def test_state_shows_path_version_and_how_it_was_found(empty_machine: Path) -> None:
    """Everything one would ask next."""
    found = program(empty_machine / "toxiproxy-server", "echo toxiproxy-server version 2.9.0")

    assert examine().seen == f"{found}, version 2.9.0, on the PATH"


def test_state_of_a_program_that_does_not_run_is_not_usable(empty_machine: Path) -> None:
    """Being there is not enough."""
    program(empty_machine / "toxiproxy-server", "exit 1")

    assert not examine().usable
