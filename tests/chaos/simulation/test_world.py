"""Entering and leaving the simulated world, and what holds from run to run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import httpx2
import pytest

from chaos.choices import Seeded
from chaos.errors import SimulationError
from chaos.faults.delivery import Delivery
from chaos.simulation.locks import SimLock
from chaos.simulation.world import Simulation
from chaos.trace.ndjson import digest
from tests.chaos.simulation import toys
from tests.chaos.simulation.toys import ToyInjector, World, chat, download, nap

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
    world.injector.script = [Delivery(latency_s=number % 3) for number in range(12)]
    world.injector.script[4:4] = [Delivery(refused=True)] * 8

    def user() -> None:
        chat(retries=2)
        nap(random.choice([0.5, 1.0]))
        download()

    with world.run:
        world.play(*[user] * 10)
    return digest(world.run.trace)


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
    with pytest.raises(SimulationError, match="a run is on already"):
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


def test_request_outside_any_run_is_refused(simulation: Simulation) -> None:
    """There is nobody to answer it."""
    with pytest.raises(SimulationError, match="outside any run"):
        httpx2.get("https://api.openai.com/")


def test_environment_is_prepared(simulation: Simulation) -> None:
    """No proxies, and no background requests of the storage SDK."""
    assert os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] == "true"
    assert not {name for name in os.environ if name.lower().endswith("_proxy")}


RESTORED = """
import os, queue, socket, sys, threading, time, types
import freezegun.api, httpx, httpx2, requests.adapters
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier

def look():
    return (
        time.sleep, time.monotonic, time.time, threading.Lock, threading.RLock,
        threading._allocate_lock, threading._time, queue.time, queue.SimpleQueue,
        threading.Thread.start, threading.Thread.join, threading.Thread.is_alive,
        socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo,
        socket.create_connection, httpx.HTTPTransport.handle_request,
        httpx2.HTTPTransport.handle_request, requests.adapters.HTTPAdapter.send,
        freezegun.api.call_stack_inspection_limit, freezegun.api._get_fake_monotonic,
        dict(os.environ),
    )

os.environ["HTTPS_PROXY"] = "http://proxy.invalid"
before = look()
try:
    with SimulatedTier():
        import sched as loaded_inside
        assert loaded_inside._time is not before[1]
        captured_inside = sys.modules["captured_inside"] = types.ModuleType("captured_inside")
        exec("from time import sleep; from threading import Lock", vars(captured_inside))
        assert captured_inside.sleep is not before[0]
        assert "HTTPS_PROXY" not in os.environ
        assert all(old is not new for old, new in zip(before, look()))
        raise KeyError
except KeyError:
    pass
assert look() == before, [pair for pair in zip(before, look()) if pair[0] != pair[1]]
assert loaded_inside._time is before[1]
assert captured_inside.sleep is before[0]
assert type(captured_inside.Lock()) is type(before[3]())
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
    assert isinstance(toys.CapturedLock(), SimLock)
