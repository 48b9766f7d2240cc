"""Time as Python has it: what it refuses, zones, dates, and clocks that somebody has kept."""

from __future__ import annotations

import collections
import contextvars
import dataclasses
import datetime as dt
import functools
import importlib
import itertools
import math
import pickle
import sched
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pydantic
import pytest

from chaos.simulation.tasks.baton import outside
from chaos.simulation.timing import real
from tests.chaos.simulation.toys import World, nap

REAL_SLEEP = time.sleep


class Kept:
    """Holds on to clocks in every way that a class can."""

    clock = time.monotonic
    static = staticmethod(time.monotonic)
    table: ClassVar[dict[str, Callable[[], float]]] = {"clock": time.monotonic}
    listed: ClassVar[list[Callable[[], float]]] = [time.monotonic]
    tupled: ClassVar[tuple[Callable[[], float], ...]] = (time.monotonic,)
    nested: ClassVar[dict[str, tuple[str, Callable[[], float]]]] = {"a": ("clock", time.monotonic)}
    partial = functools.partial(max, 0)

    def __init__(self) -> None:
        self.mine = time.monotonic


class Slotted:
    """Keeps one where there is no dictionary."""

    __slots__ = ("__clock",)

    def __init__(self) -> None:
        self.__clock = time.monotonic

    def read(self) -> float:
        """What it shows."""
        return self.__clock()


def by_default(clock: Callable[[], float] = time.monotonic) -> float:
    """What the default shows."""
    return clock()


def by_keyword(*, clock: Callable[[], float] = time.monotonic) -> float:
    """The same for a keyword."""
    return clock()


def closure() -> Callable[[], float]:
    """Keeps one in a cell."""
    clock = time.monotonic
    return lambda: clock()


@dataclasses.dataclass
class Stamped:
    """Keeps one to make values with."""

    at: float = dataclasses.field(default_factory=time.time)
    on: dt.datetime = dataclasses.field(default_factory=dt.datetime.now)


KEPT, SLOTTED, CLOSED_OVER = Kept(), Slotted(), closure()
UTCNOW = dt.datetime.utcnow
PARTIAL = functools.partial(functools.reduce, lambda total, clock: clock(), (time.monotonic,))


def generator(clock: Callable[[], float] = time.monotonic) -> Iterator[float]:
    """Keeps one in a frame that has been left."""
    mine = clock
    while True:
        yield mine()


class Named(NamedTuple):
    """Keeps one in a tuple of another class."""

    clock: Callable[[], float]


class Model(pydantic.BaseModel):
    """Keeps some in a schema that is compiled."""

    at: float = pydantic.Field(default_factory=time.time)
    on: dt.datetime = pydantic.Field(default_factory=dt.datetime.now)
    since: dt.datetime = pydantic.Field(default_factory=dt.datetime.utcnow)


KEPT_SLEEP = functools.lru_cache(maxsize=0)(time.sleep)
CACHED = functools.lru_cache(maxsize=0)(time.monotonic)
MISSING = collections.defaultdict[object, float](time.monotonic)
READINGS = iter(time.monotonic, None)
STARTED = generator()
next(STARTED)
CALLS = itertools.starmap(time.monotonic, itertools.repeat(()))
QUEUED, FIXED = collections.deque([time.monotonic]), frozenset({time.monotonic})
CONTEXT = contextvars.ContextVar("clock", default=time.monotonic)
NAMED = Named(time.monotonic)

HOLDERS: dict[str, Callable[[], float]] = {
    "cache": CACHED,
    "defaultdict": lambda: MISSING[object()],
    "iterator": lambda: next(READINGS),
    "generator": lambda: next(STARTED),
    "starmap": lambda: next(CALLS),
    "deque": lambda: QUEUED[0](),
    "set": lambda: next(iter(FIXED))(),
    "context variable": lambda: CONTEXT.get()(),
    "named tuple": lambda: NAMED.clock(),
    "field of a model": lambda: Model().at,
    "date of a model": lambda: Model().on.timestamp(),
    "date of a model, in UTC": lambda: Model().since.timestamp(),
    "class attribute": lambda: Kept.clock(),
    "attribute through an instance": lambda: KEPT.clock(),  # type: ignore[misc]  # a built-in function does not bind
    "static method": lambda: Kept.static(),
    "dictionary": lambda: Kept.table["clock"](),
    "list": lambda: Kept.listed[0](),
    "tuple": lambda: Kept.tupled[0](),
    "tuple in a dictionary": lambda: Kept.nested["a"][1](),
    "instance": lambda: KEPT.mine(),
    "slot": SLOTTED.read,
    "default": by_default,
    "keyword": by_keyword,
    "closure": CLOSED_OVER,
    "partial": lambda: PARTIAL(0),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_clock_that_somebody_has_kept_is_virtual(world: World, holder: str) -> None:
    """Wherever the reference is: after an hour of sleep it shows an hour more."""

    def user() -> float:
        before_s = HOLDERS[holder]()
        nap(3600.0)
        return HOLDERS[holder]() - before_s

    assert world.result(user) == 3600.0


def test_a_sleep_that_cannot_be_exchanged_is_virtual(world: World) -> None:
    """It refuses what the real one refuses, too, though it is called from C."""
    naps = map(KEPT_SLEEP, [60, -1])

    def user() -> float:
        next(naps)
        with pytest.raises(ValueError, match="non-negative"):
            next(naps)
        return world.run.clock.now_s

    assert world.result(user) == 60


def test_a_kept_clock_is_real_for_everybody_else(world: World) -> None:
    """In threads that are not part of a run, it is what it was."""
    del world
    with outside():
        assert abs(Model().at - real.time_s()) < 60


def test_factory_of_a_dataclass_shows_virtual_time(world: World) -> None:
    """Its function lies in the namespace of a method that was made when the class was."""
    stamped = world.result(Stamped)

    assert stamped.at == 1767225600.0
    assert stamped.on.year == 2026


def test_scheduler_of_the_standard_library_runs_in_virtual_time(world: World) -> None:
    """It keeps its clock and its sleep as defaults."""
    seen: list[float] = []

    def user() -> None:
        plan = sched.scheduler()
        plan.enter(90, 1, lambda: seen.append(world.now_s))
        plan.run()

    world.result(user)

    assert seen == [90.0]


@pytest.mark.parametrize(
    "seconds",
    ["5", None, Decimal("0.5"), [], -1, -0.5, math.nan, math.inf, 1e300, 10**400],
    ids=repr,
)
def test_sleep_refuses_what_the_real_one_refuses(world: World, seconds: Any) -> None:
    """The same exception with the same words, so that a service's mistake looks the same."""
    with outside(), pytest.raises(Exception) as really:  # noqa: PT011 - whatever it is
        REAL_SLEEP(seconds)

    error = world.error(lambda: time.sleep(seconds))

    assert type(error) is really.type
    assert str(error) == str(really.value)
    assert world.now_s == 0


def test_sleep_takes_what_the_real_one_takes(world: World) -> None:
    """Anything that can stand for an integer."""

    class Five:
        def __index__(self) -> int:
            return 5

    world.result(lambda: time.sleep(Five()))

    assert world.now_s == 5


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda: time.clock_gettime(time.CLOCK_MONOTONIC), id="clock_gettime"),
        pytest.param(lambda: time.clock_gettime_ns(time.CLOCK_REALTIME) / 1e9, id="in ns"),
        pytest.param(lambda: time.mktime(time.localtime()), id="localtime"),
        pytest.param(lambda: time.mktime(time.strptime(time.ctime())), id="ctime"),
        pytest.param(lambda: time.mktime(time.strptime(time.asctime())), id="asctime"),
        pytest.param(lambda: float(time.strftime("%s")), id="strftime"),
        pytest.param(lambda: dt.datetime.now().timestamp(), id="naive date"),
        pytest.param(lambda: dt.datetime.today().timestamp(), id="today"),
        pytest.param(lambda: dt.datetime.now(dt.UTC).timestamp(), id="aware date"),
    ],
)
def test_clock_moves_with_a_sleep(world: World, read: Callable[[], float]) -> None:
    """All clocks are one."""

    def user() -> float:
        before_s = read()
        nap(7200.0)
        return read() - before_s

    assert world.result(user) == 7200.0


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_kept_method_of_datetime_is_virtual(world: World) -> None:
    """``default=datetime.utcnow`` is how many models are stamped."""
    assert world.result(lambda: UTCNOW()) == dt.datetime(2026, 1, 1)


def test_computing_takes_no_time(world: World) -> None:
    """Clocks of the processor stand still: what they show would differ from run to run."""

    def user() -> tuple[float, float, int]:
        sum(range(100_000))
        return time.process_time(), time.thread_time(), time.process_time_ns()

    assert world.result(user) == (0.0, 0.0, 0)


def test_dates_are_of_their_own_class(world: World) -> None:
    """Whoever compares types, pickles or builds schemas sees what was always there."""

    class Later(dt.datetime):
        pass

    def user() -> None:
        assert type(dt.datetime.now()) is dt.datetime
        assert type(dt.date.today()) is dt.date
        assert type(Later.now()) is Later
        assert pickle.loads(pickle.dumps(dt.datetime.now())) == dt.datetime.now()

    world.result(user)


def test_module_can_be_imported_during_a_run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model with a date is built from the real class, whenever that happens."""
    (tmp_path / "late_reading.py").write_text(
        "import datetime, time\nimport pydantic\n"
        "class Reading(pydantic.BaseModel):\n"
        "    at: datetime.datetime = pydantic.Field(default_factory=datetime.datetime.now)\n"
        "from time import monotonic\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def user() -> dt.datetime:
        nap(60.0)
        module = importlib.import_module("late_reading")
        assert module.monotonic() == time.monotonic()
        at: dt.datetime = module.Reading().at
        return at

    assert world.result(user) == dt.datetime(2026, 1, 1, 0, 1)
    del sys.modules["late_reading"]


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 0), ("America/New_York", 19), ("Asia/Kolkata", 5)]
)
def test_local_time_is_that_of_the_zone(
    world: World, monkeypatch: pytest.MonkeyPatch, zone: str, hour: int
) -> None:
    """Naive dates, and what they are taken for, follow the zone that is set."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:

        def user() -> tuple[int, int, float]:
            now = dt.datetime.now()
            return now.hour, time.localtime().tm_hour, now.timestamp()

        assert world.result(user) == (hour, hour, 1767225600.0)
    finally:
        monkeypatch.undo()
        time.tzset()
