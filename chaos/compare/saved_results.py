"""A finished run as reports and comparisons need it: just played, or read from saved results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from chaos import inputs
from chaos.compare.measures import Measures, take
from chaos.errors import ChaosError
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.trace import ndjson
from chaos.trace.events import StepEvent
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict

_HOW_TO_SAVE = "save both with: chaos run --json results.json --traces traces"


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """One run of one scenario, by whichever way it came here.

    Attributes:
        path: The scenario file, as it was named.
        verdicts: Everything but laws.
        laws: One verdict for each law; one that was not exercised is inconclusive.
        waived: Laws that the scenario sets aside.
        best_mode: How the target answers while all is well.
        replay: The command that plays it again.
        source: The lines of the scenario file; empty if they are no longer to be had.
        real_s: How long it took in our time; 0 of a saved run, so that saving stays deterministic.
    """

    name: str
    path: str
    hypothesis: str
    tags: tuple[str, ...]
    target: str
    tier: str
    seed: int
    outcome: Outcome
    virtual_s: float
    digest: str
    verdicts: tuple[Verdict, ...]
    laws: tuple[Verdict, ...]
    waived: tuple[str, ...]
    best_mode: str
    replay: str
    trace: Trace
    source: tuple[str, ...] = ()
    real_s: float = 0.0

    @classmethod
    def of(cls, result: RunResult) -> Self:
        """A run that was just played."""
        scenario = result.loaded.scenario
        return cls(
            name=scenario.name,
            path=str(result.loaded.source.path),
            hypothesis=" ".join(scenario.hypothesis.split()),
            tags=scenario.tags,
            target=scenario.target,
            tier=result.tier,
            seed=result.seed,
            outcome=result.outcome,
            virtual_s=result.virtual_s,
            digest=result.digest,
            verdicts=result.verdicts,
            laws=result.laws,
            waived=result.waived,
            best_mode=result.best_mode,
            replay=result.replay,
            trace=result.trace,
            source=_without_end(result.loaded.source.lines),
            real_s=result.real_s,
        )

    @cached_property
    def problems(self) -> tuple[Verdict, ...]:
        """Every verdict that kept the run from passing, failures first."""
        bad = [v for v in self.verdicts if v.outcome is not Outcome.PASSED]
        bad += [v for v in self.laws if v.outcome is Outcome.FAILED]
        return tuple(sorted(bad, key=lambda verdict: verdict.outcome is not Outcome.FAILED))

    @cached_property
    def measures(self) -> Measures:
        """The numbers it comes down to."""
        return take(self.trace, self.outcome, best_mode=self.best_mode)

    def line_of(self, verdict: Verdict) -> int:
        """The line of the scenario file to point at for a verdict, from 1.

        A law has no line of its own: what decided it happened in some step, and that has one.
        """
        if verdict.line is not None:
            return verdict.line
        decided = max(verdict.evidence, default=len(self.trace))
        begun = [
            step.line
            for step in self.trace[:decided].of(StepEvent)
            if step.phase == "begin" and step.line is not None
        ]
        return begun[-1] if begun and verdict.evidence else 1


def runs_of(suite: SuiteResult) -> list[FinishedRun]:
    """The runs of a suite that was just played, in order."""
    return [FinishedRun.of(result) for result in suite.results]


def read_trace(path: Path) -> Trace:
    """Read one saved trace.

    Raises:
        ChaosError: There is none, or it is damaged.
    """
    try:
        return ndjson.load(inputs.read_text(path))
    except inputs.UnreadableError as error:
        if error.is_missing:
            raise ChaosError(f"no trace at '{path}'; {_HOW_TO_SAVE}") from None
        raise
    except ValueError as error:
        raise ChaosError(f"trace '{path}' cannot be read: {error}") from error


def read_results(path: Path, traces: Path | None = None) -> list[FinishedRun]:
    """Read saved results and the traces that belong to them.

    Args:
        path: What ``chaos run --json`` wrote.
        traces: What ``--traces`` wrote; by default the folder ``traces`` beside ``path``.

    Raises:
        ChaosError: Something is missing, damaged, or not of the same run.
    """
    try:
        document = inputs.parse_json(inputs.read_text(path))
    except inputs.UnreadableError as error:
        if error.is_missing:
            raise ChaosError(f"no results at '{path}'; {_HOW_TO_SAVE}") from None
        raise
    except inputs.NotJsonError as error:
        raise ChaosError(f"results '{path}' cannot be read: {error}; {_HOW_TO_SAVE}") from None
    try:
        return list(_runs(document, traces or path.parent / "traces"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ChaosError(f"'{path}' does not hold results of `chaos run --json`") from error


def _runs(document: Mapping[str, Any], traces: Path) -> Iterator[FinishedRun]:
    for saved in document["scenarios"]:
        trace = read_trace(traces / f"{saved['name']}.ndjson")
        if (found := ndjson.digest(trace)) != saved["digest"]:
            raise ChaosError(
                f"the trace of {saved['name']} in '{traces}' is of another run: its digest is "
                f"{found}, the results say {saved['digest']}; {_HOW_TO_SAVE}"
            )
        yield FinishedRun(
            name=saved["name"],
            path=saved["path"],
            hypothesis=saved["hypothesis"],
            tags=tuple(saved["tags"]),
            target=saved["target"],
            tier=saved["tier"],
            seed=saved["seed"],
            outcome=Outcome(saved["outcome"]),
            virtual_s=saved["virtual_s"],
            digest=saved["digest"],
            verdicts=tuple(map(_verdict, saved["verdicts"])),
            laws=tuple(map(_verdict, saved["laws"])),
            waived=tuple(saved["waived"]),
            best_mode=saved["best_mode"],
            replay=saved["replay"],
            trace=trace,
            source=_source(Path(saved["path"])),
        )


def _verdict(saved: Mapping[str, Any]) -> Verdict:
    return Verdict(
        check=saved["check"],
        outcome=Outcome(saved["outcome"]),
        reason=saved["reason"],
        expected=saved["expected"],
        seen=saved["seen"],
        line=saved["line"],
        evidence=tuple(saved["evidence"]),
    )


def _source(path: Path) -> tuple[str, ...]:
    """The file as it is now; a report without it is still worth having."""
    try:
        return _without_end(tuple(inputs.read_text(path).split("\n")))
    except inputs.UnreadableError:
        return ()


def _without_end(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a file without the empty one after its last line end."""
    return lines[:-1] if lines and not lines[-1] else lines
