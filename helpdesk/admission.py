"""How many questions are under way at once.

A service that takes every question answers none in time once there are more than it can carry.
Beyond a bound, a question is refused at once and told when to come back.
"""

from __future__ import annotations

import math
import threading
import time
from types import TracebackType
from typing import Self

from helpdesk.errors import OverloadedError
from helpdesk.settings import LimitSettings

_SOONEST_S, _LATEST_S = 1.0, 30.0
"""Bounds of the time that a refused question is told to come back after."""

_MEMORY = 0.9
"""How much of the mean time of an answer is kept with each further answer."""


class Ticket:
    """A question that was admitted; its place is given back when its context ends.

    Attributes:
        arrived_s: A ``time.monotonic()`` value; the deadline counts from here, however long the
            question then waits for a thread.
    """

    __slots__ = ("_admission", "_is_over", "arrived_s")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._is_over = False
        self.arrived_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.over()

    def over(self) -> None:
        """Give the place back; doing so again changes nothing."""
        if not self._is_over:
            self._is_over = True
            self._admission._leave(time.monotonic() - self.arrived_s)  # noqa: SLF001 - one subject


class Admission:
    """Counts questions in and out; safe to share between threads.

    Args:
        options: How many may be under way.

    Example:
        >>> admission = Admission(LimitSettings(max_questions=1))
        >>> with admission.admit():
        ...     admission.admit()
        Traceback (most recent call last):
          ...
        helpdesk.errors.OverloadedError: 1 question is in progress, ...; ask again in 1 seconds
        >>> admission.under_way, admission.refused
        (0, 1)
    """

    def __init__(self, options: LimitSettings) -> None:
        self.most = options.max_questions
        # Guards what follows, for an instant at a time.
        self._lock = threading.Lock()
        self._under_way = 0
        self._refused = 0
        self._mean_s = 0.0

    @property
    def under_way(self) -> int:
        """Questions that were admitted and have no answer yet."""
        with self._lock:
            return self._under_way

    @property
    def refused(self) -> int:
        """Questions refused since the start."""
        with self._lock:
            return self._refused

    def admit(self) -> Ticket:
        """Take a question in; it takes no time.

        Raises:
            OverloadedError: So many are under way that no more are taken.
        """
        with self._lock:
            if self._under_way < self.most:
                self._under_way += 1
                return Ticket(self)
            self._refused += 1
            # A question that is under way has half of its time behind it, on average.
            retry_after_s = min(_LATEST_S, max(_SOONEST_S, math.ceil(self._mean_s / 2)))
        raise OverloadedError(self.most, retry_after_s=retry_after_s)

    def _leave(self, took_s: float) -> None:
        with self._lock:
            self._under_way -= 1
            self._mean_s = _MEMORY * self._mean_s + (1 - _MEMORY) * took_s
