"""The world of the wire tier: which sockets there are, and what is left of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx2
import pytest

from chaos.errors import SimulationError
from chaos.faults.delivery import Delivery
from chaos.scenario.model import Scenario
from chaos.tiers.wire.locate import Location
from chaos.tiers.wire.support import SIMULATED_ONLY, unsupported
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.world import WireSimulation
from tests.chaos.tiers.toys import World, chat

URL = "https://api.openai.com/v1/chat/completions"


@pytest.fixture
def world(simulation: WireSimulation) -> Iterator[World]:
    """A run that may have violations."""
    world = World(simulation)
    yield world
    world.run.close()


@pytest.mark.wire
def test_other_sockets_are_refused_as_ever(world: World) -> None:
    """Loopback or not: only Toxiproxy and its proxies may be connected to."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        error = world.error(lambda: socket.create_connection(somebody.getsockname()))

    assert isinstance(error, SimulationError)
    assert "a real socket was asked for" in world.run.violations[0]


@pytest.mark.wire
def test_body_that_is_never_read_leaves_no_proxy(world: World, simulation: WireSimulation) -> None:
    """The end of the run is the end of its connections."""
    world.injector.delivery = Delivery(latency_s=1.0)
    client = httpx2.Client()
    standing = set(simulation.toxiproxy.client.proxies())

    def call() -> None:
        client.send(client.build_request("POST", URL, json={}), stream=True)

    world.result(call)
    assert len(simulation.toxiproxy.client.proxies()) == len(standing) + 1
    world.run.close()

    assert set(simulation.toxiproxy.client.proxies()) == standing
    client.close()


@pytest.mark.wire
def test_body_that_is_abandoned_leaves_no_proxy(world: World, simulation: WireSimulation) -> None:
    """A client that does not want the rest ends the way it came on."""
    world.injector.delivery = Delivery(slice_bytes=10, slice_delay_s=1.0)
    standing = set(simulation.toxiproxy.client.proxies())

    def call() -> None:
        with httpx2.Client() as client, client.stream("POST", URL, json={}) as response:
            next(response.iter_raw())

    world.result(call)

    assert set(simulation.toxiproxy.client.proxies()) == standing
    assert world.run.violations == []


@pytest.mark.wire
def test_users_take_turns_as_in_the_simulated_tier(world: World) -> None:
    """Five users wait for the same twelve seconds, each for a socket of their own."""
    world.injector.delivery = Delivery(latency_s=12.0)

    tasks = world.play(*[chat] * 5)

    assert [task.error for task in tasks] == [None] * 5
    assert world.now_s == 12.0


@pytest.mark.wire
def test_world_can_be_entered_again(location: Location) -> None:
    """With new servers and new proxies."""
    simulation = WireSimulation(Toxiproxy(location))
    for _ in range(2):
        with simulation:
            world = World(simulation)
            world.result(chat)
            world.run.finish()


@pytest.mark.parametrize(("tags", "runs"), [((), True), ((SIMULATED_ONLY,), False)])
def test_scenario_says_by_its_tag_that_it_cannot_run(tags: tuple[str, ...], runs: bool) -> None:  # noqa: FBT001 - a parameter
    """The reason names it."""
    scenario = Scenario.model_construct(name="one-interleaving", tags=tags)

    reason = unsupported(scenario)

    assert (reason is None) is runs
    assert runs or "one-interleaving is tagged simulated-only" in str(reason)
