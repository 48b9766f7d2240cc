"""What takes the place of the functions of `time`, for whoever is part of a run.

Everybody else keeps the real clock: the test runner, threads that belong to no run, and code that
still holds one of these functions when the simulation has long been left.
"""

from __future__ import annotations

import operator
import time
from _thread import get_ident
from collections.abc import Callable, Mapping
from typing import Any

from chaos.simulation.tasks.baton import baton
from chaos.simulation.tasks.task import leave_if_left_behind
from chaos.simulation.timing import real
from chaos.simulation.timing.clock import Clock

_LONGEST_SLEEP_S = 9_000_000_000.0
"""About what a sleep takes at most, which is counted in nanoseconds."""


def clock_functions(clock: Clock) -> dict[Callable[..., Any], Callable[..., Any]]:
    """Substitutes that show what ``clock`` shows."""
    ours = baton

    def monotonic() -> float:
        return clock.monotonic() if ours.ident == get_ident() else real.monotonic()

    def monotonic_ns() -> int:
        return clock.monotonic_ns() if ours.ident == get_ident() else real.monotonic_ns()

    def perf_counter() -> float:
        return clock.monotonic() if ours.ident == get_ident() else real.perf_counter()

    def perf_counter_ns() -> int:
        return clock.monotonic_ns() if ours.ident == get_ident() else real.perf_counter_ns()

    def time_() -> float:
        return clock.wall() if ours.ident == get_ident() else real.time_s()

    def time_ns() -> int:
        return clock.wall_ns() if ours.ident == get_ident() else real.time_ns()

    functions: dict[str, Callable[..., Any]] = {
        each.__name__: each
        for each in (monotonic, monotonic_ns, perf_counter, perf_counter_ns, time_ns)
    }
    functions["time"] = time_
    functions |= _dates(clock)
    functions |= _clocks_by_number(functions)
    functions |= _processor_clocks()
    for name, function in functions.items():
        function.__name__ = function.__qualname__ = name
        function.__module__ = "time"
    # Not from `time` itself, where there may be substitutes at this moment.
    return {real.ORIGINALS[name]: function for name, function in functions.items()}


def _dates(clock: Clock) -> dict[str, Callable[..., Any]]:
    """What shows now as a date, if it is not told another moment."""
    ours = baton

    def now_unless(seconds: float | None) -> float | None:
        is_now = seconds is None and ours.ident == get_ident()
        return clock.wall() if is_now else seconds

    def localtime(seconds: float | None = None, /) -> time.struct_time:
        return real.localtime(now_unless(seconds))

    def gmtime(seconds: float | None = None, /) -> time.struct_time:
        return real.gmtime(now_unless(seconds))

    def ctime(seconds: float | None = None, /) -> str:
        return real.ctime(now_unless(seconds))

    def strftime(format: str, /, *when: Any) -> str:  # noqa: A002, ANN401 - time's own
        return real.strftime(format, *(when or (localtime(),)))

    def asctime(*when: Any) -> str:  # noqa: ANN401 - time's own
        return real.asctime(*(when or (localtime(),)))

    return {each.__name__: each for each in (localtime, gmtime, ctime, strftime, asctime)}


def sleeping(sleep: Callable[[float], None]) -> Callable[[float], None]:
    """``time.sleep`` for whoever is part of a run: it refuses what the real one refuses.

    Args:
        sleep: Lets virtual time pass.
    """
    ours = baton

    def sleep_(seconds: float, /) -> None:
        if ours.ident != get_ident():
            leave_if_left_behind()
            real.sleep(seconds)
            return
        sleep(as_seconds(seconds, real.sleep, _LONGEST_SLEEP_S))

    sleep_.__name__ = sleep_.__qualname__ = "sleep"
    sleep_.__module__ = "time"
    return sleep_


def as_seconds(value: object, refuse: Callable[[Any], object], longest_s: float) -> float:
    """A length of time, as the interpreter reads one.

    Args:
        value: A float, or anything that can stand for an integer.
        refuse: The real function. It is called with what cannot be such a length, so that it
            raises what it raises, in its own words.
        longest_s: About the longest it takes.

    Example:
        >>> as_seconds(True, time.sleep, 9.0)
        1.0
        >>> as_seconds("5", time.sleep, 9.0)
        Traceback (most recent call last):
        TypeError: 'str' object cannot be interpreted as an integer
    """
    if not isinstance(value, float):
        try:
            value = float(operator.index(value))  # type: ignore[arg-type]  # if not, it raises
        except (TypeError, OverflowError):
            refuse(value)
            raise
    if not 0 <= value < longest_s:
        refuse(value)
    return value


def _clocks_by_number(
    functions: Mapping[str, Callable[..., Any]],
) -> dict[str, Callable[..., Any]]:
    """``clock_gettime`` and its sister, where the system has them."""
    if real.clock_gettime is None or real.clock_gettime_ns is None:
        return {}
    by_number = {
        number: name
        for name, clocks in {
            "time": ("CLOCK_REALTIME", "CLOCK_TAI", "CLOCK_REALTIME_COARSE"),
            "monotonic": (
                *("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_MONOTONIC_COARSE"),
                *("CLOCK_BOOTTIME", "CLOCK_UPTIME", "CLOCK_UPTIME_RAW", "CLOCK_HIGHRES"),
            ),
        }.items()
        for clock in clocks
        if (number := getattr(time, clock, None)) is not None
    }
    ours = baton

    def clock_gettime(number: int, /) -> float:
        # Raises if that is no clock.
        there: float = real.clock_gettime(number)  # type: ignore[misc]  # it is there
        if ours.ident != get_ident():
            return there
        name = by_number.get(number)
        return float(functions[name]()) if name else 0.0

    def clock_gettime_ns(number: int, /) -> int:
        there: int = real.clock_gettime_ns(number)  # type: ignore[misc]  # the same
        if ours.ident != get_ident():
            return there
        name = by_number.get(number)
        return int(functions[f"{name}_ns"]()) if name else 0

    return {"clock_gettime": clock_gettime, "clock_gettime_ns": clock_gettime_ns}


def _processor_clocks() -> dict[str, Callable[..., Any]]:
    """Clocks of computing, which takes no time in a run: they stand still."""
    ours = baton

    def standing(name: str, nothing: float) -> Callable[[], Any]:
        return lambda: nothing if ours.ident == get_ident() else getattr(real, name)()

    return {
        name: standing(name, 0 if name.endswith("_ns") else 0.0)
        for name in ("process_time", "process_time_ns", "thread_time", "thread_time_ns")
        if getattr(real, name) is not None
    }
