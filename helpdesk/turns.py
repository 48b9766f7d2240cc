"""Turns with the model: so many questions at once, the others wait, first come first served."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk.errors import ChatError
from helpdesk.settings import LimitSettings


class Turns:
    """Gives turns; safe to share between threads.

    Without a bound, a slow model would take every thread and every connection there is. Without
    an order, those who came last could be served first, and some never.

    Args:
        options: How many turns there are, and how long somebody waits for one.

    Example:
        >>> turns = Turns(LimitSettings(max_calls=2))
        >>> with turns.turn(time.monotonic() + 5):
        ...     turns.taken, turns.waiting
        (1, 0)
    """

    def __init__(self, options: LimitSettings) -> None:
        self._most = options.max_calls
        self._patience_s = options.max_wait.total_seconds()
        # Guards the two below, for an instant at a time; never held while somebody waits.
        self._lock = threading.Lock()
        self._free = options.max_calls
        self._waiting: deque[threading.Event] = deque()

    @property
    def taken(self) -> int:
        """Turns that are taken now."""
        with self._lock:
            return self._most - self._free

    @property
    def waiting(self) -> int:
        """How many wait for a turn now."""
        with self._lock:
            return len(self._waiting)

    @contextmanager
    def turn(self, deadline: float) -> Iterator[None]:
        """Have a turn for as long as the context lasts; wait for it, if all are taken.

        Args:
            deadline: A ``time.monotonic()`` value; nobody waits beyond it.

        Raises:
            ChatError: The turn did not come in time.
        """
        if not self._take(deadline):
            raise ChatError(
                "no turn with the language model came in time",
                reason="overloaded",
                retryable=False,
                counts=False,
            )
        try:
            yield
        finally:
            self._give()

    def _take(self, deadline: float) -> bool:
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            mine.wait(max(0.0, min(self._patience_s, deadline - time.monotonic())))
        except BaseException:
            # Ctrl-C: a turn handed to somebody who is gone would be lost for ever.
            if not self._step_out(mine):
                self._give()
            raise
        return not self._step_out(mine)

    def _step_out(self, mine: threading.Event) -> bool:
        """Wait no longer; False if the turn has come meanwhile."""
        with self._lock:
            if mine.is_set():
                return False
            self._waiting.remove(mine)
            return True

    def _give(self) -> None:
        with self._lock:
            # Handed on under the lock, so that nobody who comes now overtakes who has waited.
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
