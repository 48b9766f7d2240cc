"""What each scenario reaches of the service as it is, and what playing it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from chaos.processes.executor import Executor
from chaos.prove.mutants.importing import imported_anew, modules_of
from chaos.prove.mutants.reach import Reached, Statement
from chaos.prove.patience import computed_s
from chaos.scenario.loader import LoadedScenario
from chaos.session import play_one
from chaos.targets.here import find_here, importable_here
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """One scenario, played against the service as it is.

    Attributes:
        events: Length of its trace: what it costs, as far as that is the same on every machine.
        cpu_s: Processor time that it took.
        reached: The statements of functions that it reached.
    """

    scenario: str
    outcome: Outcome
    events: int
    cpu_s: float
    reached: frozenset[Statement]


def sound(
    suite: Sequence[LoadedScenario], service: Sequence[str], executor: Executor
) -> list[Sounding]:
    """Play every scenario against the service as it is, and see what it reaches."""
    with (
        importable_here(),
        executor.workers(partial(_sounding, list(suite), tuple(service))) as pool,
    ):
        return list(pool.in_order(range(len(suite))))


@contextmanager
def _sounding(
    suite: list[LoadedScenario], service: tuple[str, ...]
) -> Iterator[Callable[[int], Sounding]]:
    reached = Reached(modules_of(service))

    def play(number: int) -> Sounding:
        loaded = suite[number]
        target = find_here(loaded.scenario.target)
        reached.take()
        began_s = computed_s()
        result = play_one(loaded, target, simulation)
        return Sounding(
            scenario=loaded.scenario.name,
            outcome=result.outcome,
            events=len(result.trace),
            cpu_s=computed_s() - began_s,
            reached=reached.take(),
        )

    with imported_anew(service, reached.changes):
        # Before the world is entered: it looks for whoever keeps a clock.
        for target in {each.scenario.target for each in suite}:
            find_here(target)
        with SimulatedTier() as simulation:
            yield play
