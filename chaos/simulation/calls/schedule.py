"""When the bytes of a body arrive; both tiers charge the clock of the run by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaos.faults.delivery import Answered

_RATE_STEP_S = 0.1
"""How often a limited connection lets bytes through, as Toxiproxy's does."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes that arrive together, after a wait of ``wait_s`` nominal seconds."""

    size: int
    wait_s: float


def arriving(answered: Answered, length: int) -> int:
    """How many of ``length`` body bytes come before the answer ends."""
    return length if answered.cut is None else min(answered.cut.after, length)


def pieces(answered: Answered, length: int) -> Iterator[Piece]:
    """The pieces in which the bytes of a body of that length arrive.

    Example:
        >>> from chaos.faults.delivery import PERFECT
        >>> list(pieces(PERFECT.sliced(4, 1.0, by="slow"), 6))
        [Piece(size=4, wait_s=0.0), Piece(size=2, wait_s=1.0)]
    """
    end = arriving(answered, length)
    step = _piece_size(answered) or end
    rate, slices = answered.rate, answered.slices
    gap_s = 0.0
    for begin in range(0, end, step or 1):
        size = min(step, end - begin)
        yield Piece(size, gap_s + (size / rate.bytes_per_s if rate else 0.0))
        gap_s = slices.delay_s if slices else 0.0


def _piece_size(answered: Answered) -> int | None:
    if answered.slices is not None:
        return answered.slices.size
    if answered.rate is not None:
        return max(1, int(answered.rate.bytes_per_s * _RATE_STEP_S))
    return None
