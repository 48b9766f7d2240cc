"""What changed between two measurements of a scenario: for better, for worse, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from chaos.compare.measures import Better, Measures, Value, describe_measure, in_order, worth


class Trend(Enum):
    """Which way something changed."""

    WORSE = "worse"
    BETTER = "better"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One measure of one scenario that is no longer what it was."""

    scenario: str
    key: str
    was: Value
    now: Value
    trend: Trend

    @property
    def label(self) -> str:
        """The measure, as tables call it."""
        return describe_measure(self.key).label

    @property
    def was_shown(self) -> str:
        """The earlier value, as a person would write it."""
        return describe_measure(self.key).show(self.was)

    @property
    def now_shown(self) -> str:
        """The later value, as a person would write it."""
        return describe_measure(self.key).show(self.now)

    def __str__(self) -> str:
        return (
            f"{self.scenario}: {self.label} {self.was_shown} -> {self.now_shown} "
            f"({self.trend.value})"
        )


def changes(scenario: str, was: Measures, now: Measures) -> list[Change]:
    """Every measure that differs, in the order in which tables show them.

    Example:
        >>> [str(each) for each in changes("smoke", {"calls.openai": 3}, {"calls.openai": 4})]
        ['smoke: calls to openai 3 -> 4 (worse)']
    """
    found = []
    for key in in_order([*was, *now]):
        before, after = was.get(key), now.get(key)
        if before != after:
            trend = _trend(key, before, after)
            found.append(Change(scenario=scenario, key=key, was=before, now=after, trend=trend))
    return found


def _trend(key: str, was: Value, now: Value) -> Trend:
    measure = describe_measure(key)
    before, after = worth(measure, was), worth(measure, now)
    if measure.better is Better.NEITHER or before is None or after is None or before == after:
        return Trend.DIFFERENT
    more_is_better = measure.better is Better.MORE
    return Trend.BETTER if (after > before) is more_is_better else Trend.WORSE
