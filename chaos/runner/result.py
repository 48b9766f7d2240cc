"""A finished run: what a run leaves behind, and what everything that reads results is given."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from chaos.runner.measures import Measures, take
from chaos.scenario.loader import LoadedScenario
from chaos.trace.events import StepEvent
from chaos.trace.ndjson import digest
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict, combine

_WORTH_TELLING_S = 0.5
"""A disk may let somebody wait for less."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run of one scenario, just played or read from saved results.

    Attributes:
        name: That of the scenario, as all up to ``target``.
        path: The scenario file, as it was named.
        target: As the scenario names it.
        source: The lines of the scenario file; empty if they are no longer to be had.
        tier: ``simulated``, ``wire`` or ``served``.
        seed: What the choices were drawn from.
        trace: Everything that happened.
        verdicts: Expectations, faults that had to fire, and the state of the run itself.
        laws: One verdict for each law; a law that was not exercised is inconclusive.
        waived: Laws that the scenario sets aside.
        promised: Laws that the target can be held to under its settings, whether or not the
            run put them to the test; empty in a saved run.
        virtual_s: How long the run took in its own time.
        real_s: How long it took in ours; 0 in a saved run, so that saving stays deterministic.
        outside_s: Of that, how long the service has waited at a stretch for something that is not
            simulated, in no virtual time.
        best_mode: How the target answers while all is well.
        replay: The command that plays it again; of a simulated run it shows every event.
    """

    name: str
    path: str
    hypothesis: str
    tags: tuple[str, ...]
    target: str
    source: tuple[str, ...] = ()
    tier: str
    seed: int
    trace: Trace
    verdicts: tuple[Verdict, ...]
    laws: tuple[Verdict, ...]
    waived: tuple[str, ...]
    promised: frozenset[str] = frozenset()
    virtual_s: float
    real_s: float = 0.0
    outside_s: float = 0.0
    best_mode: str
    replay: str

    @classmethod
    def of(  # noqa: PLR0913 - what is known of a run when it ends; all but the first by keyword
        cls,
        loaded: LoadedScenario,
        *,
        tier: str,
        seed: int,
        trace: Trace,
        verdicts: tuple[Verdict, ...],
        laws: tuple[Verdict, ...],
        promised: frozenset[str] = frozenset(),
        virtual_s: float,
        real_s: float,
        outside_s: float = 0.0,
        best_mode: str,
    ) -> Self:
        """The result of a scenario that was just played; see the attributes."""
        scenario, lines = loaded.scenario, loaded.source.lines
        return cls(
            name=scenario.name,
            path=loaded.source.path,
            hypothesis=" ".join(scenario.hypothesis.split()),
            tags=scenario.tags,
            target=scenario.target,
            # Without the empty line after the last line end.
            source=lines[:-1] if lines and not lines[-1] else lines,
            tier=tier,
            seed=seed,
            trace=trace,
            verdicts=verdicts,
            laws=laws,
            waived=scenario.waive,
            promised=promised,
            virtual_s=virtual_s,
            real_s=real_s,
            outside_s=outside_s,
            best_mode=best_mode,
            replay=replay_command(loaded.source.path, tier, seed),
        )

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome of everything that was judged.

        A law that had nothing to judge casts no doubt on a run; a law that was broken fails it.
        """
        broken = (law for law in self.laws if law.outcome is Outcome.FAILED)
        return combine(verdict.outcome for verdict in (*self.verdicts, *broken))

    @cached_property
    def problems(self) -> tuple[Verdict, ...]:
        """Every verdict that kept the run from passing, failures first."""
        bad = [v for v in self.verdicts if v.outcome is not Outcome.PASSED]
        bad += [v for v in self.laws if v.outcome is Outcome.FAILED]
        return tuple(sorted(bad, key=lambda verdict: verdict.outcome is not Outcome.FAILED))

    @cached_property
    def digest(self) -> str:
        """The digest of the trace: equal digests mean equal runs."""
        return digest(self.trace)

    @cached_property
    def measures(self) -> Measures:
        """The numbers it comes down to."""
        return take(self.trace, self.outcome, best_mode=self.best_mode)

    @property
    def note(self) -> str | None:
        """What a reader has to know besides; None if that is nothing."""
        if self.tier != "simulated" or self.outside_s < _WORTH_TELLING_S:
            return None
        return (
            f"the service waited for {self.outside_s:.1f} s of real time, and no virtual time, "
            "for something that is not simulated"
        )

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


def replay_command(path: str, tier: str, seed: int) -> str:
    """The command that plays a scenario again in a tier; ``both`` compares two of them.

    Example:
        >>> replay_command("scenarios/smoke.yaml", "simulated", 7)
        'chaos replay scenarios/smoke.yaml --seed 7'
        >>> replay_command("scenarios/smoke.yaml", "wire", 7)
        'chaos run scenarios/smoke.yaml --seed 7 --tier wire'
    """
    played = f"{shlex.quote(path)} --seed {seed}"
    if tier == "served":
        return f"chaos serve {played}"
    if tier == "simulated":
        return f"chaos replay {played}"
    return f"chaos run {played} --tier {tier}"
