"""Virtual time: it stands still until someone sleeps."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)
"""What the wall clock shows when a run begins."""

TICKS_PER_S = 1 << 20
"""A power of two, so that every instant is a float without rounding error."""

_START_S = int(START.timestamp())
_BASE_TICKS = 1000 * TICKS_PER_S
_NS_PER_S = 1_000_000_000
_MANY_LOOKS = 50_000
"""So many would take some milliseconds in reality."""
_A_FEW_LOOKS = 1000


def to_ticks(seconds: float) -> int:
    """The least number of ticks that is not shorter than ``seconds``.

    Raises:
        ValueError: ``seconds`` is negative or not a number, in the words of ``time.sleep``.
        OverflowError: ``seconds`` is infinite.

    Example:
        >>> to_ticks(1.0) == TICKS_PER_S
        True
        >>> to_ticks(0.1) / TICKS_PER_S >= 0.1
        True
    """
    seconds = float(seconds)
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if math.isnan(seconds):
        raise ValueError("Invalid value NaN (not a number)")
    # Exact: multiplying by a power of two only moves the exponent.
    return math.ceil(seconds * TICKS_PER_S)


class Clock:
    """Counts ticks, from the beginning of a run.

    After ``advance(to_ticks(d))``, `monotonic` has grown by at least ``d``, always: a deadline
    that was slept for has passed. The wall clock shows the same time, plus whatever `step_wall`
    added. The ``_ns`` functions round down.

    Attributes:
        ticks: Since the run began.
        on_spin: Called when somebody has looked at the clock so often at one instant that they
            must be waiting for it to move on.

    Example:
        >>> clock = Clock()
        >>> began_s = clock.monotonic()
        >>> clock.advance(to_ticks(0.3))
        >>> clock.monotonic() - began_s >= 0.3
        True
    """

    def __init__(self) -> None:
        self.ticks = 0
        self.on_spin: Callable[[], None] = lambda: None
        self._wall_offset_ticks = 0
        self._looks = 0

    @property
    def now_s(self) -> float:
        """Virtual seconds since the run began."""
        return self.ticks / TICKS_PER_S

    def monotonic(self) -> float:
        """What ``time.monotonic()`` shows."""
        self.look()
        return (_BASE_TICKS + self.ticks) / TICKS_PER_S

    def monotonic_ns(self) -> int:
        """What ``time.monotonic_ns()`` shows."""
        self.look()
        return (_BASE_TICKS + self.ticks) * _NS_PER_S // TICKS_PER_S

    @property
    def wall_s(self) -> float:
        """The same as `wall`, for the harness itself: nobody has looked."""
        return _START_S + (self.ticks + self._wall_offset_ticks) / TICKS_PER_S

    @property
    def monotonic_s(self) -> float:
        """The same as `monotonic`, for the harness itself: nobody has looked."""
        return (_BASE_TICKS + self.ticks) / TICKS_PER_S

    def wall(self) -> float:
        """What ``time.time()`` shows."""
        self.look()
        return self.wall_s

    def wall_ns(self) -> int:
        """What ``time.time_ns()`` shows."""
        self.look()
        ticks = self.ticks + self._wall_offset_ticks
        return _START_S * _NS_PER_S + ticks * _NS_PER_S // TICKS_PER_S

    def wall_datetime(self) -> datetime:
        """The same as a date in UTC, to the microsecond."""
        self.look()
        return START + timedelta(seconds=(self.ticks + self._wall_offset_ticks) / TICKS_PER_S)

    def reset(self) -> None:
        """Go back to the beginning, for a new run."""
        self.ticks = self._wall_offset_ticks = self._looks = 0

    def look(self, times: int = 1) -> None:
        """Note that somebody looks what time it is, or whether something has come."""
        self._looks += times
        if self._looks > _MANY_LOOKS:
            self._looks = 0
            self.on_spin()
            # Whoever has spun so long is believed sooner the next time.
            self._looks = _MANY_LOOKS - _A_FEW_LOOKS

    def moved(self) -> None:
        """Note that something has happened, although no time has passed."""
        self._looks = 0

    def advance(self, ticks: int) -> None:
        """Let time pass."""
        self.ticks += ticks
        self._looks = 0

    def advance_to(self, ticks: int) -> None:
        """Let time pass until this many ticks after the beginning of the run."""
        self.ticks = ticks
        self._looks = 0

    def step_wall(self, seconds: float) -> None:
        """Make the wall clock jump, as after a time correction; monotonic time goes on."""
        self._wall_offset_ticks += round(seconds * TICKS_PER_S)
