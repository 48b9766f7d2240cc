"""Sees which files were saved since it last looked.

Looking costs a millisecond or two, so it is done often: a library that listens to
the system would bring threads, and a real clock, into a process whose clock stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from chaos.errors import ChaosError
from chaos.processes.sources import loaded_sources
from chaos.scenario.suite import find

Stamp = tuple[int, int]
"""When a file was written, and its size."""


class Watcher:
    """Compares the scenario files at some paths, and the code behind them, with what they were.

    Args:
        paths: Scenario files, and folders of them; new files in these count as saved.
        sources: Tells the files of code that matter.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     watcher = Watcher([Path(folder)], sources=list)
        ...     _ = Path(folder, "new.yaml").write_text("hypothesis: It holds.")
        ...     [path.name for path in watcher.saved()], watcher.saved()
        (['new.yaml'], [])
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        sources: Callable[[], Iterable[Path]] = loaded_sources,
    ) -> None:
        self._paths = paths
        self._scenarios = _stamps(self._found())
        self._sources = _stamps(sources())

    def saved(self) -> list[Path]:
        """The scenario files that are new or changed since the last call."""
        now = _stamps(self._found())
        changed = [path for path, stamp in now.items() if self._scenarios.get(path) != stamp]
        self._scenarios = now
        return changed

    def is_code_changed(self) -> bool:
        """Whether any code that was imported is not what it was; then only a new process helps."""
        return _stamps(self._sources) != self._sources

    def _found(self) -> list[Path]:
        try:
            return find(self._paths)
        except ChaosError:
            # An editor may replace a file by removing it first; it will be back.
            return []


def _stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    stamps = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue  # Gone; if it comes back it is new.
        stamps[path] = (status.st_mtime_ns, status.st_size)
    return stamps
