"""What was played and what it came to: all that a report format is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from chaos.compare.baseline import Comparison
from chaos.reports.annotations import Annotation, annotations_of
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.scenario.collecting import PassedOver
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, combine


@dataclass(frozen=True, kw_only=True)
class Report:
    """Runs with their verdicts, just played or read from saved results.

    Attributes:
        runs: Every run, in the order in which they were played.
        outcome: What they come to together; for the gate, with the comparison.
        comparison: With the baseline; None if there was none to compare with.
        baseline: The file of the baseline, to point at.
        laws_not_exercised: Laws that a target promises and no run put to the test.
        passed_over: What might be taken for a part of the suite and was not played.
        traces: Every trace by the name of its scenario; there may be one without a verdict.
    """

    runs: Sequence[RunResult]
    outcome: Outcome
    comparison: Comparison | None = None
    baseline: Path | None = None
    laws_not_exercised: tuple[str, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    traces: Mapping[str, Trace] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        suite: SuiteResult,
        comparison: Comparison | None = None,
        *,
        baseline: Path | None = None,
        outcome: Outcome | None = None,
    ) -> Self:
        """The report on a suite that was just played; its outcome, unless another is given."""
        return cls(
            runs=suite.results,
            outcome=outcome or suite.outcome,
            comparison=comparison,
            baseline=baseline,
            laws_not_exercised=suite.laws_not_exercised,
            passed_over=suite.passed_over,
            traces={run.name: run.trace for run in suite.results},
        )

    @classmethod
    def saved(cls, runs: Sequence[RunResult]) -> Self:
        """The report on runs that were saved."""
        return cls(
            runs=runs,
            outcome=combine(run.outcome for run in runs),
            traces={run.name: run.trace for run in runs},
        )

    @cached_property
    def annotations(self) -> Sequence[Annotation]:
        """Everything that keeps the gate shut, each with a line to point at."""
        return annotations_of(self.runs, self.comparison, self.baseline)

    @property
    def tiers(self) -> Mapping[str, int]:
        """How many runs each tier has seen."""
        return Counter(run.tier for run in self.runs)
