"""A process for each job, a few at a time: what one does to itself, no other ever sees."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")


def processors() -> int:
    """How many processes make sense here."""
    return (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )


def in_processes(
    work: Callable[[J], R], jobs: Sequence[J], *, at_once: int
) -> Iterator[tuple[J, R | None]]:
    """Each job with what ``work`` makes of it, as they end; None if its process died.

    Processes are forked where that is possible: they start with all that was imported and
    computed before. In a process that has threads it is not: the copy of a lock that one of them
    holds would never be released.

    Args:
        work: A function of a module, as must be whatever it gets and returns.
        jobs: In the order they are begun.
        at_once: How many processes there may be.
    """
    pool = _Pool(work)
    waiting = list(reversed(jobs))
    with closing(pool):
        while waiting or pool.running:
            while waiting and len(pool.running) < at_once:
                pool.start(waiting.pop())
            yield from pool.ended()


class _Pool(Generic[J, R]):
    """The processes that run now, by the connection on which they answer."""

    def __init__(self, work: Callable[[J], R]) -> None:
        self._work = work
        is_there = "fork" in multiprocessing.get_all_start_methods()
        can_fork = is_there and threading.active_count() == 1
        self._context = get_context("fork") if can_fork else get_context("spawn")
        self.running: dict[Connection, tuple[BaseProcess, J]] = {}

    def start(self, job: J) -> None:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_answer, args=(self._work, job, theirs))
        process.start()
        # With our copy open, the end of a process that died would never be seen.
        theirs.close()
        self.running[ours] = process, job

    def ended(self) -> Iterator[tuple[J, R | None]]:
        """Wait until a process ends; every one that has."""
        for connection in wait(list(self.running)):
            assert isinstance(connection, Connection)
            process, job = self.running.pop(connection)
            with connection:
                try:
                    result: R | None = connection.recv()
                except EOFError:
                    result = None
            process.join()
            yield job, result

    def close(self) -> None:
        """End whatever still runs: the caller has left early."""
        for connection, (process, _) in self.running.items():
            connection.close()
            process.kill()
            process.join()


def _answer(work: Callable[[J], R], job: J, answer: Connection) -> None:
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with answer:
        answer.send(work(job))
