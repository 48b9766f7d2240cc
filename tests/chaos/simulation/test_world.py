"""Entering and leaving the simulated world, and what holds from run to run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from chaos.choices import Seeded
from chaos.errors import SimulationError
from chaos.simulation.world import Simulation
from chaos.trace.ndjson import digest
from tests.chaos.simulation import toys
from tests.chaos.simulation.toys import RESET, ToyInjector, World, chat, download, nap, travels

TEN_USERS = """
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from tests.chaos.simulation.test_world import play_ten_users

with SimulatedTier() as simulation:
    print(play_ten_users(simulation, 7))
"""


def play_ten_users(simulation: Simulation, seed: int) -> str:
    """Ten users whose calls, retries and jitter overlap; the digest of what happened."""
    world = World(simulation, seed=seed)
    world.injector.script = [travels(latency_s=number % 3) for number in range(12)]
    world.injector.script[4:4] = [RESET] * 8

    def user() -> None:
        chat(retries=2)
        nap(random.choice([0.5, 1.0]))
        download()

    with world.run:
        world.play(*[user] * 10)
    return digest(world.run.trace)


@pytest.mark.slow
def test_ten_users_are_the_same_in_every_process(simulation: Simulation) -> None:
    """Neither the process nor its hash seed has a say; the run's seed has."""
    here = play_ten_users(simulation, 7)

    elsewhere = subprocess.run(
        [sys.executable, "-c", TEN_USERS],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()

    assert here == elsewhere
    assert here == play_ten_users(simulation, 7)
    assert here != play_ten_users(simulation, 8)


def test_run_begins_at_zero_whatever_came_before(simulation: Simulation) -> None:
    """Time, wall clock, calls, chance and violations start anew."""
    first = World(simulation)
    first.result(chat)
    first.run.wait(10.0)
    first.run.clock.step_wall(60.0)
    first.run.violations.append("something")
    with pytest.raises(SimulationError, match="something"):
        first.run.finish()
    drawn = random.getrandbits(32)

    second = World(simulation)
    with second.run:
        second.result(chat)
        second.run.wait(10.0)

    assert second.now_s == 10
    assert second.response.call == 1
    assert second.run.violations == []
    assert random.getrandbits(32) == drawn
    assert time.time() == 1767225610


def test_wait_of_the_harness_leaves_no_trace(world: World) -> None:
    """Only the service's own sleeps are waits."""
    world.run.wait(5.0)
    nap(1.0)

    assert world.waits == [1.0]
    assert world.now_s == 6


def test_second_run_needs_the_first_to_end(simulation: Simulation, world: World) -> None:
    """Two runs at once would share one clock."""
    with pytest.raises(SimulationError, match="another run is in progress"):
        World(simulation)


def test_injector_has_the_recorder_of_its_run(simulation: Simulation) -> None:
    """It is made once the run has one."""
    recorders: list[object] = []

    def make(run: object) -> ToyInjector:
        recorders.append(vars(run)["recorder"])
        return ToyInjector()

    with simulation.start_run(upstreams={}, injector=make, choices=Seeded(7), seed=7) as run:
        assert recorders == [run.recorder]


def test_exception_in_a_run_is_not_hidden_by_its_violations(simulation: Simulation) -> None:
    """What went wrong first is what is reported; the simulation can go on."""
    world = World(simulation)
    world.run.violations.append("something")

    with pytest.raises(ZeroDivisionError), world.run:
        _ = 1 // 0

    World(simulation).run.finish()


def test_environment_is_prepared(simulation: Simulation) -> None:
    """No proxies, and no background requests of the storage SDK."""
    assert os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] == "true"
    assert not {name for name in os.environ if name.lower().endswith("_proxy")}


RESTORED = """
import _thread, asyncio, datetime, logging, os, queue, select, selectors, socket, ssl, sys
import threading, time, types
from chaos.tiers.simulated.world import SimulatedTier

class Keeper:
    clock = time.monotonic
    static = staticmethod(time.monotonic)
    def __init__(self):
        self.mine = time.monotonic

def kept(clock=time.monotonic):
    pass

keeper = Keeper()

def look():
    places = [
        (time, "sleep monotonic time ctime process_time clock_gettime localtime clock"),
        (threading, "_time"), (queue, "time"), (threading.Thread, "start join is_alive"),
        (_thread.LockType, "acquire release __enter__ __exit__"),
        (_thread.RLock, "acquire release _release_save"), (queue.SimpleQueue, "put get"),
        (queue.Queue, "put get"), (datetime.datetime, "now utcnow"),
        (logging.Formatter, "converter"), (socket.socket, "__new__"),
        (socket, "getaddrinfo socketpair gethostbyname"), (select, "select poll epoll"),
        (selectors.DefaultSelector, "select register unregister modify"),
        (asyncio, "sleep"), (asyncio.base_events.BaseEventLoop, "getaddrinfo"),
        (ssl.SSLContext, "wrap_socket wrap_bio"), (os, "_exit abort urandom"),
        (Keeper, "clock static"), (keeper, "mine"), (kept, "__defaults__"),
    ]
    # Their identities: whoever keeps functions has them replaced, this test included.
    found = {"environment": hash(tuple(sorted(os.environ.items())))}
    for owner, names in places:
        for name in names.split():
            has_it = name in vars(owner) if isinstance(owner, type) else hasattr(owner, name)
            value = vars(owner).get(name) if isinstance(owner, type) else getattr(owner, name, 0)
            value = value[0] if name == "__defaults__" else value
            found[f"{owner} {name}"] = id(value) if has_it else None
    return found

os.environ["HTTPS_PROXY"] = "http://proxy.invalid"
before = look()
sleep, clock, nap = id(time.sleep), id(time.monotonic), id(asyncio.sleep)
try:
    with SimulatedTier():
        import sched as loaded_inside
        assert id(loaded_inside._time) != clock
        captured_inside = sys.modules["captured_inside"] = types.ModuleType("captured_inside")
        exec("from time import sleep; from asyncio import sleep as nap", vars(captured_inside))
        assert id(captured_inside.sleep) != sleep
        assert "HTTPS_PROXY" not in os.environ
        same = {name for name, value in look().items() if before[name] == value}
        assert same == {"<module 'time' (built-in)> clock"}, same
        raise KeyError
except KeyError:
    pass
changed = {name for name, value in look().items() if before[name] != value}
assert not changed, changed
assert id(loaded_inside._time) == clock
assert id(captured_inside.sleep) == sleep
assert id(captured_inside.nap) == nap
print("restored")
"""


def test_everything_is_restored_after_an_error(simulation: Simulation) -> None:
    """Functions, classes and environment are what they were, also in modules loaded since."""
    result = subprocess.run(
        [sys.executable, "-c", RESTORED], check=False, capture_output=True, text=True
    )

    assert result.stdout == "restored\n", result.stderr


def test_captured_references_of_a_third_party_are_replaced(world: World) -> None:
    """``from time import sleep``, long before the simulation, sleeps in virtual time."""
    world.play(lambda: toys.captured_sleep(3600.0))

    assert world.now_s == 3600
