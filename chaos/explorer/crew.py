"""Plays many runs: here, or in several processes at once."""

from __future__ import annotations

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from chaos.explorer.subject import Deviations, Run, Subject, Wander
from chaos.runner.collection import no_collection
from chaos.tiers.simulated.world import Simulation

_AT_ONCE = 16
"""Runs that a process gets at a time: few enough to stop soon, enough to pay for the way."""

_AHEAD = 3
"""Portions handed out for each process before the first of them is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run to be played; see `Subject.run`."""

    deviations: Deviations = ()
    wander: Wander | None = None
    looks_ahead: bool = False


Crew = Callable[[Iterable[Job]], Iterator[Run]]
"""Plays jobs and gives the runs back in the same order, whoever has played them."""


@contextmanager
def crew_of(subject: Subject, workers: int = 1) -> Iterator[Crew]:
    """Those who play the runs of a subject.

    Args:
        subject: What to play; with several workers, its target must be importable.
        workers: Processes; with one, this process plays.
    """
    if workers == 1:
        with Simulation() as simulation, no_collection():
            yield lambda jobs: (_play(subject, simulation, job) for job in jobs)
        return
    with ProcessPoolExecutor(
        workers,
        # A fork would inherit whatever threads and frozen clocks there are.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_Worker.start,
        initargs=(subject,),
    ) as pool:
        try:
            yield lambda jobs: _share_out(pool, jobs, workers * _AHEAD)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _play(subject: Subject, simulation: Simulation, job: Job) -> Run:
    return subject.run(simulation, job.deviations, wander=job.wander, looks_ahead=job.looks_ahead)


def _share_out(pool: ProcessPoolExecutor, jobs: Iterable[Job], ahead: int) -> Iterator[Run]:
    waiting = iter(jobs)
    under_way: deque[Future[list[Run]]] = deque()
    while True:
        while len(under_way) < ahead and (portion := list(islice(waiting, _AT_ONCE))):
            under_way.append(pool.submit(_Worker.play, portion))
        if not under_way:
            return
        yield from under_way.popleft().result()


class _Worker:
    """What a process of the crew keeps between its portions."""

    subject: Subject
    simulation: Simulation

    @classmethod
    def start(cls, subject: Subject) -> None:
        """Enter the simulation, for as long as the process lives."""
        # What the service logs is not what the harness has to say, here as in `chaos.cli`.
        logging.getLogger().addHandler(logging.NullHandler())
        cls.subject = subject
        cls.simulation = Simulation().__enter__()
        no_collection().__enter__()

    @classmethod
    def play(cls, jobs: list[Job]) -> list[Run]:
        """Play a portion."""
        return [_play(cls.subject, cls.simulation, job) for job in jobs]
