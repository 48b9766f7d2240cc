"""Folders that last as long as a run or a server, and those that killed processes have left."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path


@contextmanager
def fresh_folder(what: str, parent: Path | None = None) -> Iterator[Path]:
    """A folder that is gone after the block.

    A process that is killed cannot remove its own; whoever makes one of that kind in the same
    place next does it instead.

    Args:
        what: What it is for, in one word; part of its name, as is the id of this process.
        parent: Where it lies; by default where temporary files are.

    Example:
        >>> with fresh_folder("example") as folder:
        ...     folder.is_dir()
        True
        >>> folder.exists()
        False
    """
    place, prefix = parent or Path(tempfile.gettempdir()), f"chaos-{what}-"
    _remove_stale(place, prefix)
    with tempfile.TemporaryDirectory(prefix=f"{prefix}{os.getpid()}-", dir=place) as folder:
        yield Path(folder)


@cache
def _remove_stale(place: Path, prefix: str) -> None:
    """Done once in a process: an exploration makes thousands of folders."""
    for folder in place.glob(f"{prefix}*-*"):
        owner, _, _ = folder.name.removeprefix(prefix).partition("-")
        if owner.isdecimal() and not _is_alive(int(owner)):
            # Another process may be doing the same, and some folders are another user's.
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # To ask there is to kill.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # It is somebody else's, or no process of this system.
    return True
