"""Keeps every attempt to leave the simulated world.

Such an attempt raises where it is made, and is kept as a violation: a service that swallows the
error does not get away with it. A run with a violation proves nothing.
"""

from __future__ import annotations

import threading
from _thread import get_ident
from collections.abc import Callable, Iterable

from chaos.errors import ChaosError, SimulationError


class Guard:
    """Watches over one simulation.

    Attributes:
        unseen: Asked at the end of a run for attempts that nobody could raise an error at.
    """

    def __init__(self) -> None:
        self.unseen: Callable[[], Iterable[str]] = tuple
        self._violations: list[str] | None = None

    def watch(self, violations: list[str]) -> None:
        """A run begins; its violations are appended to the list."""
        self._violations = violations

    def relax(self) -> None:
        """The run is over."""
        for message in self.unseen():
            self.violation(message)
        self._violations = None

    def violation(self, message: str) -> SimulationError:
        """Keep ``message``, and return the error to raise."""
        if self._violations is not None:
            self._violations.append(message)
        return SimulationError(message)

    def foreign_thread(self, what: str) -> SimulationError:
        """Keep that the calling thread did ``what`` without being part of the run."""
        # Not current_thread(): for an unknown thread that would register a dummy.
        threads = {thread.ident: thread.name for thread in threading.enumerate()}
        name = threads.get(get_ident(), str(get_ident()))
        return self.violation(
            f"thread {name!r} {what}, but is not part of the simulation; expected only threads "
            "that were started during the run; start it during the run"
        )

    def broken_stand_in(self, upstream: str, error: Exception) -> SimulationError:
        """Keep that a stand-in failed; a service would take that for its provider's fault."""
        if isinstance(error, ChaosError):
            # It knows what it cannot do, and says so.
            return self.violation(str(error))
        return self.violation(
            f"the stand-in for {upstream} is broken: {type(error).__name__}: {error}; expected an "
            "answer; fix the stand-in, or the fault that changed its answer"
        )
