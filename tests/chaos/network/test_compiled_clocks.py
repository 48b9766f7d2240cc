"""Clocks that compiled libraries read by themselves."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import resource
import sys
import time

import numpy as np
import pytest
from pydantic import BaseModel, FutureDatetime, PastDate, PastDatetime, ValidationError

from chaos.simulation.tasks.baton import outside
from chaos.simulation.timing import compiled
from chaos.simulation.timing.clock import START, Clock
from chaos.simulation.timing.imported import can_exchange
from chaos.testing import SimulatedWorld

START_S = START.timestamp()

pytestmark = pytest.mark.skipif(not can_exchange(), reason="only the tables of Linux are known")


class Booking(BaseModel):
    """A model that is older than the run."""

    made: PastDatetime | None = None
    due: FutureDatetime | None = None
    day: PastDate | None = None


def takes(**fields: object) -> bool:
    """Whether a booking may be like this."""
    try:
        Booking.model_validate(fields)
    except ValidationError:
        return False
    return True


def test_pydantic_knows_virtual_time() -> None:
    """What is past and what is to come is reckoned from the clock of the run."""

    def ask() -> list[bool]:
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
        before = [takes(made=soon), takes(due=soon), takes(day=soon.date())]
        time.sleep(48 * 3600)
        return [*before, takes(made=soon), takes(due=soon), takes(day=soon.date())]

    with SimulatedWorld() as world:
        (found,) = world.users(1, ask)

    assert found == [False, True, False, True, False, True]


def test_pydantic_has_the_real_time_elsewhere() -> None:
    """In whoever is no part of the run, and when it is over."""
    really = dt.datetime.fromtimestamp(time.time(), dt.UTC)
    fields = {"made": really - dt.timedelta(hours=1), "due": really + dt.timedelta(hours=1)}

    with SimulatedWorld() as world:
        world.users(1, lambda: None)
        with outside():
            assert takes(**fields)

    assert takes(**fields)


def test_numpy_knows_virtual_time() -> None:
    """Also where nobody has asked Python."""

    def ask() -> tuple[str, str]:
        time.sleep(90)
        return str(np.datetime64("now")), str(np.datetime64("today"))

    with SimulatedWorld() as world:
        (told,) = world.users(1, ask)

    assert told == ("2026-01-01T00:01:30", "2026-01-01")
    assert abs(int(np.datetime64("now").astype(int)) - time.time()) < 60


def test_a_library_that_is_loaded_in_the_run_is_led_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found by its name when it comes."""
    led: list[str] = []
    monkeypatch.setattr(compiled, "_LIBRARIES", ("_chaos_not_there", "colorsys"))

    def note(path: str, names: object) -> dict[str, tuple[int, ...]]:
        assert names
        led.append(path)
        return {}

    monkeypatch.setattr(compiled, "places_of", note)
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)

    with SimulatedWorld() as world:
        world.users(1, lambda: __import__("colorsys"))

    assert len(led) == 1
    assert led[0].endswith("colorsys.py")


def test_a_library_that_cannot_be_led_keeps_its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing breaks."""

    def refuse(path: str, names: object) -> dict[str, tuple[int, ...]]:
        raise OSError(f"{path} and {names}")

    monkeypatch.setattr(compiled, "places_of", refuse)

    with SimulatedWorld() as world:
        assert world.users(1, lambda: 7) == [7]


class _Pair(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("rest", ctypes.c_long))


def _called(name: str, *arguments: object) -> tuple[int, int, int]:
    """What a clock returns, and what it writes."""
    clock = Clock()
    clock.advance(3 << 19)  # One second and a half.
    pair = _Pair()
    function = compiled._Clocks(clock).by_name()[name]
    returned = function(*[ctypes.addressof(pair) if each is _Pair else each for each in arguments])
    return returned, pair.seconds, pair.rest


_WALL_S = int(START_S) + 1


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("clock_gettime", (0, _Pair), (0, _WALL_S, 500_000_000)),
        ("clock_gettime", (1, _Pair), (0, 1001, 500_000_000)),
        ("gettimeofday", (_Pair, None), (0, _WALL_S, 500_000)),
        ("time", (None,), (_WALL_S, 0, 0)),
        ("time", (_Pair,), (_WALL_S, _WALL_S, 0)),
        (compiled._CPP_WALL, (), (_WALL_S * 10**9 + 500_000_000, 0, 0)),
        (compiled._CPP_MONOTONIC, (), (1001 * 10**9 + 500_000_000, 0, 0)),
    ],
)
def test_each_clock_of_c(
    name: str, arguments: tuple[object, ...], told: tuple[int, int, int]
) -> None:
    """They return and write what those of the C library would."""
    with SimulatedWorld() as world:
        assert world.users(1, lambda: _called(name, *arguments)) == [told]

    returned, seconds, _ = _called(name, *arguments)
    assert (returned, seconds) != told[:2]


def test_processor_time_stands_still() -> None:
    """Computing takes no time, whoever is asked; the time that passes is that of the run."""

    def ask() -> tuple[float, ...]:
        before = os.times()
        sum(range(100_000))
        time.sleep(5)
        after, used = os.times(), resource.getrusage(resource.RUSAGE_SELF)
        return after.elapsed - before.elapsed, after.user, used.ru_utime, used.ru_stime

    with SimulatedWorld() as world:
        assert world.users(1, ask) == [(5.0, 0.0, 0.0, 0.0)]

    assert os.times().user > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime > 0
