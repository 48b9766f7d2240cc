"""Deliveries in Toxiproxy's terms, and how long they really take."""

from __future__ import annotations

import pytest

from chaos.faults.delivery import Delivery
from chaos.tiers.wire.client import Toxic
from chaos.tiers.wire.pace import (
    LONGEST_WAIT_S,
    NEVER_S,
    PATIENCE_S,
    is_too_long,
    real_timeout_s,
    real_wait_s,
)
from chaos.tiers.wire.toxics import Load, least_s, toxics_for

LOAD = Load(head_bytes=100, body_bytes=1000)


def toxics(delivery: Delivery, *, head_is_too_late: bool = False) -> list[Toxic]:
    """The toxics of a delivery."""
    return list(toxics_for(delivery, LOAD, head_is_too_late=head_is_too_late))


def kinds(delivery: Delivery) -> list[str]:
    """The types of its toxics."""
    return [toxic.type for toxic in toxics(delivery)]


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (Delivery(), []),
        (Delivery(latency_s=5.0), ["latency"]),
        (Delivery(silent=True), ["timeout"]),
        (Delivery(end="reset"), ["reset_peer"]),
        (Delivery(end="fin", cut_after=10), ["limit_data"]),
        (Delivery(end="stall", cut_after=10), ["limit_data", "slow_close"]),
        (Delivery(end="reset", cut_after=10), ["limit_data", "slow_close", "reset_peer"]),
        (Delivery(rate=100.0), ["bandwidth"]),
        (Delivery(slice_bytes=9, slice_delay_s=1.0), ["slicer"]),
        (
            Delivery(latency_s=5.0, rate=100.0, end="fin", cut_after=10),
            ["latency", "limit_data", "bandwidth"],
        ),
    ],
    ids=str,
)
def test_delivery_becomes_toxics_in_the_order_that_bytes_pass(
    delivery: Delivery, expected: list[str]
) -> None:
    """Latency before all; the cut before the pace; the end last."""
    assert kinds(delivery) == expected


def test_limit_counts_the_head() -> None:
    """A cut is meant in bytes of the body; Toxiproxy knows no body."""
    (limit,) = toxics(Delivery(end="fin", cut_after=1000))

    assert limit.attributes == {"bytes": 1100}


def test_silence_swallows_the_request() -> None:
    """The provider must not act on it."""
    (silence,) = toxics(Delivery(silent=True))

    assert silence.stream == "upstream"


def test_reset_after_some_bytes_never_acts_by_itself() -> None:
    """It would reset before the first byte; only how the connection is closed is wanted of it."""
    reset = toxics(Delivery(end="reset", cut_after=10))[-1]

    assert reset.type == "reset_peer"
    assert reset.toxicity == 0.0


def test_latency_beyond_the_timeout_never_ends() -> None:
    """Whatever the machine is busy with, the timeout comes first."""
    (late,) = toxics(Delivery(latency_s=16.0), head_is_too_late=True)

    assert late.attributes["latency"] == NEVER_S * 1000
    assert 10 * real_timeout_s(3600.0, is_due=True) < NEVER_S


@pytest.mark.parametrize("nominal_s", [0.001, 1.0, 14.999, 600.0, 86_400.0])
def test_bytes_that_are_due_in_time_come_long_before_the_timeout(nominal_s: float) -> None:
    """However near the two are in the time of the run."""
    assert real_wait_s(nominal_s) <= LONGEST_WAIT_S
    assert real_timeout_s(nominal_s, is_due=False) == PATIENCE_S
    assert PATIENCE_S > 10 * LONGEST_WAIT_S


def test_tie_goes_to_the_bytes() -> None:
    """As in the simulated tier."""
    assert not is_too_long(15.0, 15.0)
    assert is_too_long(15.000001, 15.0)
    assert not is_too_long(86_400.0, None)


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(rate=0.01),
        Delivery(rate=1e9),
        Delivery(slice_bytes=1, slice_delay_s=3600.0),
        Delivery(slice_bytes=100_000, slice_delay_s=3600.0),
    ],
    ids=str,
)
def test_trickle_takes_half_a_second_at_most(delivery: Delivery) -> None:
    """A megabyte byte by byte, an hour apart: the reader charges the hours."""
    load = Load(head_bytes=100, body_bytes=1_000_000)

    assert least_s(toxics_for(delivery, load, head_is_too_late=False), load) <= LONGEST_WAIT_S
