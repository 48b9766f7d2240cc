"""Plays many runs: here, or in several processes at once, on this machine or others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from chaos.explorer.subject import Deviations, Run, Subject, Wander
from chaos.processes.executor import HERE, Executor
from chaos.runner.collection import no_collection
from chaos.runner.isolation import is_isolated
from chaos.targets import warm_up
from chaos.tiers.simulated.world import SimulatedTier


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run to be played; see `Subject.run`."""

    deviations: Deviations = ()
    wander: Wander | None = None
    looks_ahead: bool = False


Crew = Callable[[Iterable[Job]], Iterator[Run]]
"""Plays jobs and gives the runs back in the same order, whoever has played them."""


@contextmanager
def crew_of(subject: Subject, executor: Executor = HERE) -> Iterator[Crew]:
    """Those who play the runs of a subject.

    Args:
        subject: What to play; where processes cannot be forked, its target must be importable.
        executor: Where; by default, this process plays.
    """
    isolated = is_isolated(subject.loaded, subject.target)
    # A run in a process of its own has that for its price, and shares it with no other run.
    at_once = 1 if isolated else executor.batch
    player = partial(_player, subject)
    with executor.workers(player, isolated=isolated, name=_name) as playing:
        yield lambda jobs: chain.from_iterable(playing.in_order(_portions(jobs, at_once)))


@contextmanager
def _player(subject: Subject) -> Iterator[Callable[[list[Job]], list[Run]]]:
    warm_up([subject.target])
    with SimulatedTier() as simulation, no_collection():
        yield lambda jobs: [
            subject.run(simulation, job.deviations, wander=job.wander, looks_ahead=job.looks_ahead)
            for job in jobs
        ]


def _portions(jobs: Iterable[Job], at_once: int) -> Iterator[list[Job]]:
    waiting = iter(jobs)
    while portion := list(islice(waiting, at_once)):
        yield portion


def _name(jobs: list[Job]) -> str:
    first = jobs[0].deviations
    if len(jobs) == 1:
        return f"the run with deviations {first}"
    return f"one of {len(jobs)} runs, from the one with deviations {first} on"
