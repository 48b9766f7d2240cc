"""The source files behind what this process has imported: somebody may be editing them."""

from __future__ import annotations

import sys
from pathlib import Path


def loaded_sources() -> list[Path]:
    """The Python files below the current folder that this process has imported.

    What is installed is left out: nobody edits that.
    """
    here = Path.cwd()
    files = (getattr(module, "__file__", None) for module in tuple(sys.modules.values()))
    found = {Path(file) for file in files if isinstance(file, str)}
    return sorted(
        path for path in found if path.is_relative_to(here) and "site-packages" not in path.parts
    )


def saved_since(began_s: float) -> list[Path]:
    """Those of `loaded_sources` that were written after ``began_s``, or are gone.

    Whatever was found out meanwhile is true of no code that anybody can look at: parts of it may
    have been imported before, others after, and a mistake made on purpose may be mended again.

    Args:
        began_s: A ``time.time()`` value, at which nothing of interest was imported yet.
    """
    return [
        path for path in loaded_sources() if path not in _WRITTEN and not _is_older(path, began_s)
    ]


_WRITTEN: set[Path] = set()


def written(path: Path) -> None:
    """Note a source that a command has just written itself, before it is imported."""
    _WRITTEN.add(path.resolve())


def _is_older(path: Path, began_s: float) -> bool:
    try:
        return path.stat().st_mtime <= began_s
    except OSError:
        return False
