"""Two saved runs of the same scenarios, compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chaos.compare.changes import Change, Trend, changes
from chaos.compare.traces import Parting, first_difference
from chaos.runner.measures import Measures, take
from chaos.runner.result import RunResult
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One scenario as it went in one of the runs; ``problems`` kept it from passing."""

    trace: Trace
    measures: Measures
    problems: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioDifference:
    """A scenario that did not go the same way in both.

    Attributes:
        parting: The first event that differs; None if only the judgement of them does.
        problems: What keeps it from passing now and did not before.
        changes: What it comes to; empty when every measure stayed the same.
    """

    name: str
    was: Trace
    now: Trace
    parting: Parting | None
    problems: tuple[Verdict, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsCompared:
    """Everything that differs between two saved runs.

    Attributes:
        same: How many scenarios went the same way, event for event.
        differences: Those that did not, by name.
        only_before: Scenarios of the first alone.
        only_now: Scenarios of the second alone.
    """

    same: int
    differences: tuple[ScenarioDifference, ...] = ()
    only_before: tuple[str, ...] = ()
    only_now: tuple[str, ...] = ()

    @property
    def changes(self) -> list[Change]:
        """Every measure that changed, by scenario."""
        return [change for each in self.differences for change in each.changes]

    @property
    def outcome(self) -> Outcome:
        """Failed if anything got worse, passed if nothing did.

        Inconclusive if something is merely different: events without a measure that moved, a
        change that is neither better nor worse, or scenarios to be found in one run only.
        """
        trends = {change.trend for change in self.changes}
        if Trend.WORSE in trends:
            return Outcome.FAILED
        unmeasured = any(not each.changes for each in self.differences)
        if unmeasured or Trend.DIFFERENT in trends or self.only_before or self.only_now:
            return Outcome.INCONCLUSIVE
        return Outcome.PASSED


def sides(runs: Iterable[RunResult]) -> dict[str, Side]:
    """Runs with their verdicts, by the names of their scenarios."""
    return {
        run.name: Side(trace=run.trace, measures=run.measures, problems=run.problems)
        for run in runs
    }


def bare(name: str, trace: Trace) -> dict[str, Side]:
    """A trace that came without a verdict."""
    return {name: Side(trace=trace, measures=take(trace))}


def compare_runs(was: Mapping[str, Side], now: Mapping[str, Side]) -> RunsCompared:
    """Compare what ran under the same names.

    Example:
        >>> compare_runs(bare("smoke", Trace()), bare("smoke", Trace())).outcome.value
        'passed'
    """
    common = sorted(was.keys() & now.keys())
    differences = []
    for name in common:
        before, after = was[name], now[name]
        parting = first_difference(before.trace, after.trace)
        found = changes(name, before.measures, after.measures)
        if parting is not None or found:
            differences.append(
                ScenarioDifference(
                    name=name,
                    was=before.trace,
                    now=after.trace,
                    parting=parting,
                    problems=_new_problems(before, after),
                    changes=tuple(found),
                )
            )
    return RunsCompared(
        same=len(common) - len(differences),
        differences=tuple(differences),
        only_before=tuple(sorted(was.keys() - now.keys())),
        only_now=tuple(sorted(now.keys() - was.keys())),
    )


def _new_problems(was: Side, now: Side) -> tuple[Verdict, ...]:
    known = {verdict.check for verdict in was.problems}
    return tuple(verdict for verdict in now.problems if verdict.check not in known)
