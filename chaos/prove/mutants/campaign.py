"""A sample of mutants, each imported in a process of its own and played until a scenario fails."""

from __future__ import annotations

import logging
import resource
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from chaos.errors import ChaosError
from chaos.processes.executor import HERE, Executor, ExecutorLostError
from chaos.prove.gate import Case, Fate, Play
from chaos.prove.mutants.importing import imported_anew, modules_of
from chaos.prove.mutants.operators import Mutant, mutants_of, mutated
from chaos.prove.mutants.reach import Statement, functions
from chaos.prove.mutants.reviewed import Equivalent, without
from chaos.prove.mutants.sounding import Sounding, sound
from chaos.prove.patience import allow
from chaos.scenario.loader import LoadedScenario
from chaos.session import play_one
from chaos.targets.here import find_here, importable_here
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome

IMPORTED = "import"
"""The check that the service can be imported at all."""

ENDS = "ends"
"""The check that a run comes to an end."""

_PATIENCE_S = 10.0
_TIMES_SOUND = 20
_MOST_MEMORY = 4 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantPlan:
    """What can be mutated, and what is going to be.

    Attributes:
        service: The modules that the mutants are made of.
        possible: How many mutants there are in all.
        unreached: How many of them no scenario can reach, by module.
        equivalent: How many of them, reached or not, somebody has found to change nothing.
        chosen: The sample of the others.
    """

    service: tuple[str, ...]
    possible: int
    equivalent: int = 0
    unreached: Mapping[str, int]
    chosen: tuple[Mutant, ...]

    @property
    def reachable(self) -> int:
        """How many mutants some scenario can reach, and may notice."""
        return self.possible - self.equivalent - sum(self.unreached.values())


@dataclass(frozen=True, kw_only=True)
class MutantCampaign:
    """What became of a sample of mutants.

    Attributes:
        cases: One for each mutant of the plan, in the same order.
        not_sound: Scenarios that do not pass without any mutant; then nothing was planted.
    """

    plan: MutantPlan
    cases: tuple[Case, ...]
    not_sound: tuple[str, ...]
    real_s: float

    def of(self, fate: Fate) -> list[tuple[Mutant, Case]]:
        """Every mutant that met this fate."""
        pairs = zip(self.plan.chosen, self.cases, strict=True) if self.cases else ()
        return [(mutant, case) for mutant, case in pairs if case.fate is fate]

    @property
    def exit_code(self) -> int:
        """0 if a scenario failed for every mutant; 2 if one could not be judged; else 1."""
        if self.not_sound or not self.cases:
            return 1
        if self.of(Fate.ERROR):
            return 2
        return 0 if len(self.of(Fate.KILLED)) == len(self.cases) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantJob:
    """What to play against which mutant, with the processor time that each play may take."""

    mutant: Mutant
    service: tuple[str, ...]
    scenarios: tuple[tuple[LoadedScenario, float], ...]
    plays_all: bool


def all_mutants(service: Sequence[str]) -> list[Mutant]:
    """Every mutant of a service, in the order of its files and lines.

    Raises:
        ChaosError: The target does not say what its service is made of.
    """
    modules = modules_of(service)
    if not modules:
        raise ChaosError(
            "there are no modules to make mutants of; expected the packages of the service in the "
            "attribute 'service' of its target; name them there"
        )
    return [
        mutant
        for name, path in modules.items()
        for mutant in mutants_of(path.read_text(encoding="utf-8"), name, _shown(path))
    ]


def plan(  # noqa: PLR0913 - what a plan is made of
    mutants: Sequence[Mutant],
    soundings: Sequence[Sounding],
    service: Sequence[str],
    *,
    sample: int,
    seed: int,
    equivalent: int = 0,
) -> MutantPlan:
    """Choose a sample of the mutants that some scenario reaches.

    Args:
        mutants: All that can be made.
        soundings: What the scenarios reach.
        service: What the mutants are made of.
        sample: How many to choose; all, if there are fewer.
        seed: The same seed chooses the same. A scenario that reaches more brings in few others:
            each mutant has a lot of its own, and the lowest are drawn.
        equivalent: How many were taken out of ``mutants`` before.
    """
    reached = frozenset[Statement]().union(*(each.reached for each in soundings))
    at_import = _AtImport(reached)
    reachable = [each for each in mutants if _statement(each) in reached or at_import(each)]
    kept = set(map(id, reachable))
    unreached = Counter(each.module for each in mutants if id(each) not in kept)
    drawn = sorted(reachable, key=lambda each: _lot(seed, each))[:sample]
    chosen = sorted(drawn, key=lambda each: (each.module, each.line, each.column, each.id))
    return MutantPlan(
        service=tuple(service),
        possible=len(mutants) + equivalent,
        equivalent=equivalent,
        unreached=dict(unreached),
        chosen=tuple(chosen),
    )


def jobs_of(
    planned: MutantPlan,
    suite: Sequence[LoadedScenario],
    soundings: Sequence[Sounding],
    *,
    plays_all: bool = False,
    patience_s: float = _PATIENCE_S,
) -> Iterator[MutantJob]:
    """For each mutant the scenarios that reach it, those most likely to notice first.

    Who has reached most of the same function knows it best; of those, the cheap ones first.
    Searches of all interleavings come last: each is some hundred runs, of which few are needed.
    """
    around = {
        module: functions(path.read_text(encoding="utf-8"))
        for module, path in modules_of(planned.service).items()
    }
    known = [
        Counter((module, around[module](position)) for module, position in each.reached)
        for each in soundings
    ]
    for mutant in planned.chosen:
        function = around[mutant.module](mutant.statement)
        ranked = sorted(
            (
                suite[number].scenario.explore is not None,
                -known[number][mutant.module, function],
                each.events,
                number,
            )
            for number, each in enumerate(soundings)
            if function is None or _statement(mutant) in each.reached
        )
        limits = [
            (suite[number], patience_s + _TIMES_SOUND * soundings[number].cpu_s)
            for *_, number in ranked
        ]
        yield MutantJob(
            mutant=mutant,
            service=planned.service,
            scenarios=tuple(limits),
            plays_all=plays_all,
        )


def examine_all(
    jobs: Iterable[MutantJob], executor: Executor, on_case: Callable[[Case], None]
) -> list[Case]:
    """Play every job; ``on_case`` is told of each in their order, once its fate is known."""
    todo = list(jobs)
    untold = deque(todo)
    service = {job.service for job in todo}
    targets = {loaded.scenario.target for job in todo for loaded, _ in job.scenarios}
    examining = partial(_examining, sorted(service), sorted(targets))
    cases: dict[str, Case] = {}
    try:
        with (
            importable_here(),
            executor.workers(examining, isolated=True, name=_name, on_death=_died) as pool,
        ):
            for job, case in pool.as_they_end(todo):
                cases[job.mutant.id] = case
                # Who plays them, and how fast, must not show in what is told.
                while untold and untold[0].mutant.id in cases:
                    on_case(cases[untold.popleft().mutant.id])
    except ExecutorLostError:
        for job in untold:
            if job.mutant.id in cases:
                on_case(cases[job.mutant.id])
        raise
    return [cases[job.mutant.id] for job in todo]


def mutate(  # noqa: PLR0913 - what a campaign is made of
    suite: Sequence[LoadedScenario],
    service: Sequence[str],
    *,
    sample: int,
    seed: int,
    only: str | None = None,
    reviewed: Sequence[Equivalent] = (),
    patience_s: float = _PATIENCE_S,
    executor: Executor = HERE,
    mine: Callable[[Sequence[Mutant]], Sequence[Mutant]] = list,
    on_plan: Callable[[MutantPlan], None] = lambda _: None,
    on_case: Callable[[Case], None] = lambda _: None,
) -> MutantCampaign:
    """Make a sample of mutants, and play the suite against each.

    Args:
        suite: Scenarios of one target.
        service: What the target's service is made of.
        sample: How many mutants.
        seed: Chooses them.
        only: The one mutant to play, by its id; then every scenario that reaches it is played.
        reviewed: Those that change nothing, and are not played unless named by ``only``.
        patience_s: Processor time that a play may take beyond what it takes of the sound service.
        executor: Where they are played.
        mine: Those of the sample that are to be played here, if others play the rest.
        on_plan: Told of the whole sample, and what it was drawn from.
        on_case: Told of each mutant, in the order of the plan, as its fate is known.

    Raises:
        ChaosError: There is no such mutant, or nothing to make any of; or what was reviewed is
            not what the service is now.
    """
    began_s = time.perf_counter()
    every = all_mutants(service)
    mutants = without(every, reviewed)
    equivalent = len(every) - len(mutants)
    if only is not None:
        mutants, equivalent = [each for each in every if each.id == only], 0
        if not mutants:
            raise ChaosError(
                f"there is no mutant {only!r}; expected one that `chaos prove --mutants` listed "
                "for the same files; list them again"
            )
    soundings = sound(suite, service, executor)
    not_sound = [each.scenario for each in soundings if each.outcome is not Outcome.PASSED]
    planned = plan(mutants, soundings, service, sample=sample, seed=seed, equivalent=equivalent)
    on_plan(planned)
    planned = replace(planned, chosen=tuple(mine(planned.chosen)))
    cases: list[Case] = []
    if not not_sound:
        jobs = jobs_of(
            planned, suite, soundings, plays_all=only is not None, patience_s=patience_s
        )
        cases = examine_all(jobs, executor, on_case)
    return MutantCampaign(
        plan=planned,
        cases=tuple(cases),
        not_sound=tuple(not_sound),
        real_s=time.perf_counter() - began_s,
    )


class _AtImport:
    """Whether a mutant is in what runs when its module is imported."""

    def __init__(self, reached: frozenset[Statement]) -> None:
        self._used = {module for module, _ in reached}
        self._around: dict[str, Callable[[tuple[int, int]], str | None]] = {}

    def __call__(self, mutant: Mutant) -> bool:
        if mutant.module not in self._used:
            return False
        if mutant.module not in self._around:
            text = Path(mutant.path).read_text(encoding="utf-8")
            self._around[mutant.module] = functions(text)
        return self._around[mutant.module](mutant.statement) is None


@contextmanager
def _examining(
    services: Sequence[tuple[str, ...]], targets: Sequence[str]
) -> Iterator[Callable[[MutantJob], Case]]:
    """Each mutant has a process of its own, forked from this one, which knows all libraries."""
    for service in services:
        # Much of a library is imported only when somebody looks at it, as both of these do.
        with imported_anew(service, {}):
            for target in targets:
                find_here(target)
            with SimulatedTier():
                pass
    yield _examine


def _examine(job: MutantJob) -> Case:
    """Import the mutant in this process, which is its own, and play until it is caught."""
    logging.getLogger().addHandler(logging.NullHandler())
    threading.excepthook = lambda _: None
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, resource.RLIM_INFINITY))
    mutant, plays = job.mutant, list[Play]()

    with imported_anew(job.service, {mutant.module: partial(mutated, mutant=mutant)}):
        try:
            targets = {
                each.scenario.target: find_here(each.scenario.target) for each, _ in job.scenarios
            }
        except Exception:  # noqa: BLE001 - whatever an import ends with
            return _noticed(mutant, IMPORTED)
        with SimulatedTier() as simulation:
            for loaded, cpu_s in job.scenarios:
                allow(cpu_s)
                plays.append(
                    Play.of(play_one(loaded, targets[loaded.scenario.target], simulation))
                )
                if plays[-1].outcome is Outcome.FAILED and not job.plays_all:
                    break
    return Case(defect=mutant.id, plays=tuple(plays))


def _died(job: MutantJob, how: str) -> Case:
    """A mutant that computes for ever is noticed by anybody; of another death nobody knows why."""
    if "SIGXCPU" in how:
        return _noticed(job.mutant, ENDS)
    return Case(defect=job.mutant.id, error=f"its process {how}")


def _name(job: MutantJob) -> str:
    return f"mutant {job.mutant.id}"


def _noticed(mutant: Mutant, check: str) -> Case:
    return Case(
        defect=mutant.id,
        plays=(Play(scenario="any", outcome=Outcome.FAILED, checks=(check,)),),
    )


def _lot(seed: int, mutant: Mutant) -> bytes:
    """What decides whether a mutant is drawn, whatever others there are."""
    return sha256(f"{seed}:{mutant.id}".encode()).digest()


def _statement(mutant: Mutant) -> Statement:
    return mutant.module, mutant.statement


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
