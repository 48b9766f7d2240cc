"""Which run is on, and which thread may act in it now.

Locks, clocks and sockets have no argument that would lead them to a run. They look here.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaos.simulation.tasks.scheduler import Scheduler


class Baton:
    """Held by the one thread that may act in a run.

    Attributes:
        scheduler: That of the run that is on; None between runs.
        ident: The thread that may act; between runs the one that entered the simulation, and 0
            outside of any simulation. Whoever else asks for the time gets the real one.
    """

    __slots__ = ("ident", "scheduler")

    def __init__(self) -> None:
        self.scheduler: Scheduler | None = None
        self.ident = 0


baton = Baton()
"""The only one: a process has one simulation at a time."""

left_behind: set[int] = set()
"""Threads of earlier runs that did not end; should they wake up, they are told to leave."""


def scheduler_here() -> Scheduler | None:
    """The scheduler, if the calling thread is part of the run that is on; else None."""
    return baton.scheduler if baton.ident == get_ident() else None


def is_in_a_run() -> bool:
    """Whether the calling thread is part of a run."""
    return baton.scheduler is not None and baton.ident == get_ident()


@contextmanager
def outside() -> Iterator[None]:
    """Let the calling thread act in the real world: real sockets, real locks, real time.

    For the harness itself, where a run has to wait for something real. Nobody else acts meanwhile.
    """
    ident, baton.ident = baton.ident, 0
    try:
        yield
    finally:
        baton.ident = ident


def is_left_behind() -> bool:
    """Whether the calling thread belongs to a run that is over."""
    return get_ident() in left_behind
