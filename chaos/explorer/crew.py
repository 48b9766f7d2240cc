"""Plays many runs: here, or in several processes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from chaos.explorer.subject import Deviations, Run, Subject, Wander
from chaos.processes.pool import workers
from chaos.runner.collection import no_collection
from chaos.runner.isolation import is_isolated
from chaos.targets import warm_up
from chaos.tiers.simulated.world import SimulatedTier

_AT_ONCE = 16
"""Runs that a process gets at a time: few enough to stop soon, enough to pay for the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run to be played; see `Subject.run`."""

    deviations: Deviations = ()
    wander: Wander | None = None
    looks_ahead: bool = False


Crew = Callable[[Iterable[Job]], Iterator[Run]]
"""Plays jobs and gives the runs back in the same order, whoever has played them."""


@contextmanager
def crew_of(subject: Subject, processes: int = 1) -> Iterator[Crew]:
    """Those who play the runs of a subject.

    Args:
        subject: What to play; where processes cannot be forked, its target must be importable.
        processes: How many; with one, this process plays.
    """
    isolated = is_isolated(subject.loaded, subject.target)
    # Here nothing has a way to go, and what is searched next may depend on every single run.
    at_once = 1 if processes == 1 or isolated else _AT_ONCE
    with workers(partial(_player, subject), processes, isolated=isolated, name=_name) as playing:
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
    return f"one of {len(jobs)} runs, from the one with deviations {jobs[0].deviations} on"
