"""`--executor`: what cannot be had is refused at once, in one line."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chaos.cli import app
from chaos.commands.executing import SearchFile
from chaos.errors import ChaosError, MissingComponentError
from chaos.interactive.interruption import RunInterruptedError
from tests.chaos.test_many_processes import TOY, write

URL = "dask://127.0.0.1:8786"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workload."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "w", calls=1, target=TOY)
    return tmp_path


def refused(*arguments: str) -> str:
    """Return why a command is refused; it leaves nothing behind."""
    result = CliRunner().invoke(app, list(arguments))

    assert isinstance(result.exception, ChaosError), result.output
    assert result.exception.exit_code == (
        4 if isinstance(result.exception, MissingComponentError) else 2
    )
    assert [path.name for path in Path().iterdir()] == ["w.yaml"]
    return str(result.exception)


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("dask://", "has no host"),
        ("dask://x", "has no port"),
        ("dask://:8786", "has no host"),
        ("dask://x:0", "has no port"),
        ("dask://x:99999", "is not a URL (Port out of range 0-65535)"),
        ("dask://x:eight", "is not a URL (Port could not be cast to integer value as 'eight')"),
        ("dask://[::1", "is not a URL (Invalid IPv6 URL)"),
        ("dask://x:8786/y", "has more than a host and a port"),
        ("dask://me@x:8786", "has more than a host and a port"),
        ("tcp://x:8786", "has the scheme 'tcp'"),
        ("x:8786", "has no scheme"),
        ("", "has no scheme"),
    ],
)
@pytest.mark.parametrize("command", [("explore",), ("prove", "--mutants", "1")], ids=" ".join)
def test_wrong_address_is_one_clear_message(
    command: tuple[str, ...], url: str, wrong: str
) -> None:
    """With what an address looks like."""
    told = refused(*command, "w.yaml", "--executor", url)

    assert told.startswith(f"--executor {url!r} {wrong}; expected dask://HOST:PORT")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("explore", "w.yaml", "-j", "2"),
            (
                "--executor cannot be combined with --jobs: each thread of a worker plays; "
                "expected one of the two; leave --jobs out, and start workers with the --nthreads "
                "that you want"
            ),
        ),
        (
            ("explore", "w.yaml", "--shard", "1/2"),
            (
                "--shard cannot be combined with --executor: its workers share the work already; "
                "expected one of the two; leave --executor out"
            ),
        ),
        (
            ("prove", "w.yaml", "--mutants", "3", "--shard", "1/2"),
            (
                "--shard cannot be combined with --executor: its workers share the work already; "
                "expected one of the two; leave --executor out"
            ),
        ),
        (
            ("prove", "w.yaml"),
            (
                "--executor works only with --mutants: known defects are planted in processes of "
                "this machine; expected --mutants N as well; add that, or leave --executor out"
            ),
        ),
    ],
    ids=["jobs", "shard", "shard of mutants", "planted defects"],
)
def test_what_cannot_be_had_together_is_refused(arguments: tuple[str, ...], told: str) -> None:
    """Before anything is played, or anybody is asked."""
    assert refused(*arguments, "--executor", URL) == told


def test_scheduler_that_is_not_there_is_told_at_once() -> None:
    """With how to start one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        told = refused("explore", "w.yaml", "--executor", f"dask://127.0.0.1:{port}")

    assert told == (
        f"no scheduler of dask at dask://127.0.0.1:{port}: Connection refused; expected one; "
        f"start it with: dask scheduler --port {port}, or correct --executor"
    )


def test_dask_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    told = refused("explore", "w.yaml", "--executor", URL)

    assert told == (
        f"--executor {URL} needs dask, and no module named 'distributed' is installed; expected "
        "the extra 'dask'; install it with: python -m pip install 'chaos-harness[dask]'"
    )


def test_search_on_a_cluster_has_a_spare_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new one, which is there afterwards only if it is of use."""
    monkeypatch.setattr(sys, "argv", ["chaos", "explore", "w.yaml"])
    (here / "chaos-explore-1.search").touch()
    spare = SearchFile.of(None, URL)

    assert spare.path == Path("chaos-explore-2.search")
    assert spare.next_command == "chaos explore w.yaml --resume chaos-explore-2.search"
    for ends_with, is_kept in ((RunInterruptedError, True), (ChaosError, False)):
        spare.path.touch()
        with pytest.raises(ends_with), spare.kept_if_needed():
            raise ends_with("it ends")
        assert spare.path.exists() is is_kept
    with spare.kept_if_needed():
        spare.path.touch()
    assert not spare.path.exists()


def test_file_that_was_asked_for_stays() -> None:
    """Without a cluster, none is made that nobody has asked for."""
    asked = SearchFile.of(Path("w.search"), URL)
    with asked.kept_if_needed():
        Path("w.search").touch()

    assert Path("w.search").exists()
    assert "--resume" not in asked.next_command
    assert SearchFile.of(None, None).path is None
