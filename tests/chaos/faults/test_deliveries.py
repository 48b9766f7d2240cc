"""How each fault of the way bends the journey of a response."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.choices import Seeded
from chaos.faults.behaviour import Stage
from chaos.faults.connecting import (
    CONNECTED,
    Connecting,
    ConnectionRefusal,
    Distrusted,
    Ignored,
    NameFailure,
)
from chaos.faults.delivery import PERFECT, Answered, Delivery, Lost
from chaos.faults.injector import IdleLimit
from chaos.http import Response
from chaos.scenario.faults import Fault
from tests.chaos.faults.sent import (
    DATA,
    chat_request,
    decide,
    fault,
    injector,
    media_request,
    store,
)

SIZE = len(DATA)


def shaped(*faults: Fault, **options: Any) -> Delivery:
    """Delivery of a download under these faults."""
    decision = decide(*faults, upstream=store(), **options)
    return decision.delivery(decision.respond(media_request()))


def answered(*faults: Fault, **options: Any) -> Answered:
    """The same, if something of it arrives."""
    delivery = shaped(*faults, **options)
    assert isinstance(delivery, Answered)
    return delivery


def gcs(kind: str, **parameters: Any) -> Fault:
    """A fault of the way to Cloud Storage."""
    return fault(kind, "gcs", **parameters)


@pytest.mark.parametrize(
    ("bent", "expected"),
    [
        pytest.param(gcs("latency", latency="2s"), PERFECT.delayed(2.0, by="latency"), id="late"),
        pytest.param(
            gcs("reset_peer"),
            Lost(how="reset", taken=True, by="reset_peer"),
            id="reset before the response",
        ),
        pytest.param(
            gcs("timeout", takes_effect=True),
            Lost(how="silence", taken=True, by="timeout"),
            id="answer swallowed",
        ),
        pytest.param(
            gcs("reset_peer", after=0),
            PERFECT.cut_off("reset", 0, by="reset_peer"),
            id="after the headers",
        ),
        pytest.param(
            gcs("reset_peer", after=SIZE - 1),
            PERFECT.cut_off("reset", SIZE - 1, by="reset_peer"),
            id="reset before the last byte",
        ),
        pytest.param(
            gcs("limit_data", bytes=100), PERFECT.cut_off("fin", 100, by="limit_data"), id="cut"
        ),
        pytest.param(
            gcs("bandwidth", rate="1KB"), PERFECT.slowed(1000.0, by="bandwidth"), id="slow"
        ),
        pytest.param(
            gcs("slicer", size=100, delay="250ms"),
            PERFECT.sliced(100, 0.25, by="slicer"),
            id="sliced",
        ),
    ],
)
def test_fault_bends_the_delivery(bent: Fault, expected: Delivery) -> None:
    """Each fault changes what it says, and nothing else; each part says whose it is."""
    assert shaped(bent) == expected


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param(gcs("reset_peer", after=SIZE), id="reset after the last byte"),
        pytest.param(gcs("limit_data", bytes=SIZE), id="limit not reached"),
        pytest.param(gcs("slicer", size=SIZE, delay="1s"), id="one slice"),
        pytest.param(gcs("cut_stream", after=1, how="fin"), id="no stream"),
        pytest.param(gcs("bandwidth", rate="9999999MB"), id="no time at all"),
    ],
)
def test_fault_without_effect_leaves_the_delivery_perfect(harmless: Fault) -> None:
    """A fault that finds nothing to do changes nothing."""
    assert shaped(harmless) == PERFECT


def test_empty_body_has_nothing_to_trickle() -> None:
    """Bandwidth leaves a response without a body alone."""
    decision = decide(gcs("bandwidth", rate=1), upstream=store())

    assert decision.delivery(Response(status=204)) == PERFECT


def test_fault_of_the_way_is_touched_only_when_a_carrier_says_so() -> None:
    """Whoever decides claims nothing: the carrier reports what it has acted on."""
    decision = decide(gcs("latency", latency="2s"), gcs("limit_data", bytes=100), upstream=store())
    decision.delivery(decision.respond(media_request()))
    before = decision.touched

    decision.acted("limit_data")
    decision.acted("limit_data")

    assert (before, decision.touched) == ((), ("limit_data",))


@pytest.mark.parametrize(
    ("kind", "how"), [("timeout", "silence"), ("reset_peer", "reset")], ids=["silence", "reset"]
)
def test_lost_request_is_known_without_a_response(kind: str, how: str) -> None:
    """It is decided before the provider is asked."""
    decision = decide(fault("latency", latency="1s"), fault(kind, takes_effect=False))

    lost = decision.lost
    assert lost is not None
    assert (lost.how, lost.taken, lost.by) == (how, False, kind)
    assert decision.touched == ()


def test_first_loss_counts() -> None:
    """Of two faults that lose the request the one injected first ends the call."""
    decision = decide(
        fault("timeout", takes_effect=False), fault("reset_peer", takes_effect=False)
    )

    assert decision.lost is not None
    assert decision.lost.by == "timeout"


@pytest.mark.parametrize("order", [1, -1], ids=["late first", "late last"])
def test_lost_answer_can_be_late(order: int) -> None:
    """A reset comes after the latency, whichever was injected first."""
    delivery = shaped(*[gcs("latency", latency="3s"), gcs("reset_peer")][::order])

    assert isinstance(delivery, Lost)
    assert [each.seconds for each in delivery.late] == [3.0]


@pytest.mark.parametrize(
    ("kind", "parameters", "stage", "expected"),
    [
        ("dns_failure", {}, "name", NameFailure(temporary=True, by="dns_failure")),
        (
            "dns_failure",
            {"temporary": False},
            "name",
            NameFailure(temporary=False, by="dns_failure"),
        ),
        ("connect_timeout", {}, "connect", Ignored(by="connect_timeout")),
        ("connection_refused", {}, "connect", ConnectionRefusal(by="connection_refused")),
        ("tls_failure", {}, "connect", Distrusted(flaw="expired", by="tls_failure")),
    ],
    ids=["name", "no such name", "ignored", "refused", "distrusted"],
)
def test_fault_of_connecting_strikes_at_its_stage(
    kind: str, parameters: dict[str, Any], stage: Any, expected: Connecting
) -> None:
    """Each is met where it happens in reality, and by no request."""
    other: Stage = "connect" if stage == "name" else "name"
    made = injector(fault(kind, **parameters))

    assert made.connect("openai", other) == CONNECTED
    assert made.connect("openai", stage) == expected
    assert made.connect("gcs", stage) == CONNECTED


def test_fault_of_connecting_counts_attempts_to_connect() -> None:
    """``calls: 2`` is the second attempt."""
    made = injector(fault("connection_refused", calls=2))

    met = [made.connect("openai", "connect") for _ in range(3)]

    assert met == [CONNECTED, ConnectionRefusal(by="connection_refused"), CONNECTED]


def test_shortest_idle_limit_counts() -> None:
    """Of two, the connection that ends first is the one that ends."""
    made = injector(
        fault("idle_close", after="9s"),
        fault("idle_close", id="short", after="5s", race=True),
        fault("drop_connections"),
    )

    assert made.idle_limit("openai") == IdleLimit(seconds=5.0, how="race", by="short")
    assert made.idle_limit("gcs") is None


@settings(deadline=None)  # a busy machine is not a failure
@given(seed=st.integers(0, 10_000), jitter_ms=st.integers(0, 5000))
def test_jitter_stays_within_its_bounds(seed: int, jitter_ms: int) -> None:
    """Latency is at most jitter away from what was asked, never negative, and reproducible."""
    late = gcs("latency", latency="2s", jitter=f"{jitter_ms}ms")

    delivery = answered(late, choices=Seeded(seed))

    assert max(0.0, 2.0 - jitter_ms / 1000) <= delivery.latency_s <= 2.0 + jitter_ms / 1000
    assert shaped(late, choices=Seeded(seed)) == delivery


@pytest.mark.parametrize("how", ["fin", "abort", "reset", "stall"])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_stream_is_cut_after_so_many_events(after: int, how: str) -> None:
    """What arrives is that many whole events, and not a byte more."""
    decision = decide(fault("cut_stream", after=after, how=how))
    response = decision.respond(chat_request(stream=True))

    delivery = decision.delivery(response)

    assert isinstance(delivery, Answered)
    assert delivery.cut is not None
    arrived = response.body[: delivery.cut.after]
    assert arrived.count(b"\n\n") == after
    assert arrived.endswith(b"\n\n") or after == 0
    assert delivery.cut.how == how


def test_stream_of_fewer_events_is_not_cut() -> None:
    """A stream that ends first is whole; one event earlier, it is not."""
    events = decide().respond(chat_request(stream=True)).body.count(b"\n\n")
    for after, is_whole in ((events, True), (events - 1, False)):
        decision = decide(fault("cut_stream", after=after, how="fin"))
        delivery = decision.delivery(decision.respond(chat_request(stream=True)))
        assert (delivery == PERFECT) is is_whole


def test_latencies_add_up() -> None:
    """Two latencies are waited one after the other."""
    delivery = answered(gcs("latency", latency="2s"), gcs("latency", latency="3s"))

    assert delivery.latency_s == 5.0
    assert [each.by for each in delivery.late] == ["latency", "latency-2"]


def test_lowest_rate_counts() -> None:
    """A second bottleneck that is wider than the first changes nothing."""
    delivery = answered(gcs("bandwidth", rate=10), gcs("bandwidth", rate=20))

    assert delivery == PERFECT.slowed(10.0, by="bandwidth")


@pytest.mark.parametrize("order", [1, -1], ids=["early first", "late first"])
def test_earliest_cut_counts(order: int) -> None:
    """Of two cuts the earlier one ends the body, whichever was injected first."""
    cuts = [gcs("limit_data", bytes=10), gcs("reset_peer", after=20)][::order]

    assert shaped(*cuts) == PERFECT.cut_off("fin", 10, by="limit_data")
