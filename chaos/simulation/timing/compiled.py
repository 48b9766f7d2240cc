"""Clocks that compiled libraries read by themselves, past everything that Python has.

On Linux, such a library is led to functions of ours where it keeps the addresses of those of the C
library. They show virtual time to whoever is part of a run, and the real one to everybody else.
"""

from __future__ import annotations

import ctypes
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from chaos.simulation.tasks.baton import baton
from chaos.simulation.timing.clock import TICKS_PER_S, Clock
from chaos.simulation.timing.imported import can_exchange, exchange, places_of
from chaos.simulation.when_loaded import when_loaded

_LIBRARIES = (
    "numpy._core._multiarray_umath",  # datetime64("now"), "today"
    "numpy.core._multiarray_umath",  # the same, before numpy 2
    "pydantic_core._pydantic_core",  # PastDatetime, FutureDate and their kin
    "_pydantic_core",
    "duckdb.duckdb",  # now()
    "_duckdb",
    "uuid_utils._uuid_utils",  # uuid1, uuid6, uuid7
)
"""Those that are known to tell somebody the time. Others read it for their own statistics, in
threads that know nothing of Python, and must not be made to wait for it."""

_NS_PER_S, _NS_PER_US = 1_000_000_000, 1_000
_WALL = frozenset({0, 5, 11})
"""``CLOCK_REALTIME``, its coarse sister, and ``CLOCK_TAI``, as Linux numbers them."""

_MONOTONIC = frozenset({1, 4, 6, 7})
"""``CLOCK_MONOTONIC``, its raw and coarse sisters, and ``CLOCK_BOOTTIME``."""

_GET_TIME = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_GET_TIME_OF_DAY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_TIME = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)
_NOW = ctypes.CFUNCTYPE(ctypes.c_int64)
_CPP_WALL = "_ZNSt6chrono3_V212system_clock3nowEv"
_CPP_MONOTONIC = "_ZNSt6chrono3_V212steady_clock3nowEv"


class _Pair(ctypes.Structure):
    """``timespec``, or ``timeval``."""

    _fields_ = (("seconds", ctypes.c_long), ("rest", ctypes.c_long))


@contextmanager
def virtual_clocks(clock: Clock) -> Iterator[None]:
    """Let known libraries show what ``clock`` shows, whenever they are loaded, while entered."""
    if not can_exchange():
        yield
        return
    functions = _Clocks(clock).by_name()
    before: dict[int, int] = {}

    def lead(module: ModuleType) -> None:
        path = getattr(module, "__file__", None)
        if path is None:
            return
        # Where the system does not allow it, that library keeps its clock, as elsewhere.
        with suppress(OSError, KeyError):
            found = {
                place: ctypes.cast(functions[name], ctypes.c_void_p).value or 0
                for name, places in places_of(path, functions).items()
                for place in places
            }
            for place, address in exchange(found).items():
                before.setdefault(place, address)

    try:
        with when_loaded(dict.fromkeys(_LIBRARIES, lead)):
            yield
    finally:
        exchange(before)


class _Clocks:
    """What takes the place of the clocks of the C library, and of C++.

    Nobody may take turns in these, and so they do not count as a look at the clock.
    """

    def __init__(self, clock: Clock) -> None:
        libc = ctypes.CDLL(None)
        self._clock = clock
        self._get_time = _GET_TIME(("clock_gettime", libc))
        self._get_time_of_day = _GET_TIME_OF_DAY(("gettimeofday", libc))

    def by_name(self) -> dict[str, Any]:
        """Each of them, as C calls it."""
        return {
            "clock_gettime": _GET_TIME(self.get_time),
            "gettimeofday": _GET_TIME_OF_DAY(self.get_time_of_day),
            "time": _TIME(self.time),
            _CPP_WALL: _NOW(self.wall_ns),
            _CPP_MONOTONIC: _NOW(self.monotonic_ns),
        }

    def get_time(self, number: int, to: int | None) -> int:
        """``clock_gettime``."""
        if number in _WALL:
            _put(to, self.wall_ns(), 1)
        elif number in _MONOTONIC:
            _put(to, self.monotonic_ns(), 1)
        else:
            return int(self._get_time(number, to))
        return 0

    def get_time_of_day(self, to: int | None, zone: int | None) -> int:
        """``gettimeofday``."""
        if not _is_ours():
            return int(self._get_time_of_day(to, zone))
        _put(to, self.wall_ns(), _NS_PER_US)
        return 0

    def time(self, to: int | None) -> int:
        """``time``."""
        seconds = self.wall_ns() // _NS_PER_S
        if to:
            ctypes.c_long.from_address(to).value = seconds
        return seconds

    def wall_ns(self) -> int:
        """``std::chrono::system_clock::now``."""
        return _ns(self._clock.wall_s) if _is_ours() else self._real_ns(0)

    def monotonic_ns(self) -> int:
        """``std::chrono::steady_clock::now``."""
        return _ns(self._clock.monotonic_s) if _is_ours() else self._real_ns(1)

    def _real_ns(self, number: int) -> int:
        pair = _Pair()
        self._get_time(number, ctypes.addressof(pair))
        return int(pair.seconds * _NS_PER_S + pair.rest)


def _is_ours() -> bool:
    return baton.ident == get_ident()


def _ns(seconds: float) -> int:
    # Every tick is a float without error.
    return int(seconds * TICKS_PER_S) * _NS_PER_S // TICKS_PER_S


def _put(to: int | None, nanoseconds: int, unit: int) -> None:
    if to:
        pair = _Pair.from_address(to)
        pair.seconds, rest = divmod(nanoseconds, _NS_PER_S)
        pair.rest = rest // unit
