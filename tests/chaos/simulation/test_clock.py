"""Virtual time: exact, never short, and gone when it should be."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import freezegun
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chaos.errors import SimulationError
from chaos.simulation.timing.clock import START, TICKS_PER_S, Clock, to_ticks
from chaos.simulation.timing.freeze import Freeze
from chaos.simulation.world import Simulation
from tests.chaos.simulation.toys import World

SECONDS = st.floats(min_value=0, max_value=10_000_000, allow_nan=False)


@pytest.fixture
def clock(simulation: Simulation) -> Iterator[Clock]:
    """The simulation's clock, at time zero."""
    clock = simulation.clock
    clock.reset()
    yield clock
    clock.reset()


@given(began_s=SECONDS, sleep_s=SECONDS)
@example(began_s=0.1, sleep_s=0.3)
@example(began_s=20.3, sleep_s=1.1)
@example(began_s=0.0, sleep_s=5e-324)
def test_clock_is_never_short_of_a_sleep(began_s: float, sleep_s: float) -> None:
    """Whatever the floats, a deadline that was slept for has passed."""
    clock = Clock()
    clock.advance(to_ticks(began_s))
    before_s = clock.monotonic()

    clock.advance(to_ticks(sleep_s))

    assert clock.monotonic() - before_s >= sleep_s
    assert clock.monotonic() - before_s - sleep_s <= 1 / TICKS_PER_S


@given(st.lists(SECONDS, max_size=20))
def test_clock_adds_sleeps_up_without_error(sleeps: list[float]) -> None:
    """The time is the exact sum of the sleeps, each rounded up to whole ticks."""
    clock = Clock()

    for seconds in sleeps:
        clock.advance(to_ticks(seconds))

    exact = sum(math.ceil(seconds * TICKS_PER_S) for seconds in sleeps)
    assert clock.now_s * TICKS_PER_S == exact


def test_clock_is_behind_every_time_function(clock: Clock) -> None:
    """Monotonic, performance, wall time and dates all move together."""
    before = (time.monotonic(), time.perf_counter(), time.time(), datetime.now(UTC))
    before_ns = (time.monotonic_ns(), time.perf_counter_ns())

    clock.advance(to_ticks(90.5))

    assert time.monotonic() - before[0] == 90.5
    assert time.perf_counter() - before[1] == 90.5
    assert time.time() - before[2] == 90.5
    assert (datetime.now(UTC) - before[3]).total_seconds() == 90.5
    assert time.monotonic_ns() - before_ns[0] == 90_500_000_000
    assert time.perf_counter_ns() - before_ns[1] == 90_500_000_000


def test_clock_begins_every_run_at_the_same_instant(clock: Clock) -> None:
    """A fixed date, and a small monotonic time that no boot has a say in."""
    clock.advance(to_ticks(5))
    clock.step_wall(3600)

    clock.reset()

    assert datetime.now(UTC) == START
    assert time.monotonic() == 1000
    assert clock.now_s == 0


def test_step_of_the_wall_clock_leaves_monotonic_time_alone(clock: Clock) -> None:
    """As after a time correction."""
    clock.advance(to_ticks(10))

    clock.step_wall(-3600)
    clock.advance(to_ticks(1))

    assert (datetime.now(UTC) - START).total_seconds() == -3589
    assert clock.now_s == 11


def test_clock_refuses_to_freeze_frozen_time(clock: Clock) -> None:
    """Two freezes in one process would fight over the same functions."""
    with pytest.raises(SimulationError, match="already frozen"), Freeze(Clock(), {}):
        pass


def test_frozen_time_within_a_run_is_refused(world: World) -> None:
    """It would freeze nothing, and the test would go on as if it had."""

    def call() -> None:
        with freezegun.freeze_time("2020-05-05"):
            """Of which nobody would see anything."""

    assert "inside the simulation" in str(world.error(call))
    assert len(world.run.violations) == 1


def test_others_freeze_time_when_the_simulation_is_left() -> None:
    """Tests of a service do, beside those in the simulation."""
    code = (
        "import datetime, freezegun\n"
        "from chaos.tiers.simulated.world import SimulatedTier\n"
        "with SimulatedTier():\n    pass\n"
        "with freezegun.freeze_time('2020-05-05'):\n"
        "    assert datetime.datetime.now().year == 2020\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path.cwd()
    )

    assert done.returncode == 0, done.stderr


def test_clock_keeps_pytest_on_real_time(simulation: Simulation) -> None:
    """Durations and reports are about this machine, not about the simulation."""
    import _pytest.timing  # noqa: PLC0415 - private to pytest, and only of interest here

    began_s = _pytest.timing.perf_counter()
    while _pytest.timing.perf_counter() == began_s:
        """The clock of this machine moves by itself; that of the simulation would not."""


def test_leaving_finds_a_clock_for_modules_that_import_late(tmp_path: Path) -> None:
    """A module that imports another when looked at, as numpy does, does not stop the thaw."""
    (tmp_path / "lazy.py").write_text("import time\nnow = time.time()\n")
    (tmp_path / "looked_at.py").write_text(
        "def __dir__():\n    return ['lazy']\n"
        "def __getattr__(name):\n    import lazy\n    return lazy\n"
    )
    code = (
        "from chaos.tiers.simulated.world import SimulatedTier\n"
        "with SimulatedTier():\n    import looked_at\n"
        "import lazy, time\nassert abs(lazy.now - time.time()) < 60\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path.cwd())])},
    )

    assert done.returncode == 0, done.stderr


def test_clock_reaches_what_a_process_froze_before_it_made_others(tmp_path: Path) -> None:
    """The garbage collector does not say who holds what, among the frozen."""
    code = (
        "import gc, time\n"
        "from time import sleep\n"
        "from chaos.tiers.simulated.world import SimulatedTier\n"
        "before = id(sleep)\n"
        "gc.freeze()\n"
        "with SimulatedTier():\n    assert id(sleep) == id(time.sleep) != before\n"
        "assert id(sleep) == id(time.sleep) == before\n"
        "assert gc.get_freeze_count()\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path.cwd()
    )

    assert done.returncode == 0, done.stderr
