"""A folder for the files of one server, and what killed processes have left of theirs."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "chaos-toxiproxy-"
"""What the names of these folders begin with; the id of the process comes next."""


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder that is gone after the block.

    A process that is killed cannot remove its own; whoever comes next does it instead.
    """
    _remove_stale()
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _remove_stale() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner, _, _ = folder.name.removeprefix(PREFIX).partition("-")
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
