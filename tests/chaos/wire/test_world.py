"""The world of the wire tier: which sockets there are, and what is left of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from chaos.errors import SimulationError
from chaos.faults.delivery import Delivery
from chaos.http import Response
from chaos.tiers.wire.native import Head, TransportNative
from chaos.tiers.wire.pace import SILENT_TIMEOUT_S
from chaos.tiers.wire.world import WireTier
from tests.chaos.simulation.toys import OBJECT, World, chat

URL = "https://api.openai.com/v1/chat/completions"


@pytest.fixture
def world(simulation: WireTier) -> Iterator[World]:
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
def test_body_that_is_never_read_leaves_no_proxy(world: World, simulation: WireTier) -> None:
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
def test_body_that_is_abandoned_leaves_no_proxy(world: World, simulation: WireTier) -> None:
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
def test_timeout_within_a_body_is_that_of_the_socket(world: World) -> None:
    """The network falls silent, and the library notices; nobody makes the error up."""
    world.injector.answer = Response(status=200, body=OBJECT)
    world.injector.delivery = Delivery(slice_bytes=1000, slice_delay_s=20.0)

    def call() -> None:
        with httpx2.Client(timeout=15.0) as client:
            client.post(URL, json={})

    error = world.error(call)

    assert type(error) is httpx2.ReadTimeout
    carried = error.__cause__
    assert carried is not None
    assert type(carried.__cause__) is httpx2.ReadTimeout
    assert world.now_s == 15.0


@pytest.mark.wire
def test_users_take_turns_as_in_the_simulated_tier(world: World) -> None:
    """Five users wait for the same twelve seconds, each for a socket of their own."""
    world.injector.delivery = Delivery(latency_s=12.0)

    tasks = world.play(*[chat] * 5)

    assert [task.error for task in tasks] == [None] * 5
    assert world.now_s == 12.0


@pytest.mark.wire
@pytest.mark.parametrize(
    "delivery",
    [
        pytest.param(Delivery(silent=True), id="silence"),
        pytest.param(Delivery(latency_s=3600.0), id="a latency beyond every timeout"),
    ],
)
def test_waiting_for_nothing_is_short_in_reality(
    world: World, monkeypatch: pytest.MonkeyPatch, delivery: Delivery
) -> None:
    """An hour of outage is many timeouts; each charges its nominal time, and takes a moment."""

    def send(native: TransportNative, *args: Any, read_s: float, **kwargs: Any) -> Head:
        waited_s.append(read_s)
        return honest(native, *args, read_s=read_s, **kwargs)

    waited_s: list[float] = []
    honest = TransportNative.send
    monkeypatch.setattr(TransportNative, "send", send)
    world.injector.delivery = delivery

    world.error(chat)

    assert waited_s == [SILENT_TIMEOUT_S]
    assert world.now_s == 15.0
