"""What is measured, as a line of a table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the result.

    Attributes:
        what: What was measured.
        value: How much of it.
        unit: Of the value.
        ratio: The value against something that was measured beside it.
        against: What that is.
        spread: Quartiles of the ratio.
        goal: What the ratio, or else the value, should be at most.
    """

    what: str
    value: float
    unit: str
    ratio: float | None = None
    against: str = ""
    spread: tuple[float, float] | None = None
    goal: float | None = None


def beside(  # noqa: PLR0913 - a line of a table
    what: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    unit: str,
    against: str,
    goal: float | None = None,
) -> Figure:
    """What was measured in turns: the ratio of each turn, so that a busy machine slows both."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return Figure(what, statistics.median(ours), unit, middle, against, (low, high), goal)
