"""Disagreements of the tiers that were planted are found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chaos.faults.delivery import Delivery
from chaos.http import Request, Response
from chaos.parity.compare import compare
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.wire import pace, server
from chaos.tiers.wire.client import Proxy
from chaos.tiers.wire.locate import Location
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.world import WireTier
from chaos.trace.events import ResponseEvent
from chaos.trace.trace import Trace
from tests.chaos.simulation.toys import OBJECT, ToyOpenAI, World, chat, download

pytestmark = pytest.mark.wire


@pytest.fixture(scope="module")
def simulated() -> Trace:
    """One chat without faults, in the simulated tier."""
    with SimulatedTier() as simulation:
        world = World(simulation)
        world.result(chat)
        world.run.finish()
        return world.run.trace


@pytest.fixture(scope="module")
def simulation(simulated: Trace, location: Location) -> Iterator[WireTier]:
    """The wire tier, after the simulated one: both at once would freeze time twice."""
    del simulated
    with WireTier(Toxiproxy(location)) as simulation:
        yield simulation


@pytest.fixture
def world(simulation: WireTier) -> Iterator[World]:
    """A run that is expected to go wrong."""
    world = World(simulation)
    yield world
    world.run.close()


def test_nothing_planted_is_no_difference(world: World, simulated: Trace) -> None:
    """The other tests would mean nothing if the tiers always differed."""
    world.result(chat)

    assert compare(simulated, world.run.trace) == ()
    assert world.run.violations == []


def test_stand_in_that_is_late_in_one_tier_is_a_difference(
    world: World, simulated: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three seconds of virtual time, and the traces part."""

    def handle(stand_in: ToyOpenAI, request: Request) -> Response:
        time.sleep(3.0)
        return punctual(stand_in, request)

    punctual = ToyOpenAI.handle
    monkeypatch.setattr(ToyOpenAI, "handle", handle)

    world.result(chat)

    response = next(
        difference
        for difference in compare(simulated, world.run.trace)
        if isinstance(difference.wire, ResponseEvent)
    )
    assert ("elapsed_s", 0.0, 3.0) in response.fields


def test_answer_that_is_late_in_reality_is_a_difference_and_a_violation(
    world: World, simulated: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeout where none was due is shown as what it was, and proves nothing about a service."""

    async def late(*args: Any, **kwargs: Any) -> None:
        await asyncio.sleep(1.0)
        await punctual(*args, **kwargs)

    punctual = server._send
    monkeypatch.setattr(server, "_send", late)
    monkeypatch.setattr(pace, "PATIENCE_S", 0.2)

    world.error(chat)

    (difference,) = compare(simulated, world.run.trace)
    assert ("error", None, "ReadTimeout") in difference.fields
    assert "expected a response; the machine is too slow" in world.run.violations[0]


def test_toxic_that_does_not_act_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock would be charged five seconds that the network never took."""
    monkeypatch.setattr(Proxy, "add", lambda proxy, toxic: None)
    world.injector.delivery = Delivery(latency_s=5.0)

    world.error(chat)

    assert "a toxic did not act" in world.run.violations[0]


@pytest.mark.parametrize(
    ("delivery", "misses"),
    [
        pytest.param(Delivery(silent=True), "expected ReadTimeout", id="silence"),
        pytest.param(Delivery(end="reset"), "expected ReadError", id="reset"),
        pytest.param(
            Delivery(end="fin", cut_after=10), "more bytes came than the delivery", id="cut"
        ),
    ],
)
def test_fault_that_does_not_act_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch, delivery: Delivery, misses: str
) -> None:
    """A service that passes because its fault was never there has not passed."""
    monkeypatch.setattr(Proxy, "add", lambda proxy, toxic: None)
    # However slow the machine is, what should have stayed away is there in time.
    monkeypatch.setattr(pace, "SILENT_TIMEOUT_S", pace.PATIENCE_S)
    world.injector.delivery = delivery

    world.error(chat)

    assert misses in "\n".join(world.run.violations)


def test_bytes_that_change_on_their_way_are_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What arrives is compared with what the stand-in sent, byte for byte."""

    async def other(send: Any, response: Response, **kwargs: Any) -> None:
        changed = response.body[:-1] + b"?"
        await honest(send, Response(status=200, headers=response.headers, body=changed), **kwargs)

    honest = server._send
    monkeypatch.setattr(server, "_send", other)

    world.error(download)

    assert "other bytes came than the stand-in had sent" in world.run.violations[0]


def test_request_that_changes_on_its_way_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in answered what was intercepted; the wire has to have carried the same."""
    monkeypatch.setattr(server, "_target", lambda request: str(id(request)))

    world.error(chat)

    assert "the target of a request changed on its way" in world.run.violations[0]


def test_object_larger_than_any_socket_buffer_arrives_whole(world: World) -> None:
    """Backpressure through proxy and server loses nothing."""
    large = OBJECT * 80
    world.injector.answer = Response(status=200, body=large)

    assert world.result(download) == large
    assert world.run.violations == []
