"""How an answer travels: a closed sum of cases. Faults bend it, a carrier carries it out.

Each part says which fault it comes from. A carrier matches on the cases, so that a case it does
not know is found by the type checker; and it reports the fault of each part that it has acted on,
so that no fault is thought to have done something that nobody did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

How = Literal["fin", "abort", "reset", "stall"]
"""How a body ends before its time: closed in order, closed without an end, reset, or silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The first byte of the answer waits for ``seconds``."""

    seconds: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The body comes with so many bytes a second."""

    bytes_per_s: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """The body comes in pieces of ``size`` bytes, ``delay_s`` apart."""

    size: int
    delay_s: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """After so many bytes of the body, the answer ends like this."""

    how: How
    after: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Not a byte of an answer ever comes.

    Attributes:
        how: The connection stays silent, or is reset.
        taken: Whether the provider has taken the request, and done what was asked.
        late: What the reset waits for.
        by: The fault it comes from.
    """

    how: Literal["silence", "reset"]
    taken: bool
    late: tuple[Late, ...] = ()
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer comes; by default at once, and whole.

    Attributes:
        late: Waits before the first byte; they add up.
        rate: How fast the body comes; None for all at once.
        slices: In what pieces it comes; None for one.
        cut: How it ends before its time; None if it does not.

    Example:
        >>> slow = PERFECT.delayed(2.0, by="a").delayed(1.0, by="b")
        >>> slow.latency_s
        3.0
        >>> slow.cut_off("fin", 10, by="c").cut_off("reset", 20, by="d").cut.how
        'fin'
    """

    late: tuple[Late, ...] = ()
    rate: Rate | None = None
    slices: Slices | None = None
    cut: Cut | None = None

    @property
    def latency_s(self) -> float:
        """Seconds before the first byte."""
        return sum(each.seconds for each in self.late)

    def delayed(self, seconds: float, *, by: str) -> Self:
        """A copy whose first byte comes later."""
        return replace(self, late=(*self.late, Late(seconds=seconds, by=by)))

    def slowed(self, bytes_per_s: float, *, by: str) -> Self:
        """A copy whose body comes no faster than this."""
        if self.rate is not None and self.rate.bytes_per_s <= bytes_per_s:
            return self
        return replace(self, rate=Rate(bytes_per_s=bytes_per_s, by=by))

    def sliced(self, size: int, delay_s: float, *, by: str) -> Self:
        """A copy whose body comes in pieces; of several, those with the longest delays count."""
        if self.slices is not None and self.slices.delay_s >= delay_s:
            return self
        return replace(self, slices=Slices(size=size, delay_s=delay_s, by=by))

    def cut_off(self, how: How, after: int, *, by: str) -> Self:
        """A copy that ends there, unless it ends there or before it already."""
        if self.cut is not None and self.cut.after <= after:
            return self
        return replace(self, cut=Cut(how=how, after=after, by=by))

    def lost(self, how: Literal["silence", "reset"], *, by: str) -> Lost:
        """What becomes of it if no byte of it comes, though the provider has acted."""
        return Lost(how=how, taken=True, late=self.late, by=by)


Delivery = Lost | Answered
"""What becomes of one answer."""

PERFECT = Answered()
"""Nothing in the way."""
