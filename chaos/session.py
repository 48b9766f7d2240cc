"""From names to verdicts: finds scenarios and targets, and plays them in a tier."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import freezegun.api

from chaos.checks.registry import LAWS
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.problems import ScenarioError
from chaos.scenario.suite import load_suite, matches
from chaos.targets import find_target, vocabulary_of
from chaos.tiers.simulated.world import Simulation
from chaos.verdict import Outcome, combine


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """Every run of one call of ``chaos run``.

    Attributes:
        results: In the order they were played.
        real_s: Real time of all of it, in seconds.
    """

    results: tuple[RunResult, ...]
    real_s: float

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

    Raises:
        ScenarioError: At least one file is wrong; all mistakes of all files are in it.
        ChaosError: A path does not exist, or the expression cannot be read.
    """
    with _importable_here():
        loaded, problems = load_suite(paths, vocabulary_of)
    if problems:
        raise ScenarioError(problems)
    return [each for each in loaded if not expression or matches(each.scenario, expression)]


def run(
    loaded: Sequence[LoadedScenario],
    *,
    seed: int | None = None,
    stop_at_first: bool = False,
    on_result: Callable[[RunResult], None] = lambda _: None,
) -> SuiteResult:
    """Play scenarios one after the other in the simulated tier.

    Args:
        loaded: What to play.
        seed: Replaces the seed of every scenario.
        stop_at_first: End after the first run that did not pass.
        on_result: Told of each run as it ends.

    Raises:
        TargetError: A scenario's target cannot be found.
    """
    results: list[RunResult] = []
    with _importable_here():
        targets = [find_target(each.scenario.target) for each in loaded]
    with Simulation() as simulation, _no_collection():
        began = freezegun.api.real_monotonic()
        for each, target in zip(loaded, targets, strict=True):
            result = play(each, target, simulation, seed=seed)
            results.append(result)
            on_result(result)
            if stop_at_first and result.outcome is not Outcome.PASSED:
                break
        real_s = freezegun.api.real_monotonic() - began
    return SuiteResult(results=tuple(results), real_s=real_s)


@contextmanager
def _importable_here() -> Iterator[None]:
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


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep what is loaded already out of garbage collection: it will not become garbage."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
