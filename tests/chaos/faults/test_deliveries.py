"""How each fault of the way bends the journey of a response."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.choices import Seeded
from chaos.faults.delivery import PERFECT, Delivery
from chaos.http import Response
from chaos.scenario.faults import Fault
from tests.chaos.faults.sent import DATA, chat_request, decide, fault, media_request, store

SIZE = len(DATA)


def shaped(*faults: Fault, **options: Any) -> tuple[Delivery, tuple[str, ...]]:
    """Delivery of a download under these faults, and which of them touched it."""
    decision = decide(*faults, upstream=store(), **options)
    delivery = decision.shaped(decision.respond(media_request()))
    return delivery, decision.touched


def gcs(kind: str, **parameters: Any) -> Fault:
    """A fault of the way to Cloud Storage."""
    return fault(kind, "gcs", **parameters)


@pytest.mark.parametrize(
    ("bent", "expected"),
    [
        pytest.param(gcs("latency", latency="2s"), Delivery(latency_s=2.0), id="late"),
        pytest.param(gcs("reset_peer"), Delivery(end="reset"), id="reset before the response"),
        pytest.param(
            gcs("reset_peer", after=0), Delivery(end="reset", cut_after=0), id="after the headers"
        ),
        pytest.param(
            gcs("reset_peer", after=SIZE - 1),
            Delivery(end="reset", cut_after=SIZE - 1),
            id="reset before the last byte",
        ),
        pytest.param(
            gcs("limit_data", bytes=100), Delivery(end="fin", cut_after=100), id="cut short"
        ),
        pytest.param(gcs("bandwidth", rate="1KB"), Delivery(rate=1000.0), id="slow"),
        pytest.param(
            gcs("slicer", size=100, delay="250ms"),
            Delivery(slice_bytes=100, slice_delay_s=0.25),
            id="sliced",
        ),
    ],
)
def test_fault_bends_the_delivery(bent: Fault, expected: Delivery) -> None:
    """Each fault changes what it says, and nothing else."""
    assert shaped(bent) == (expected, (bent.model_dump()["fault"],))


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param(gcs("reset_peer", after=SIZE), id="reset after the last byte"),
        pytest.param(gcs("limit_data", bytes=SIZE), id="limit not reached"),
        pytest.param(gcs("slicer", size=SIZE, delay="1s"), id="one slice"),
        pytest.param(gcs("cut_stream", after=1, how="fin"), id="no stream"),
    ],
)
def test_fault_without_effect_touches_nothing(harmless: Fault) -> None:
    """A fault that finds nothing to do leaves the delivery perfect, and is not touched."""
    assert shaped(harmless) == (PERFECT, ())


def test_empty_body_has_nothing_to_trickle() -> None:
    """Bandwidth does not touch a response without a body."""
    decision = decide(gcs("bandwidth", rate=1), upstream=store())

    assert decision.shaped(Response(status=204)) == PERFECT
    assert decision.touched == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("timeout", Delivery(silent=True)), ("connection_refused", Delivery(refused=True))],
)
def test_outage_is_known_without_a_response(kind: str, expected: Delivery) -> None:
    """An outage is decided before the provider is asked, and touches the call at once."""
    decision = decide(fault("latency", latency="1s"), fault(kind))

    assert decision.delivery == expected
    assert decision.touched == (kind,)
    with pytest.raises(AssertionError):
        decision.respond(chat_request())
    with pytest.raises(AssertionError):
        decision.shaped(Response(status=200))


def test_first_outage_counts() -> None:
    """Of two outages the one injected first ends the call; the other does not touch it."""
    decision = decide(fault("timeout"), fault("connection_refused"))

    assert decision.delivery == Delivery(silent=True)
    assert decision.touched == ("timeout",)


@settings(deadline=None)  # a busy machine is not a failure
@given(seed=st.integers(0, 10_000), jitter_ms=st.integers(0, 5000))
def test_jitter_stays_within_its_bounds(seed: int, jitter_ms: int) -> None:
    """Latency is at most jitter away from what was asked, never negative, and reproducible."""
    late = gcs("latency", latency="2s", jitter=f"{jitter_ms}ms")

    delivery, _ = shaped(late, choices=Seeded(seed))

    assert max(0.0, 2.0 - jitter_ms / 1000) <= delivery.latency_s <= 2.0 + jitter_ms / 1000
    assert shaped(late, choices=Seeded(seed))[0] == delivery


@pytest.mark.parametrize("how", ["fin", "reset", "stall"])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_stream_is_cut_after_so_many_events(after: int, how: str) -> None:
    """What arrives is that many whole events, and not a byte more."""
    decision = decide(fault("cut_stream", after=after, how=how))
    response = decision.respond(chat_request(stream=True))

    delivery = decision.shaped(response)

    arrived = response.body[: delivery.cut_after]
    assert arrived.count(b"\n\n") == after
    assert arrived.endswith(b"\n\n") or after == 0
    assert delivery.end == how
    assert decision.touched == ("cut_stream",)


def test_stream_of_fewer_events_is_not_cut() -> None:
    """A stream that ends first is whole; one event earlier, it is not."""
    events = decide().respond(chat_request(stream=True)).body.count(b"\n\n")
    for after, touched in ((events, ()), (events - 1, ("cut_stream",))):
        decision = decide(fault("cut_stream", after=after, how="fin"))
        decision.shaped(decision.respond(chat_request(stream=True)))
        assert decision.touched == touched


def test_latencies_add_up() -> None:
    """Two latencies are waited one after the other."""
    delivery, touched = shaped(gcs("latency", latency="2s"), gcs("latency", latency="3s"))

    assert delivery.latency_s == 5.0
    assert touched == ("latency", "latency-2")


def test_lowest_rate_counts() -> None:
    """A second bottleneck that is wider than the first changes nothing."""
    delivery, touched = shaped(gcs("bandwidth", rate=10), gcs("bandwidth", rate=20))

    assert (delivery.rate, touched) == (10.0, ("bandwidth",))


@pytest.mark.parametrize("order", [1, -1], ids=["early first", "late first"])
def test_earliest_cut_counts(order: int) -> None:
    """Of two cuts the earlier one ends the body, whichever was injected first."""
    cuts = [gcs("limit_data", bytes=10), gcs("reset_peer", after=20)][::order]

    delivery, touched = shaped(*cuts)

    assert delivery == Delivery(end="fin", cut_after=10)
    assert touched[-1] == "limit_data"
