"""The proof: first the sound service, then every defect, each alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

from chaos import session
from chaos.checks.laws import LAWS
from chaos.defects.defect import Defect
from chaos.ports import Target
from chaos.processes.pool import workers
from chaos.prove.gate import Case, DefectJob, Fate, Play, examine
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.targets import warm_up
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome, combine

Suite = Sequence[tuple[LoadedScenario, type[Target]]]
"""Scenarios, each with its target."""

Planting = Sequence[tuple[Defect, Collection[type[Target]]]]
"""Defects of different names, and the targets whose scenarios have to notice each: several may be
fronts of one service, with one catalogue."""


class Sound(Protocol):
    """A scenario, and what it came to without any defect."""

    @property
    def name(self) -> str:
        """That of the scenario."""

    @property
    def outcome(self) -> Outcome:
        """What it came to."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the gate made of every defect.

    Attributes:
        defects: What was planted, in the order of the catalogue.
        cases: One for each defect, in the same order.
        sound: The runs of the service without any defect.
        is_matrix: Whether every scenario was played against every defect.
        real_s: Real time of all of it, in seconds.
    """

    defects: tuple[Defect, ...]
    cases: tuple[Case, ...]
    sound: tuple[Sound, ...]
    is_matrix: bool
    real_s: float

    @cached_property
    def is_sound(self) -> bool:
        """Whether the service passes without a defect; else nothing else was played."""
        return combine(result.outcome for result in self.sound) is Outcome.PASSED

    def of(self, fate: Fate) -> list[Defect]:
        """Every defect that met this fate."""
        pairs = zip(self.defects, self.cases, strict=True) if self.cases else ()
        return [defect for defect, case in pairs if case.fate is fate]

    @property
    def exit_code(self) -> int:
        """0 if a scenario failed for every defect; 2 if one could not be planted; 1 for others.

        A service that does not pass by itself ends as it would without any defect.
        """
        if not self.is_sound:
            return combine(result.outcome for result in self.sound).exit_code
        if self.of(Fate.ERROR):
            return 2
        return 0 if self.defects and len(self.of(Fate.KILLED)) == len(self.defects) else 1

    @cached_property
    def catches(self) -> Counter[str]:
        """How many defects each scenario caught, in the order of the suite."""
        caught = Counter({result.name: 0 for result in self.sound})
        caught.update(play.scenario for case in self.cases for play in case.caught)
        return caught

    @cached_property
    def law_catches(self) -> Counter[str]:
        """How many defects each law caught, in whatever scenario."""
        caught = Counter({law.name: 0 for law in LAWS})
        caught.update(law for case in self.cases for law in _laws(case.caught))
        return caught

    @cached_property
    def guarded_once(self) -> dict[str, str]:
        """Defects that only one check catches, and that check: without it they would survive.

        A law is one check, wherever it was broken; the expectations of one scenario are another.
        """
        found = {}
        for case in self.cases:
            if len(checks := checks_of(case)) == 1:
                found[case.defect] = checks[0]
        return found


def checks_of(case: Case) -> tuple[str, ...]:
    """Everything that caught a defect: laws, then scenarios by their own expectations."""
    scenarios = (f"scenario {play.scenario}" for play in case.caught if play.checks)
    return (*(f"law {law}" for law in _laws(case.caught)), *scenarios)


def prove(
    suite: Suite,
    defects: Planting,
    *,
    is_matrix: bool = False,
    at_once: int = 1,
    on_case: Callable[[Case], None] = lambda _: None,
) -> Proof:
    """Play the sound service, then plant one defect after the other.

    Args:
        suite: What the gate consists of.
        defects: What to plant, each with the targets of the service that it is planted in.
        is_matrix: Play every scenario against every defect, instead of until the first failure.
        at_once: How many processes to use.
        on_case: Told of each defect as its fate is known.
    """
    began_s = time.perf_counter()
    sound = session.run(
        [loaded for loaded, _ in suite],
        targets=[target for _, target in suite],
        processes=at_once,
        # As defects are played: what one scenario leaves to the next must not look like a catch.
        is_alone=True,
    ).results
    cases: dict[str, Case] = {}
    if combine(result.outcome for result in sound) is Outcome.PASSED:
        jobs = list(_jobs(sound, suite, defects, is_matrix=is_matrix))
        for case in _cases(suite, jobs, at_once):
            cases[case.defect] = case
            on_case(case)
    return Proof(
        defects=tuple(defect for defect, _ in defects),
        cases=tuple(cases[defect.name] for defect, _ in defects if defect.name in cases),
        sound=sound,
        is_matrix=is_matrix,
        real_s=time.perf_counter() - began_s,
    )


def _cases(suite: Suite, jobs: Sequence[DefectJob], at_once: int) -> Iterator[Case]:
    with workers(
        partial(_examining, suite),
        at_once,
        isolated=True,
        on_death=lambda job, how: Case(defect=job.defect.name, error=f"its process {how}"),
    ) as examining:
        for _, case in examining.as_they_end(jobs):
            yield case


@contextmanager
def _examining(suite: Suite) -> Iterator[Callable[[DefectJob], Case]]:
    warm_up(target for _, target in suite)
    # Entered once; a defect is planted in a copy of this world.
    with SimulatedTier() as simulation:
        yield partial(examine, simulation=simulation)


def _jobs(
    sound: Sequence[RunResult],
    suite: Suite,
    defects: Planting,
    *,
    is_matrix: bool,
) -> Iterator[DefectJob]:
    """For each defect the scenarios that share most of its tags first, and of those the cheap.

    One that is played in all its interleavings comes last, unless the defect is about that.
    """
    cost = {result.name: len(result.trace) for result in sound}
    for defect, targets in defects:
        tags = frozenset(defect.tags)
        ranked = [
            (
                loaded.scenario.explore is not None and "interleaved" not in tags,
                -len(tags.intersection(loaded.scenario.tags)),
                cost[loaded.scenario.name],
                number,
            )
            for number, (loaded, its_target) in enumerate(suite)
            if its_target in targets
        ]
        scenarios = tuple(suite[number] for *_, number in sorted(ranked))
        yield DefectJob(defect=defect, scenarios=scenarios, plays_all=is_matrix)


def _laws(plays: Iterable[Play]) -> list[str]:
    return list(dict.fromkeys(law for play in plays for law in play.laws))
