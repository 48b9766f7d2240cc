"""A circuit breaker of the simplest kind."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

FAILURES = 5
"""Failures in a row that open it."""

PERIOD_S = 60.0
"""How long it then refuses, before whoever comes next is a trial."""


class OpenError(Exception):
    """The call was not made: too many before it have failed."""


class SimpleBreaker:
    """Counts failures in a row, then refuses for a while.

    It has neither a lock nor a limit on trials, as such classes often have not.

    Args:
        on_change: Told of each change of state: the old one, and the new one.

    Example:
        >>> breaker = SimpleBreaker(lambda old, new: print(old, "->", new))
        >>> breaker.call(lambda: "fine")
        'fine'
        >>> for _ in range(5):
        ...     try:
        ...         breaker.call(lambda: 1 / 0)
        ...     except ZeroDivisionError:
        ...         pass
        closed -> open
    """

    def __init__(self, on_change: Callable[[str, str], None]) -> None:
        self._on_change = on_change
        self._failures = 0
        self._state = "closed"
        self._opened_s = 0.0

    def call(self, function: Callable[[], T]) -> T:
        """What the function returns.

        Raises:
            OpenError: It was not called.
        """
        if self._state == "open":
            if time.monotonic() - self._opened_s < PERIOD_S:
                raise OpenError
            self._change("half_open")
        try:
            result = function()
        except Exception:
            self._failures += 1
            if self._failures >= FAILURES:
                self._opened_s = time.monotonic()
                self._change("open")
            raise
        self._failures = 0
        self._change("closed")
        return result

    def _change(self, state: str) -> None:
        if state != self._state:
            self._on_change(self._state, state)
            self._state = state
