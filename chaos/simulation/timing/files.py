"""When a file was written, which the kernel notes by the real clock.

It cannot be given virtual times. So the times of a file that the run has written are marked as
real, and so are those that the clock of the run has not reached yet. They are good for whatever
does not ask how old a file is: which of two is newer, whether one has changed. Whoever compares
one with the clock of the run is found: it would be months off.
"""

from __future__ import annotations

import operator
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Any
from unittest import mock

from chaos.errors import SimulationError
from chaos.simulation.in_place import BuiltinMethods
from chaos.simulation.tasks.baton import is_in_a_run
from chaos.simulation.timing import real
from chaos.simulation.timing.clock import Clock

_COARSE_S = 0.05
"""Kernels note the time of a file to a tick of theirs, a little in the past."""

_UNITS = (1, 10**3, 10**6, 10**9)
_YEAR_S = 366 * 24 * 3600
_NEAR_S = 5 * _YEAR_S
"""How far a time of a file may be from now: a project is older than its last run."""
_LEAST_NS = 10**17
"""A smaller number is no time of these years in nanoseconds."""

_KEEPERS = frozenset(
    {"importlib._bootstrap_external", "_frozen_importlib_external", "tarfile", "zipfile"}
)
"""They keep the time of a file beside what is in it, as a whole number, and look at no clock."""

_TIMES = ("st_atime", "st_mtime", "st_ctime")
_IN_NUMBERS = frozenset({"st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size"})

# By name: a closure over one of these would be found, and replaced by what is made here.
_stat, _lstat, _fstat = os.stat, os.lstat, os.fstat
_entry_stat = vars(os.DirEntry)["stat"]
_fromtimestamp = vars(datetime)["fromtimestamp"]
_utcfromtimestamp = vars(datetime)["utcfromtimestamp"]


class FileTimes:
    """Marks the times of files that a run has written, and finds who mixes them with its clock.

    Args:
        clock: That of the runs.
        violation: Keeps an attempt that makes a run worthless.
    """

    here: FileTimes | None = None
    """Those of the simulation that is entered."""

    def __init__(self, clock: Clock, violation: Callable[[str], SimulationError]) -> None:
        self._clock = clock
        self._violation = violation
        self._since_s = 0.0

    def begin(self) -> None:
        """A run begins."""
        self._since_s = real.time_s() - _COARSE_S

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Mark them until the block is left."""
        dates: dict[str, Any] = {
            "fromtimestamp": classmethod(_date_of),
            "utcfromtimestamp": classmethod(_utc_date_of),
        }

        def stat_of_entry(self_: os.DirEntry[str], *, follow_symlinks: bool = True) -> Any:  # noqa: ANN401 - as the real one
            return self._marked(_entry_stat(self_, follow_symlinks=follow_symlinks))

        with (
            mock.patch.object(FileTimes, "here", self),
            BuiltinMethods(os.DirEntry, {"stat": stat_of_entry}),
            BuiltinMethods(datetime, dates),
        ):
            yield

    def substitutes(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """Real function to what takes its place."""

        def stat(*args: Any, **kwargs: Any) -> os.stat_result:  # noqa: ANN401 - as the real one
            return self._marked(_stat(*args, **kwargs))

        def lstat(*args: Any, **kwargs: Any) -> os.stat_result:  # noqa: ANN401 - the same
            return self._marked(_lstat(*args, **kwargs))

        def fstat(fd: int) -> os.stat_result:
            return self._marked(_fstat(fd))

        return {_stat: stat, _lstat: lstat, _fstat: fstat}

    def is_virtual(self, number: float, unit: int) -> bool:
        """Whether a number is most likely a reading of the virtual clock, now or a while ago."""
        if not is_in_a_run():
            return False
        off_s = abs(number / unit - self._clock.wall_datetime().timestamp())
        return off_s < min(_YEAR_S, abs(number / unit - real.time_s()))

    def mixed(self) -> SimulationError:
        """Keep that somebody has compared the two; returns the error to raise."""
        return self._violation(
            "the timestamp of a file was compared with the clock of the run; expected no such "
            "comparison, because file timestamps are real and the clock of the run is virtual; "
            "store the time in the file, or set it with os.utime"
        )

    def _marked(self, found: os.stat_result) -> os.stat_result:
        is_new = found.st_ctime >= self._since_s
        # Of a file that nobody has touched in the run, a time to come cannot be one of the run.
        since_s = self._since_s if is_new else self._clock.wall_s
        if max(found.st_ctime, found.st_mtime, found.st_atime) < since_s or not is_in_a_run():
            return found
        caller = sys._getframe(2)  # noqa: SLF001 - the public way collects the whole stack
        if caller.f_globals.get("__name__") in _KEEPERS:
            return found
        numbers = list(found[:10])
        # Without those that stand in the numbers: since Python 3.13 they may not be told twice.
        named = {
            name: getattr(found, name)
            for name in dir(found)
            if name.startswith("st_") and name not in _IN_NUMBERS
        }
        for place, name in enumerate(_TIMES, start=7):
            if named[name] >= since_s:
                numbers[place] = _marked(numbers[place], is_new=is_new)
                named[name] = _marked(named[name], is_new=is_new)
                named[f"{name}_ns"] = _marked(named[f"{name}_ns"], is_new=is_new)
        return os.stat_result(numbers, named)


def _operation(operate: Callable[[Any, Any], Any]) -> Any:  # noqa: ANN401 - a method like any of a number
    def method(self: Any, other: Any) -> Any:  # noqa: ANN401 - numbers of all kinds
        return _mixed(operate, self, other)

    return method


class _Marked:
    """A real time among virtual ones; with what arithmetic makes of it."""

    real: Any
    is_new = True
    """Whether it is of a file that the run has written."""

    __add__ = __radd__ = _operation(operator.add)
    __sub__ = _operation(operator.sub)
    __rsub__ = _operation(lambda mine, theirs: theirs - mine)
    __mul__ = __rmul__ = _operation(operator.mul)
    __truediv__ = _operation(operator.truediv)
    __floordiv__ = _operation(operator.floordiv)
    __lt__ = _operation(operator.lt)
    __le__ = _operation(operator.le)
    __gt__ = _operation(operator.gt)
    __ge__ = _operation(operator.ge)
    __round__: Any = lambda self, *digits: _marked(round(self.real, *digits), is_new=self.is_new)

    def __int__(self) -> int:
        # Nobody can see what becomes of the number. Of a file of the run, mostly somebody wants
        # its age in seconds; of older ones, a header or a name.
        if self.is_new and FileTimes.here is not None and is_in_a_run():
            raise FileTimes.here.mixed()
        return int(self.real)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self.real), (self.real,)


class _Float(_Marked, float):
    """One in seconds, with what comes behind the point."""


class _Int(_Marked, int):
    """One in nanoseconds, which a float is too short for."""


class _OldFloat(_Float):
    """The same, of a file that is older than the run."""

    is_new = False


class _OldInt(_Int):
    """The same."""

    is_new = False


def _of_dates(operate: Callable[[Any, Any], Any]) -> Any:  # noqa: ANN401 - a method like any of a date
    def method(self: datetime, other: Any) -> Any:  # noqa: ANN401 - a date, or a length of time
        here = FileTimes.here
        is_date = isinstance(other, datetime) and not isinstance(other, _Date)
        if is_date and here is not None and here.is_virtual(other.timestamp(), 1):
            raise here.mixed()
        return operate(self, other)

    return method


class _Date(datetime):
    """One as a date."""

    __sub__ = _of_dates(datetime.__sub__)
    __rsub__ = _of_dates(lambda mine, theirs: datetime.__sub__(theirs, mine))
    __lt__ = _of_dates(datetime.__lt__)
    __le__ = _of_dates(datetime.__le__)
    __gt__ = _of_dates(datetime.__gt__)
    __ge__ = _of_dates(datetime.__ge__)


def _date_of(cls: Any, seconds: float, tz: tzinfo | None = None) -> datetime:  # noqa: ANN401 - a kind of datetime
    kind = _Date if cls is datetime and isinstance(seconds, _Marked) else cls
    found: datetime = _fromtimestamp.__get__(None, kind)(getattr(seconds, "real", seconds), tz)
    return found


def _utc_date_of(cls: Any, seconds: float) -> datetime:  # noqa: ANN401 - a kind of datetime
    kind = _Date if cls is datetime and isinstance(seconds, _Marked) else cls
    found: datetime = _utcfromtimestamp.__get__(None, kind)(getattr(seconds, "real", seconds))
    return found


def _mixed(operate: Callable[[Any, Any], Any], mine: Any, other: Any) -> Any:  # noqa: ANN401 - numbers of all kinds
    here = FileTimes.here
    if isinstance(other, _Marked):
        return operate(mine.real, other.real)
    is_number = isinstance(other, int | float)
    if here is not None and is_number and here.is_virtual(other, _unit_of(mine.real) or 1):
        raise here.mixed()
    return _marked(operate(mine.real, other), is_new=mine.is_new)


def _marked(number: Any, *, is_new: bool) -> Any:  # noqa: ANN401 - as it came
    """The same, marked if it is still a time."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not _unit_of(number):
        return number
    # Seconds are floats even where they were whole: a float that meets an integer asks nobody.
    if isinstance(number, int) and number > _LEAST_NS:
        return _Int(number) if is_new else _OldInt(number)
    return _Float(number) if is_new else _OldFloat(number)


def _unit_of(number: float) -> int | None:
    """How many of it make a second, if it is a time of these days at all."""
    now_s = real.time_s()
    return next((each for each in _UNITS if abs(number / each - now_s) < _NEAR_S), None)
