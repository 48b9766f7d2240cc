"""How far a suite has come, on a terminal: a line that moves, and is gone at the end."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console


class ProgressLine:
    """Counts what was played; nothing is shown where nobody watches.

    Args:
        console: Where results are printed, too: they appear above the line.
        total: How many there will be.
    """

    def __init__(self, console: Console, total: int) -> None:
        # Refreshed by us, not by a thread: a process that has threads cannot be forked.
        self._line = progress.Progress(
            progress.TextColumn("playing"),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[name]}", markup=False),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._is_shown = console.is_terminal
        self._task = self._line.add_task("", total=total, name="")

    def __enter__(self) -> Self:
        if self._is_shown:
            self._line.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # An older rich (13.9) ends a line that was never shown with an empty one.
        if self._is_shown:
            self._line.__exit__(exc_type, exc, traceback)

    def ended(self, name: str) -> None:
        """One more was played: this one."""
        self._line.update(self._task, advance=1, name=name, refresh=True)
