"""Everything that keeps the gate shut, each with the line of a file to point at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from chaos import inputs
from chaos.compare.baseline import Comparison
from chaos.reports.rules import NOT_IN_BASELINE, NOT_PLAYED, REGRESSION, Rule, rule_of
from chaos.runner.measures import VERDICT
from chaos.runner.result import RunResult
from chaos.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One thing that is wrong, as an annotation in a pull request shows it.

    Attributes:
        outcome: Failed or inconclusive.
        check: What found it; together with the scenario it is what the annotation is known by.
        path: The file to annotate, from the root of the repository where that is possible.
        line: The line of it, from 1.
        message: What is wrong, in plain text.
    """

    rule: Rule
    outcome: Outcome
    scenario: str
    check: str
    path: str
    line: int
    message: str


def annotations_of(
    runs: Sequence[RunResult], comparison: Comparison | None = None, baseline: Path | None = None
) -> list[Annotation]:
    """What the runs and their comparison with the baseline found, scenarios first."""
    found = [_of_verdict(run, verdict) for run in runs for verdict in run.problems]
    if comparison is not None:
        found += _of_comparison({run.name: run for run in runs}, comparison, str(baseline or ""))
    return found


def _of_verdict(run: RunResult, verdict: Verdict) -> Annotation:
    lines = [f"{run.name}: {verdict.check}: {verdict.reason}"]
    if verdict.expected:
        lines.append(f"expected {verdict.expected}, seen {verdict.seen or 'nothing'}")
    return Annotation(
        rule=rule_of(verdict),
        outcome=verdict.outcome,
        scenario=run.name,
        check=verdict.check,
        path=_from_root(run.path),
        line=run.line_of(verdict),
        message="\n".join([*lines, f"replay: {run.replay}"]),
    )


def _of_comparison(
    runs: Mapping[str, RunResult], comparison: Comparison, baseline: str
) -> Iterator[Annotation]:
    for change in comparison.shutting:
        if change.key == VERDICT.key:
            continue  # What made the verdict worse is a finding of its own already.
        message = f"{change}; {comparison.advice}"
        path = runs[change.scenario].path
        yield _in_general(REGRESSION, change.scenario, change.key, path, message)
    for name in comparison.new:
        message = f"{name} is not in the baseline; record it with: {comparison.update}"
        yield _in_general(NOT_IN_BASELINE, name, "new", runs[name].path, message)
    for name in comparison.missing:
        message = (
            f"{name} is in the baseline but was not played; if it is gone: {comparison.update}"
        )
        yield _in_general(NOT_PLAYED, name, "missing", baseline, message)


def _in_general(rule: Rule, scenario: str, check: str, path: str, message: str) -> Annotation:
    """A finding about a whole file."""
    return Annotation(
        rule=rule,
        outcome=Outcome.FAILED,
        scenario=scenario,
        check=check,
        path=_from_root(path),
        line=1,
        message=message,
    )


def _from_root(path: str) -> str:
    absolute, here = inputs.resolved(path), Path.cwd()
    inside = absolute.is_relative_to(here)
    return absolute.relative_to(here).as_posix() if inside else PurePath(path).as_posix()
