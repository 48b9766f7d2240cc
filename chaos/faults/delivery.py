"""How the bytes of one exchange travel; faults bend it, a tier carries it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

End = Literal["complete", "fin", "reset", "stall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The journey of one response; the default is perfect and instant.

    Attributes:
        refused: Nobody listens.
        silent: The request is taken; not a byte ever comes back.
        latency_s: Wait before the first byte of the response.
        rate: Body bytes a second; None for all at once.
        slice_bytes: Size of the pieces the body comes in; None for one piece.
        slice_delay_s: Wait before each piece but the first.
        cut_after: Body bytes that arrive before ``end``; None for all. With ``end`` "reset"
            and None, the connection is reset before any byte of the response.
        end: What happens then: the body is complete, or closed early, reset, or silent.
    """

    refused: bool = False
    silent: bool = False
    latency_s: float = 0.0
    rate: float | None = None
    slice_bytes: int | None = None
    slice_delay_s: float = 0.0
    cut_after: int | None = None
    end: End = "complete"

    def ended(self, end: End, *, after: int | None) -> Self:
        """A copy that ends like that, unless it already ends at that byte or before it.

        ``after`` None means before any byte of the response.

        Example:
            >>> PERFECT.ended("fin", after=10).ended("reset", after=20).end
            'fin'
        """
        if self.end != "complete" and _position(self.cut_after) <= _position(after):
            return self
        return replace(self, end=end, cut_after=after)


PERFECT = Delivery()
"""Nothing in the way."""


def _position(cut_after: int | None) -> int:
    return -1 if cut_after is None else cut_after
