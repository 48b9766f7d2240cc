"""Folders of runs and servers go with their processes, one way or the other."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from chaos.folders import fresh_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nobody is asked there")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of our own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def gone() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_folder_goes_with_its_block(temporary: Path) -> None:
    """Also if the block fails."""

    def fail() -> None:
        with fresh_folder("test") as folder:
            (folder / "log").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert list(temporary.iterdir()) == []


def test_folder_of_a_process_that_is_gone_is_removed_by_the_next(
    temporary: Path, gone: int
) -> None:
    """A killed process leaves its folder; only the next start can clear it away."""
    stale = temporary / f"chaos-test-{gone}-abc"
    stale.mkdir()
    (stale / "log").touch()

    with fresh_folder("test"):
        assert not stale.exists()


def test_folders_of_others_are_left_alone(temporary: Path) -> None:
    """That of a process that lives, and whatever is not one of ours."""
    others = [temporary / f"chaos-test-{os.getppid()}-abc", temporary / "chaos-test-notes-abc"]
    for other in others:
        other.mkdir()

    with fresh_folder("test"):
        assert all(other.exists() for other in others)
