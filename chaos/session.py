"""From names to verdicts: finds scenarios and targets, and plays them in a tier."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import freezegun.api

from chaos.checks.registry import LAWS
from chaos.explorer.interleavings import play_interleavings, replay_interleaving
from chaos.parity.verdicts import with_parity
from chaos.ports import Target
from chaos.runner.collection import no_collection
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.problems import ScenarioError
from chaos.scenario.suite import is_asked_for, load_suite, matches
from chaos.targets import find_target, vocabulary_of
from chaos.tiers.simulated.world import Simulation
from chaos.tiers.wire.support import unsupported
from chaos.tiers.wire.world import WireSimulation
from chaos.verdict import Outcome, combine


class Tier(Enum):
    """Where scenarios are played; in both, the traces of the two are compared."""

    SIMULATED = "simulated"
    WIRE = "wire"
    BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """Every run of one call of ``chaos run``.

    Attributes:
        results: In the order they were played.
        real_s: Real time of all of it, in seconds.
        not_on_wire: Why scenarios were not played on the wire, though it was asked for.
    """

    results: tuple[RunResult, ...]
    real_s: float
    not_on_wire: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome of all; inconclusive when nothing was played."""
        return combine(result.outcome for result in self.results)

    def count(self, outcome: Outcome) -> int:
        """How many runs ended so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def laws_not_exercised(self) -> tuple[str, ...]:
        """Laws that no run put to the test."""
        exercised = {
            law.check
            for result in self.results
            for law in result.laws
            if law.outcome is not Outcome.INCONCLUSIVE
        }
        return tuple(law.name for law in LAWS if law.name not in exercised)


def load(paths: Sequence[Path], expression: str = "") -> list[LoadedScenario]:
    """Load the scenarios below these paths that match the expression.

    Incidents are checked as all others, and left out unless they are named; see `is_asked_for`.

    Raises:
        ScenarioError: At least one file is wrong; all mistakes of all files are in it.
        ChaosError: A path does not exist, or the expression cannot be read.
    """
    with importable_here():
        loaded, problems = load_suite(paths, vocabulary_of)
    if problems:
        raise ScenarioError(problems)
    return [
        each
        for each in loaded
        if (not expression or matches(each.scenario, expression))
        and is_asked_for(each.scenario, paths, expression)
    ]


def run(
    loaded: Sequence[LoadedScenario],
    *,
    tier: Tier = Tier.SIMULATED,
    seed: int | None = None,
    stop_at_first: bool = False,
    on_result: Callable[[RunResult], None] = lambda _: None,
) -> SuiteResult:
    """Play scenarios one after the other.

    Args:
        loaded: What to play.
        tier: Where.
        seed: Replaces the seed of every scenario.
        stop_at_first: End after the first run that did not pass.
        on_result: Told of each run as it ends.

    Raises:
        TargetError: A scenario's target cannot be found.
        MissingComponentError: The wire tier is asked for, and there is no Toxiproxy.
    """
    with importable_here():
        targets = [find_target(each.scenario.target) for each in loaded]
    simulated: dict[int, RunResult] = {}
    results: list[RunResult] = []
    not_on_wire: list[str] = []
    began = freezegun.api.real_monotonic()
    for make_world in _WORLDS[tier]:
        with make_world() as world, no_collection():
            for number, (each, target) in enumerate(zip(loaded, targets, strict=True)):
                reason = unsupported(each.scenario)
                if world.tier == WireSimulation.tier and reason is not None:
                    not_on_wire.append(reason)
                    continue
                result = play_one(each, target, world, seed=seed)
                if number in simulated:
                    result = with_parity(result, simulated[number])
                elif tier is Tier.BOTH:
                    simulated[number] = result
                results.append(result)
                on_result(result)
                if stop_at_first and result.outcome is not Outcome.PASSED:
                    break
    return SuiteResult(
        results=tuple(results),
        real_s=freezegun.api.real_monotonic() - began,
        not_on_wire=tuple(not_on_wire),
    )


_WORLDS: dict[Tier, tuple[type[Simulation], ...]] = {
    Tier.SIMULATED: (Simulation,),
    Tier.WIRE: (WireSimulation,),
    Tier.BOTH: (Simulation, WireSimulation),
}


def replay(loaded: LoadedScenario) -> SuiteResult:
    """Play one scenario; if it names one interleaving, that one and no other.

    Raises:
        TargetError: Its target cannot be found.
    """
    if loaded.scenario.explore is None or not loaded.scenario.explore.choices:
        return run([loaded])
    with importable_here():
        target = find_target(loaded.scenario.target)
    with Simulation() as simulation:
        result = replay_interleaving(loaded, target, simulation)
    return SuiteResult(results=(result,), real_s=result.real_s)


def play_one(
    loaded: LoadedScenario,
    target: type[Target],
    simulation: Simulation,
    *,
    seed: int | None = None,
) -> RunResult:
    """Play one scenario in a world that is entered already, once or in all its interleavings."""
    if loaded.scenario.explore is not None:
        return play_interleavings(loaded, target, simulation)
    return play(loaded, target, simulation, seed=seed)


@contextmanager
def importable_here() -> Iterator[None]:
    """Let ``target: package.module:Class`` name a file below the current folder."""
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        yield
    finally:
        if added:
            sys.path.remove(here)
