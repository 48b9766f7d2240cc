"""Disagreements of the tiers that were planted are found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chaos.compare.tiers.differences import compare
from chaos.faults.delivery import Delivery
from chaos.http import Request, Response
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.wire import pace, trip
from chaos.tiers.wire.client import Proxy, Toxic
from chaos.tiers.wire.locate import LocatedToxiproxy
from chaos.tiers.wire.server import Expected, StandInServer
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.world import WireTier
from chaos.trace.events import ResponseEvent
from chaos.trace.trace import Trace
from tests.chaos.simulation.toys import (
    OBJECT,
    REFUSED,
    SILENT,
    ToyOpenAI,
    World,
    chat,
    download,
    travels,
)

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
def simulation(simulated: Trace, location: LocatedToxiproxy) -> Iterator[WireTier]:
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


def test_answer_that_is_late_in_reality_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that are due and do not come prove nothing about a service."""
    monkeypatch.setattr(trip, "PATIENCE_S", 0.2)
    monkeypatch.setattr(Proxy, "add", _silencing(Proxy.add))
    world.injector.travels = travels(latency_s=1.0)

    world.error(chat)

    assert "TimeoutError: timed out; expected" in world.run.violations[0]


def _silencing(add: Callable[[Proxy, Toxic], None]) -> Callable[[Proxy, Toxic], None]:
    def silence(proxy: Proxy, toxic: Toxic) -> None:
        del toxic
        add(proxy, Toxic(type="timeout", attributes={"timeout": 0}))

    return silence


def test_toxic_that_does_not_act_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock would be charged five seconds that the network never took."""
    monkeypatch.setattr(Proxy, "add", lambda proxy, toxic: None)
    world.injector.travels = travels(latency_s=5.0)

    world.result(chat)

    assert "a toxic did not act" in world.run.violations[0]


@pytest.mark.parametrize(
    ("delivery", "misses"),
    [
        pytest.param(SILENT, "something came; expected silence", id="silence"),
        pytest.param(travels(end="reset"), "more bytes came than the delivery", id="reset"),
        pytest.param(
            travels(end="fin", cut_after=10), "more bytes came than the delivery", id="cut"
        ),
        pytest.param(
            travels(end="stall", cut_after=10), "something came; expected silence", id="stall"
        ),
    ],
)
def test_fault_that_does_not_act_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch, delivery: Delivery, misses: str
) -> None:
    """A service that passes because its fault was never there has not passed."""
    monkeypatch.setattr(Proxy, "add", lambda proxy, toxic: None)
    # However slow the machine is, what should have stayed away is there in time.
    monkeypatch.setattr(trip, "SILENCE_S", pace.PATIENCE_S)
    world.injector.travels = delivery

    world.error(chat)

    assert misses in "\n".join(world.run.violations)


def test_refusal_that_does_not_come_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that is closed, and lets somebody in, is no outage."""
    monkeypatch.setattr(Proxy, "disable", lambda proxy: None)
    world.injector.meets = REFUSED

    world.error(chat)

    assert "a closed proxy accepted a connection; expected a refusal" in world.run.violations[0]


def test_bytes_that_change_on_their_way_are_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What arrives is compared with what the stand-in sent, byte for byte."""

    def other(standing: StandInServer, request: bytes, reply: bytes) -> tuple[str, Expected]:
        return honest(standing, request, reply[:-1] + b"?")

    honest = StandInServer.expect
    monkeypatch.setattr(StandInServer, "expect", other)

    world.play(download)

    assert "other bytes came than the stand-in had sent" in world.run.violations[0]


def test_request_that_changes_on_its_way_is_a_violation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in answered what was sent; the wire has to have carried the same."""

    def other(standing: StandInServer, request: bytes, reply: bytes) -> tuple[str, Expected]:
        number, expected = honest(standing, request, reply)
        sent = expected.request
        expected.request = sent[:-1] + b"?"
        return number, _Resent(expected, sent)

    honest = StandInServer.expect
    monkeypatch.setattr(StandInServer, "expect", other)

    world.play(chat)

    assert "the request changed on its way" in world.run.violations[0]


class _Resent(Expected):
    """What is expected, beside what is sent."""

    def __init__(self, expected: Expected, sent: bytes) -> None:
        self._expected = expected
        super().__init__(sent, expected.reply)

    def __getattribute__(self, name: str) -> Any:
        if name in {"problem", "arrived"}:
            return getattr(object.__getattribute__(self, "_expected"), name)
        return object.__getattribute__(self, name)


def test_object_larger_than_any_socket_buffer_arrives_whole(world: World) -> None:
    """Backpressure through proxy and server loses nothing."""
    large = OBJECT * 80
    world.injector.answer = Response(status=200, body=large)

    assert world.result(download) == large
    assert world.run.violations == []
