"""Virtual time: it stands still until someone sleeps.

freezegun replaces the time functions of every loaded module, once. Behind them runs a count of
ticks, so that a new run costs microseconds instead of a new freeze.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from unittest import mock

import freezegun
import freezegun.api

from chaos.errors import SimulationError

START = datetime(2026, 1, 1, tzinfo=UTC)
"""What the wall clock shows when a run begins."""

TICKS_PER_S = 1 << 20
"""A power of two, so that every instant is a float without rounding error."""

_BASE_TICKS = 1000 * TICKS_PER_S
_NS_PER_S = 1_000_000_000
_US_PER_S = 1_000_000


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
    """The clock of one process; freezes time while entered.

    After ``advance(to_ticks(d))``, ``time.monotonic()`` has grown by at least ``d``, always: a
    deadline that was slept for has passed. The wall clock shows the same time in microseconds,
    plus whatever `step_wall` added. The ``_ns`` functions round down.

    Example:
        >>> import time
        >>> with Clock() as clock:
        ...     began_s = time.monotonic()
        ...     clock.advance(to_ticks(0.3))
        ...     time.monotonic() - began_s >= 0.3
        True
    """

    def __init__(self) -> None:
        self.ticks = 0
        self._wall_offset = timedelta()
        self._frozen: freezegun.api.FrozenDateTimeFactory | None = None
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Freeze.

        Raises:
            SimulationError: Someone else has frozen time already.
        """
        if freezegun.api.freeze_factories:
            raise SimulationError(
                "time is frozen already; expected a real clock; enter the simulation outside "
                "freeze_time"
            )
        with ExitStack() as undo:
            # pytest keeps its own, real clock; otherwise its durations would be nonsense.
            frozen = undo.enter_context(freezegun.freeze_time(START, ignore=["_pytest."]))
            assert isinstance(frozen, freezegun.api.FrozenDateTimeFactory)
            # With its usual limit freezegun looks at the call stack, and gives real time to
            # whatever was called from `threading` less than five frames ago: a user's thread.
            # It comes after the freeze to be undone before it: thawing looks into every module,
            # some of which import others at that moment, and those want a time that is there.
            undo.enter_context(mock.patch.object(freezegun.api, "call_stack_inspection_limit", 0))
            for name, function in (
                ("_get_fake_monotonic", self.monotonic),
                ("_get_fake_monotonic_ns", self._monotonic_ns),
            ):
                undo.enter_context(mock.patch.object(freezegun.api, name, function))
            self._frozen = frozen
            self._undo = undo.pop_all()
        self.reset()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._frozen = None
        self._undo.close()

    @property
    def now_s(self) -> float:
        """Virtual seconds since the run began."""
        return self.ticks / TICKS_PER_S

    def monotonic(self) -> float:
        """What ``time.monotonic()`` shows."""
        return (_BASE_TICKS + self.ticks) / TICKS_PER_S

    def reset(self) -> None:
        """Go back to the beginning, for a new run."""
        self._wall_offset = timedelta()
        self.advance_to(0)

    def advance(self, ticks: int) -> None:
        """Let time pass."""
        self.advance_to(self.ticks + ticks)

    def advance_to(self, ticks: int) -> None:
        """Let time pass until this many ticks after the beginning of the run."""
        self.ticks = ticks
        self._set_wall()

    def step_wall(self, seconds: float) -> None:
        """Make the wall clock jump, as after a time correction; monotonic time goes on."""
        self._wall_offset += timedelta(seconds=seconds)
        self._set_wall()

    def _set_wall(self) -> None:
        if self._frozen is not None:
            elapsed = timedelta(microseconds=self.ticks * _US_PER_S / TICKS_PER_S)
            wall = START + elapsed + self._wall_offset
            self._frozen.time_to_freeze = wall.replace(tzinfo=None)

    def _monotonic_ns(self) -> int:
        return (_BASE_TICKS + self.ticks) * _NS_PER_S // TICKS_PER_S
