"""Deliveries in Toxiproxy's terms, and how long they really take."""

from __future__ import annotations

import pytest

from chaos.faults.delivery import PERFECT, Delivery, Lost
from chaos.tiers.wire.client import Toxic
from chaos.tiers.wire.pace import LONGEST_WAIT_S, PATIENCE_S, real_wait_s
from chaos.tiers.wire.toxics import Cargo, least_s, toxics_for
from tests.chaos.simulation.toys import RESET, SILENT, travels

PART = Cargo(bytes=1100, is_whole=False)


def toxics(delivery: Delivery) -> list[Toxic]:
    """The toxics of a delivery of which only a part arrives."""
    return list(toxics_for(delivery, PART))


def kinds(delivery: Delivery) -> list[str]:
    """The types of its toxics."""
    return [toxic.type for toxic in toxics(delivery)]


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (PERFECT, []),
        (travels(latency_s=5.0), ["latency"]),
        (SILENT, ["timeout"]),
        (travels(end="reset"), ["reset_peer"]),
        (travels(latency_s=5.0, end="reset"), ["latency", "reset_peer"]),
        (travels(end="fin", cut_after=10), ["limit_data"]),
        (travels(end="abort", cut_after=10), ["limit_data"]),
        (travels(end="stall", cut_after=10), ["limit_data", "slow_close"]),
        (travels(end="reset", cut_after=10), ["limit_data", "slow_close", "reset_peer"]),
        (travels(rate=100.0), ["bandwidth"]),
        (travels(slice_bytes=9, slice_delay_s=1.0), ["slicer"]),
        (
            travels(latency_s=5.0, rate=100.0, end="fin", cut_after=10),
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


def test_limit_counts_all_that_arrives() -> None:
    """A cut is meant in bytes of the body; Toxiproxy knows no body."""
    (limit,) = toxics(travels(end="fin", cut_after=1000))

    assert limit.attributes == {"bytes": 1100}


def test_answer_that_looks_whole_is_not_cut() -> None:
    """A stream that is closed in order is shorter than it should be, and nothing is held back."""
    assert list(toxics_for(travels(end="fin", cut_after=10), Cargo(bytes=1100))) == []


@pytest.mark.parametrize(
    ("delivery", "stream"),
    [
        (SILENT, "upstream"),
        (RESET, "upstream"),
        (Lost(how="silence", taken=True, by="x"), "downstream"),
        (Lost(how="reset", taken=True, by="x"), "downstream"),
    ],
    ids=["silence", "reset", "silence after the request", "reset after the request"],
)
def test_what_is_lost_is_the_request_or_its_answer(delivery: Lost, stream: str) -> None:
    """The provider must act on it, or must not."""
    (toxic,) = toxics(delivery)

    assert toxic.stream == stream


def test_reset_after_some_bytes_never_acts_by_itself() -> None:
    """It would reset before the first byte; only how the connection is closed is wanted of it."""
    reset = toxics(travels(end="reset", cut_after=10))[-1]

    assert reset.type == "reset_peer"
    assert reset.toxicity == 0.0


@pytest.mark.parametrize("nominal_s", [0.001, 1.0, 14.999, 600.0, 86_400.0])
def test_due_bytes_come_long_before_patience_ends(nominal_s: float) -> None:
    """However long they take in the time of the run."""
    assert real_wait_s(nominal_s) <= LONGEST_WAIT_S
    assert PATIENCE_S > 10 * LONGEST_WAIT_S


@pytest.mark.parametrize(
    "delivery",
    [
        travels(rate=0.01),
        travels(rate=1e9),
        travels(slice_bytes=1, slice_delay_s=3600.0),
        travels(slice_bytes=100_000, slice_delay_s=3600.0),
    ],
    ids=str,
)
def test_trickle_takes_half_a_second_at_most(delivery: Delivery) -> None:
    """A megabyte byte by byte, an hour apart: the reader charges the hours."""
    load = Cargo(bytes=1_000_100)

    assert least_s(toxics_for(delivery, load), load) <= LONGEST_WAIT_S
