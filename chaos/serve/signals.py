"""What steps wait for that somebody outside has to do, and the word that they have done it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.errors import ChaosError
from chaos.serve.answers import Told

Read = Callable[[object], tuple[Told, ...]]
"""Makes answers of what was told, or raises a `ChaosError`."""


def nothing_to_tell(said: object) -> tuple[Told, ...]:
    """Of a step that asks nobody, there are no answers to tell."""
    raise ChaosError(f"this step asks no question; expected no answers, but got {said!r}")


@dataclass(eq=False, slots=True)
class _Waiting:
    what: str
    read: Read
    came: threading.Event = field(default_factory=threading.Event)
    told: tuple[Told, ...] | None = None


class Signals:
    """Steps that wait, oldest first, and the end of the run.

    Attributes:
        over: Set when the run is to end.

    Example:
        >>> signals = Signals()
        >>> waits = threading.Thread(target=signals.wait_for_one, args=["method[0] ask"])
        >>> waits.start()
        >>> signals.rest(5)
        ('method[0] ask',)
        >>> signals.give()
        True
        >>> waits.join()
        >>> signals.give()
        False
    """

    def __init__(self) -> None:
        self.over = threading.Event()
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._is_through = False

    @property
    def is_over(self) -> bool:
        """Whether the run is to end."""
        return self.over.is_set()

    @property
    def is_through(self) -> bool:
        """Whether there are no more steps."""
        return self._is_through

    @property
    def waiting(self) -> tuple[str, ...]:
        """What is waited for."""
        with self._changed:
            return tuple(each.what for each in self._waiting)

    def wait_for_one(self, what: str, read: Read = nothing_to_tell) -> tuple[Told, ...] | None:
        """Wait for a signal; what was told with it, or None if the run ended before it came.

        Args:
            what: What is waited for, in words.
            read: Makes answers of what comes with the signal.
        """
        waiting = _Waiting(what, read)
        with self._changed:
            if self.is_over:
                return None
            self._waiting.append(waiting)
            self._changed.notify_all()
        waiting.came.wait()
        return waiting.told

    def give(self, said: object = None) -> bool:
        """Let the step go on that has waited longest; False if none waits.

        Args:
            said: The answers that the step came to, as JSON; None tells nothing.

        Raises:
            ChaosError: Answers of that kind are not those of this step, which waits on.
        """
        with self._changed:
            if not self._waiting:
                return False
            waiting = self._waiting[0]
            waiting.told = () if said is None else waiting.read(said)
            self._waiting.popleft()
        waiting.came.set()
        return True

    def rest(self, timeout_s: float) -> tuple[str, ...]:
        """Wait until a step waits again, or all are through; what is waited for then."""
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self._waiting) or self._is_through or self.is_over, timeout_s
            )
        return self.waiting

    def through(self) -> None:
        """There are no more steps."""
        with self._changed:
            self._is_through = True
            self._changed.notify_all()

    def end(self) -> None:
        """The run is to end; nobody waits any more."""
        with self._changed:
            self.over.set()
            for waiting in self._waiting:
                waiting.came.set()
            self._waiting.clear()
            self._changed.notify_all()
