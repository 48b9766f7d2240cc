"""When the bytes of a body arrive; both tiers charge the clock of the run by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaos.faults.delivery import Delivery

_RATE_STEP_S = 0.1
"""How often a limited connection lets bytes through, as Toxiproxy's does."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes that arrive together, after a wait of ``wait_s`` nominal seconds."""

    size: int
    wait_s: float


def arriving(delivery: Delivery, length: int) -> int:
    """How many of ``length`` body bytes come before the delivery ends."""
    return length if delivery.cut_after is None else min(delivery.cut_after, length)


def pieces(delivery: Delivery, length: int) -> Iterator[Piece]:
    """The pieces in which the bytes of a body of that length arrive.

    Example:
        >>> list(pieces(Delivery(slice_bytes=4, slice_delay_s=1.0), 6))
        [Piece(size=4, wait_s=0.0), Piece(size=2, wait_s=1.0)]
    """
    end = arriving(delivery, length)
    step = _piece_size(delivery) or end
    gap_s = 0.0
    for begin in range(0, end, step or 1):
        size = min(step, end - begin)
        yield Piece(size, gap_s + (size / delivery.rate if delivery.rate else 0.0))
        gap_s = delivery.slice_delay_s


def _piece_size(delivery: Delivery) -> int | None:
    if delivery.slice_bytes is not None:
        return delivery.slice_bytes
    if delivery.rate is not None:
        return max(1, int(delivery.rate * _RATE_STEP_S))
    return None
