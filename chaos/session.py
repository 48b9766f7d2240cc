"""From names to verdicts: finds scenarios and targets, and plays them in a tier."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from chaos.compare.tiers.verdicts import with_parity
from chaos.defects.defect import Defect, also_here, planted_here
from chaos.explorer.interleavings import play_interleavings, replay_interleaving
from chaos.loading import Loaded, collect, load, load_all
from chaos.ports import Target
from chaos.processes.pool import can_fork, usable_cores, workers
from chaos.runner.collection import no_collection
from chaos.runner.isolation import is_isolated, of_a_process_that_ended
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.scenario.loader import LoadedScenario
from chaos.simulation.timing import real
from chaos.simulation.world import Simulation
from chaos.targets import find_target, warm_up
from chaos.targets.here import importable_here
from chaos.tiers.registry import worlds
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.tier import Tier
from chaos.verdict import Outcome

__all__ = [
    "Length",
    "Loaded",
    "collect",
    "load",
    "load_all",
    "play_one",
    "processes_for",
    "replay",
    "run",
]

Length = Callable[[LoadedScenario], float]
"""About how long a scenario takes to play, in whatever unit."""


def run(  # noqa: PLR0913 - what can be asked of a suite; all but the first by keyword
    loaded: Sequence[LoadedScenario],
    *,
    targets: Sequence[type[Target]] | None = None,
    tier: str = Tier.SIMULATED,
    seed: int | None = None,
    stop_at_first: bool = False,
    processes: int = 1,
    is_alone: bool | None = None,
    length: Length = lambda _: 0,
    on_result: Callable[[RunResult], None] = lambda _: None,
) -> SuiteResult:
    """Play scenarios; what comes of it is the same however many processes play.

    Args:
        loaded: What to play.
        targets: The service of each scenario; by default the one that it names.
        tier: Where; the name of a tier, or both of the harness compared.
        seed: Replaces the seed of every scenario.
        stop_at_first: End after the first run that did not pass.
        processes: How many play; see `processes_for`.
        is_alone: Whether nothing else is played by this process, so that there is nobody to keep
            a scenario's traces from; by default, if there is one scenario.
        length: Several processes begin with the longest, so that none is left alone with it.
        on_result: Told of each run, in the order of the scenarios.

    Raises:
        TargetError: A scenario's target cannot be found.
        ChaosError: There is no such tier.
        MissingComponentError: The wire tier is asked for, and there is no Toxiproxy.
        WorkerDiedError: A process died while it played.
    """
    assert processes == 1 or tier == Tier.SIMULATED, "only one can be entered by several"
    if targets is None:
        with importable_here():
            targets = [find_target(each.scenario.target) for each in loaded]
    is_alone = len(loaded) == 1 if is_alone is None else is_alone
    isolated = not is_alone and any(map(is_isolated, loaded, targets))
    simulated: dict[int, RunResult] = {}
    results: list[RunResult] = []
    began = real.monotonic()
    for make_world in worlds(tier):
        if stop_at_first and results and results[-1].outcome is not Outcome.PASSED:
            break  # In the tier before this one.
        due = range(len(loaded))
        begun: Sequence[int] = due
        # Whoever may stop early has no use for what is far down.
        if processes > 1 and not stop_at_first:
            begun = sorted(due, key=lambda number: -_cost(loaded[number], length))
        with (
            importable_here(),
            workers(
                partial(_playing, make_world, loaded, targets, seed, planted_here()),
                processes,
                isolated=isolated,
                name=lambda number: f"'{loaded[number].source.path}'",
                on_death=partial(_died, loaded, make_world.name, seed) if isolated else None,
            ) as pool,
        ):
            for number, played in _as_listed(pool.as_they_end(begun), due):
                result = played
                if number in simulated:
                    result = with_parity(played, simulated[number])
                elif tier == Tier.BOTH:
                    simulated[number] = played
                results.append(result)
                on_result(result)
                if stop_at_first and result.outcome is not Outcome.PASSED:
                    break
    return SuiteResult(
        results=tuple(results),
        real_s=real.monotonic() - began,
    )


@contextmanager
def _playing(
    make_world: type[Simulation],
    loaded: Sequence[LoadedScenario],
    targets: Sequence[type[Target]],
    seed: int | None,
    planted: Sequence[Defect],
) -> Iterator[Callable[[int], RunResult]]:
    warm_up(targets)
    # A process that is no copy of the first one would play the sound service.
    with also_here(planted), make_world() as world, no_collection():
        yield lambda number: play_one(loaded[number], targets[number], world, seed=seed)


def _died(
    loaded: Sequence[LoadedScenario], tier: str, seed: int | None, number: int, how: str
) -> RunResult:
    its_seed = loaded[number].scenario.seed_or_default if seed is None else seed
    return of_a_process_that_ended(loaded[number], tier, its_seed, how)


def _cost(loaded: LoadedScenario, length: Length) -> float:
    return length(loaded) or loaded.scenario.background_questions


def _as_listed(
    ended: Iterable[tuple[int, RunResult]], due: Sequence[int]
) -> Iterator[tuple[int, RunResult]]:
    """Runs in the order of their numbers, each as soon as all before it are there."""
    there: dict[int, RunResult] = {}
    missing = deque(due)
    for ended_number, result in ended:
        there[ended_number] = result
        while missing and missing[0] in there:
            number = missing.popleft()
            yield number, there.pop(number)


def processes_for(
    loaded: Sequence[LoadedScenario], tier: str = Tier.SIMULATED, wanted: int | None = None
) -> int:
    """How many processes will play.

    Args:
        loaded: What is to be played.
        tier: Where. Only the simulated tier can be entered by several processes: on the wire
            there is one Toxiproxy with its ports, and what others need is not known.
        wanted: By default one for each core, and one alone for what takes no longer to play than
            processes take to start.
    """
    if tier != Tier.SIMULATED:
        return 1
    worth_one = _WORTH_A_FORK if can_fork() else _WORTH_A_START
    questions = sum(each.scenario.background_questions for each in loaded)
    usual = len(loaded) + int(questions / _QUESTIONS_OF_ONE)
    return wanted or max(1, min(usable_cores(), len(loaded), usual // worth_one))


_WORTH_A_FORK = 8
_WORTH_A_START = 40
"""Scenarios of usual size that take longer to play than a process takes that imports everything
anew."""
_QUESTIONS_OF_ONE = 30
"""Questions that take as long as a scenario of usual size."""


def replay(loaded: LoadedScenario, *, seed: int | None = None) -> SuiteResult:
    """Play one scenario; if it names one interleaving, that one and no other.

    Args:
        loaded: What to play.
        seed: Replaces the scenario's own; an interleaving has none.

    Raises:
        TargetError: Its target cannot be found.
    """
    if loaded.scenario.explore is None or not loaded.scenario.explore.choices:
        return run([loaded], seed=seed)
    with importable_here():
        target = find_target(loaded.scenario.target)
    with SimulatedTier() as simulation:
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
