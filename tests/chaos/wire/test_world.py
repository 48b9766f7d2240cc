"""The world of the wire tier: which sockets there are, and what is left of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from chaos.faults.delivery import Delivery
from chaos.simulation.tasks.baton import outside
from chaos.simulation.timing import real
from chaos.tiers.wire.world import WireTier
from tests.chaos.simulation.toys import SILENT, World, chat, travels

LONG_BEFORE_S = 10.0
"""Real seconds: fifteen would be the nominal time, and a tenth is usual."""

URL = "https://api.openai.com/v1/chat/completions"


@pytest.fixture
def world(simulation: WireTier) -> Iterator[World]:
    """A run that may have violations."""
    world = World(simulation)
    yield world
    world.run.close()


@pytest.mark.wire
def test_loopback_of_the_machine_is_out_of_reach(world: World) -> None:
    """The sockets of the run are virtual here, too: nobody listens in their world."""
    with ExitStack() as undo:
        with outside():
            somebody = undo.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = somebody.getsockname()
        error = world.error(lambda: socket.create_connection(address))

    assert isinstance(error, ConnectionRefusedError)


@pytest.mark.wire
def test_body_that_is_never_read_leaves_no_proxy(world: World, simulation: WireTier) -> None:
    """The end of the run is the end of its connections."""
    world.injector.travels = travels(slice_bytes=10, slice_delay_s=1.0)
    client = httpx2.Client()
    standing = set(simulation.toxiproxy.client.proxies())
    unread = []

    def call() -> None:
        unread.append(client.send(client.build_request("POST", URL, json={}), stream=True))

    world.result(call)
    assert len(simulation.toxiproxy.client.proxies()) == len(standing) + 1
    world.run.close()

    assert set(simulation.toxiproxy.client.proxies()) == standing
    client.close()


@pytest.mark.wire
def test_body_that_is_abandoned_leaves_no_proxy(world: World, simulation: WireTier) -> None:
    """A client that does not want the rest ends the way it came on."""
    world.injector.travels = travels(slice_bytes=10, slice_delay_s=1.0)
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
    world.injector.travels = travels(latency_s=12.0)

    tasks = world.play(*[chat] * 5)

    assert [task.error for task in tasks] == [None] * 5
    assert world.now_s == 12.0


@pytest.mark.wire
@pytest.mark.parametrize(
    "delivery",
    [
        pytest.param(SILENT, id="silence"),
        pytest.param(travels(latency_s=3600.0), id="a latency beyond every timeout"),
    ],
)
def test_waiting_for_nothing_is_short_in_reality(world: World, delivery: Delivery) -> None:
    """An hour of outage is many timeouts; each charges its nominal time, and takes a moment."""
    world.injector.travels = delivery
    began_s = real.monotonic()

    world.error(chat)

    assert world.now_s == 15.0
    assert real.monotonic() - began_s < LONG_BEFORE_S
