"""Writes the trace of a run: fills in position, time, actor and question of each event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaos.trace.events import Event
from chaos.trace.trace import Trace

Context = Callable[[], tuple[float, str, int | None] | None]
"""Tells virtual time in seconds, the actor, and the question being answered, right now.

None: whatever happens now is no part of the run.
"""


class TraceRecorder:
    """Appends events to a trace.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> recorder = TraceRecorder(lambda: (1.5, "user-1", 1))
        >>> recorder.record(WaitEvent, seconds=2.0)
        >>> recorder.trace[0].at_s
        1.5
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.trace = Trace()

    def record(self, kind: type[Event], /, **fields: Any) -> None:  # noqa: ANN401 - each kind's own
        """Add an event of ``kind``; ``actor`` and ``ask`` may be given to override."""
        context = self._context()
        if context is None:
            return
        at_s, actor, ask = context
        fields.setdefault("actor", actor)
        fields.setdefault("ask", ask)
        # Microseconds are what a frozen wall clock can tell apart; finer digits are float noise.
        self.trace.append(kind(seq=len(self.trace), at_s=round(at_s, 6), **fields))
