"""A search that is stopped goes on from its file, and comes to what an unbroken one comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chaos.cli import app
from chaos.explorer.subject import Run, Subject
from chaos.interactive.interruption import RunInterruptedError
from tests.chaos.test_many_processes import write

TIRED = "tests.chaos.explorer.targets:TiredToy"
SEARCH = ("explore", "w.yaml", "--menu", "timeout,http_error-503,rate_limit-5s", "-j", "1")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workload."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "w", calls=1, target=TIRED, times=3)
    return tmp_path


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Every run that is played, as it is played."""
    runs: list[Run] = []
    run = Subject.run

    def noted(*arguments: Any, **options: Any) -> Run:
        runs.append(run(*arguments, **options))
        return runs[-1]

    monkeypatch.setattr(Subject, "run", noted)
    return runs


def search(*options: str) -> tuple[Result, dict[str, Any]]:
    """Search, and return what it has come to but for times and names of files."""
    into = f"found-{len(list(Path().glob('found-*')))}"
    done = CliRunner().invoke(app, [*SEARCH, *options, "--json", "e.json", "--into", into])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    (found,) = json.loads(Path("e.json").read_text())["searches"]
    for finding in found["findings"]:
        finding["file"] = Path(finding["file"]).name
    return done, {key: found[key] for key in found.keys() - {"real_s", "per_second"}}


@pytest.mark.slow
def test_search_in_steps_comes_to_what_one_comes_to(here: Path, played: list[Run]) -> None:
    """Each step plays as many as it may; no run is played twice, and the last finds it all."""
    _, whole = search()
    played.clear()

    first, part = search("--runs", "7", "--resume", "s.search")
    second, _ = search("--runs", "7", "--resume", "s.search")
    _, resumed = search("--resume", "s.search")
    in_steps = len(played)
    _, again = search("--resume", "s.search")

    assert part["runs"] == 7
    assert "continue with: chaos" in first.output
    assert "14 runs" in second.output
    assert resumed == whole == again
    assert in_steps == whole["runs"]
    assert len(played) == in_steps


@pytest.mark.parametrize("stopped_at", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_search_that_ctrl_c_ends_goes_on(
    here: Path, monkeypatch: pytest.MonkeyPatch, stopped_at: int
) -> None:
    """Only the run that was being played is played again; the message says how to go on."""
    _, whole = search()
    run, count = Subject.run, [0]

    def torn(*arguments: Any, **options: Any) -> Run:
        count[0] += 1
        if count[0] == stopped_at:
            raise KeyboardInterrupt
        return run(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Subject, "run", torn)
        ended = CliRunner().invoke(app, [*SEARCH, "--resume", "s.search"])
        assert isinstance(ended.exception, RunInterruptedError)
        assert "every run is recorded in s.search; continue with: chaos" in str(ended.exception)
        _, resumed = search("--resume", "s.search")

    assert resumed == whole
    # All but the torn one were kept.
    assert count[0] == whole["runs"] + 1


def test_search_that_was_killed_while_it_wrote_goes_on(here: Path) -> None:
    """Half a line at the end is a run that was not kept."""
    _, whole = search("--resume", "s.search")
    content = (here / "s.search").read_bytes()
    (here / "s.search").write_bytes(content[:-20])

    _, resumed = search("--resume", "s.search")

    assert resumed == whole
    assert (here / "s.search").read_bytes().count(b"\n") == content.count(b"\n")


@pytest.mark.slow
def test_random_search_goes_on(here: Path) -> None:
    """Ten walks in two steps are the first ten."""
    _, whole = search("--random", "--runs", "10")

    search("--random", "--runs", "4", "--resume", "s.search")
    _, resumed = search("--random", "--runs", "6", "--resume", "s.search")

    assert resumed == whole


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--faults", "1"), "faults was 2, but is 1"),
        (
            ("--menu", "timeout"),
            "menu was 'timeout,http_error-503,rate_limit-5s', but is 'timeout'",
        ),
        (("--random", "--runs", "3"), "random was False, but is True"),
    ],
    ids=["bound", "menu", "kind"],
)
def test_file_of_another_search_is_refused(
    here: Path, options: tuple[str, ...], told: str
) -> None:
    """Its runs would be other ones; the file stays as it is."""
    search("--runs", "3", "--resume", "s.search")
    content = (here / "s.search").read_bytes()

    refused = CliRunner().invoke(app, [*SEARCH, *options, "--resume", "s.search"])

    assert f"belongs to another search: {told}" in str(refused.exception)
    assert (here / "s.search").read_bytes() == content


def test_file_of_another_workload_or_version_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step more, and a newer chaos."""
    search("--runs", "3", "--resume", "s.search")
    with monkeypatch.context() as patch:
        patch.setattr("chaos.__version__", "9.9")
        newer = CliRunner().invoke(app, [*SEARCH, "--resume", "s.search"])
    write(here, "w", calls=1, target=TIRED, times=4)

    other = CliRunner().invoke(app, [*SEARCH, "--resume", "s.search"])

    assert "and 9.9) is not the same" in str(newer.exception)
    assert "belongs to another search: the file 'w.yaml' is not the same" in str(other.exception)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"hello", "it has no complete line"),
        (b"hello\n", "its first line has no checksum"),
        (b'{"format": "chaos-search-1"}\n', "its first line has no checksum"),
        (b"\xff\x00\n", "its first line has no checksum"),
    ],
)
def test_what_is_no_file_of_a_search_is_refused(here: Path, content: bytes, told: str) -> None:
    """And is not overwritten."""
    (here / "s.search").write_bytes(content)

    refused = CliRunner().invoke(app, [*SEARCH, "--resume", "s.search"])

    assert told in str(refused.exception)
    assert (here / "s.search").read_bytes() == content


def test_damaged_file_of_a_search_is_refused(here: Path) -> None:
    """With its line: a changed letter, or a line that is gone."""
    search("--runs", "5", "--resume", "s.search")
    lines = (here / "s.search").read_bytes().splitlines(keepends=True)
    (here / "letter").write_bytes(b"".join([*lines[:2], lines[2].replace(b"3", b"4"), *lines[3:]]))
    (here / "line").write_bytes(b"".join([*lines[:2], *lines[3:]]))

    refused = [CliRunner().invoke(app, [*SEARCH, "--resume", each]) for each in ("letter", "line")]

    assert ["is damaged in line 3" in str(each.exception) for each in refused] == [True, True]


def test_standard_output_cannot_be_gone_on_from(here: Path) -> None:
    """It cannot be read again."""
    refused = CliRunner().invoke(app, [*SEARCH, "--resume", "-"])

    assert "--resume is '-'; expected a file" in str(refused.exception)
