"""What changed between two measurements of a scenario: for better, for worse, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Self

from chaos.runner.measures import (
    BEST_ANSWERS,
    VERDICT,
    Better,
    Measure,
    MeasureKind,
    Measures,
    Value,
    describe_measure,
    in_order,
    worth,
)
from chaos.verdict import Outcome


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

    No number is better by itself. Less effort is better only where every question had the best
    of answers, before and now: otherwise it may be effort that is no longer made. Where fewer
    answers are good, less effort is worse, and nothing is better. Of a run that did not pass,
    nothing is better: the number may be the very one that it failed on.

    Example:
        >>> well = {"best_answers": 1.0}
        >>> was, now = {"calls.openai": 3, **well}, {"calls.openai": 2, **well}
        >>> [str(each) for each in changes("smoke", was, now)]
        ['smoke: calls to openai 3 -> 2 (better)']
        >>> now = {"calls.openai": 2, "best_answers": 0.5}
        >>> [each.trend.value for each in changes("smoke", was, now)]
        ['worse', 'worse']
    """
    found = []
    situation = _Situation.of(was, now)
    for key in in_order([*was, *now]):
        before, after = was.get(key), now.get(key)
        if before != after:
            trend = situation.judged(describe_measure(key), _direction(key, before, after))
            found.append(Change(scenario=scenario, key=key, was=before, now=after, trend=trend))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Situation:
    """What two measurements say together, and no single number of them does.

    Attributes:
        fewer_good: Users got less of what is good.
        all_best: Every question had the best of answers, before and now.
        not_passed: The run now did not pass.
    """

    fewer_good: bool
    all_best: bool
    not_passed: bool

    @classmethod
    def of(cls, was: Measures, now: Measures) -> Self:
        good = [key for key in {*was, *now} if describe_measure(key).kind is MeasureKind.GOOD]
        best = BEST_ANSWERS.key
        return cls(
            fewer_good=any(
                _direction(key, was.get(key), now.get(key)) is Trend.WORSE for key in good
            ),
            all_best=was.get(best) == 1 and now.get(best) == 1,
            not_passed=now.get(VERDICT.key, Outcome.PASSED.value) != Outcome.PASSED.value,
        )

    def judged(self, measure: Measure, direction: Trend) -> Trend:
        """What a change is that one number alone would call so."""
        if direction is not Trend.BETTER or measure is VERDICT:
            return direction
        if measure.kind is MeasureKind.EFFORT and self.fewer_good:
            return Trend.WORSE
        is_undone = measure.kind is MeasureKind.EFFORT and not self.all_best
        return Trend.DIFFERENT if is_undone or self.fewer_good or self.not_passed else direction


def _direction(key: str, was: Value, now: Value) -> Trend:
    """Which way one number went, whatever the others did."""
    measure = describe_measure(key)
    before, after = worth(measure, was), worth(measure, now)
    if before is None or after is None or before == after:
        return Trend.DIFFERENT
    more_is_better = measure.better is Better.MORE
    return Trend.BETTER if (after > before) is more_is_better else Trend.WORSE
