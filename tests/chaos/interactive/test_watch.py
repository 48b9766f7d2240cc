"""What `chaos run --watch` notices, and what it does then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.commands import watch as command
from chaos.interactive.watch import Watcher

LIFECYCLE = Path("scenarios/breaker/breaker-lifecycle.yaml")


def touch(path: Path) -> None:
    """Save a file without a change, a second later than before."""
    now = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(now, now))


def pauses(*edits: Callable[[], object]) -> Callable[[], None]:
    """A pause in which somebody edits; after the last edit comes Ctrl-C."""
    rest: Iterator[Callable[[], object]] = iter(edits)

    def pause() -> None:
        edit = next(rest, None)
        if edit is None:
            raise KeyboardInterrupt
        edit()

    return pause


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A scenario of one's own."""
    return Path(shutil.copy(LIFECYCLE, tmp_path))


def test_watcher_tells_each_save_once(scenario: Path) -> None:
    """New and changed files are saved; files that went away are not."""
    watcher = Watcher([scenario.parent], sources=list)
    assert watcher.saved() == []

    touch(scenario)
    other = Path(shutil.copy(scenario, scenario.with_name("other.yaml")))
    assert watcher.saved() == [scenario, other]
    assert watcher.saved() == []

    other.unlink()
    assert watcher.saved() == []


def test_watcher_survives_an_editor_that_replaces_files(scenario: Path) -> None:
    """For a moment there may be no file at all."""
    watcher = Watcher([scenario], sources=list)
    text = scenario.read_text()

    scenario.unlink()
    assert watcher.saved() == []
    scenario.write_text(text)
    assert watcher.saved() == [scenario]


def test_watcher_notices_code(tmp_path: Path) -> None:
    """A module that changed since it was imported needs a new process."""
    module = tmp_path / "service.py"
    module.write_text("pass")
    watcher = Watcher([], sources=lambda: [module])
    assert not watcher.is_code_changed()

    touch(module)

    assert watcher.is_code_changed()


def test_watch_plays_again_what_is_saved(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once at the start, once for each save, whatever the file says by then."""
    good = scenario.read_text()
    edits = pauses(
        lambda: touch(scenario),
        lambda: scenario.write_text(good.replace("calls.openai: 15", "calls.openai: 14")),
        lambda: scenario.write_text(good.replace("status: 503", "status: 5o3")),
        lambda: scenario.write_text(good),
    )

    command.watch([scenario], pause=edits)

    said = capsys.readouterr()
    outcomes = [line.split()[0] for line in said.out.splitlines() if "virtual  " in line]
    assert outcomes == ["passed", "passed", "failed", "passed"]
    assert "expected  14" in said.out
    assert "status is '5o3'" in said.err
    assert "stopped watching; 4 runs, nothing was left behind" in said.out


def test_watch_waits_for_a_wrong_file_to_be_mended(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is wrong from the start is no reason to leave."""
    good = scenario.read_text()
    scenario.write_text(good.replace("version: 1", "version: 2"))

    command.watch([scenario], pause=pauses(lambda: scenario.write_text(good)))

    said = capsys.readouterr()
    assert "version" in said.err
    assert "passed" in said.out
