"""Threads of the service as tasks of the run.

Condition, Event, Semaphore, Barrier, Timer, the queues, futures and executors are written in
Python on top of locks and threads. With those virtual, everything is.
"""

from __future__ import annotations

import concurrent.futures._base
import threading
from contextlib import ExitStack
from logging import LogRecord
from unittest import mock

from chaos.simulation.tasks.baton import baton, scheduler_here
from chaos.simulation.threads.locks import Contention, VirtualLocks
from chaos.simulation.threads.locks import begin_run as forget_locks
from chaos.simulation.threads.pools import VirtualPools
from chaos.simulation.threads.queues import VirtualQueues
from chaos.simulation.threads.semaphores import virtual_semaphores

_start = threading.Thread.start
_join = threading.Thread.join
_is_alive = threading.Thread.is_alive


class Toolbox:
    """Makes locks, queues and threads virtual while entered."""

    def __init__(self) -> None:
        self._locks = VirtualLocks()
        self._queues = VirtualQueues()
        self._pools = VirtualPools()
        self._undo = ExitStack()

    def __enter__(self) -> None:
        with ExitStack() as undo:
            undo.enter_context(self._locks)
            undo.enter_context(self._queues)
            undo.enter_context(self._pools)
            undo.enter_context(virtual_semaphores())
            for name, substitute in (
                ("start", _start_in_simulation),
                ("join", _join_in_simulation),
                ("is_alive", _is_alive_in_simulation),
            ):
                undo.enter_context(mock.patch.object(threading.Thread, name, substitute))
            logger = concurrent.futures._base.LOGGER  # noqa: SLF001 - it has no public name
            logger.addFilter(_is_worth_logging)
            undo.callback(logger.removeFilter, _is_worth_logging)
            self._undo = undo.pop_all()

    def __exit__(self, *exc_info: object) -> None:
        self._undo.close()

    def begin_run(self) -> list[Contention]:
        """A run begins; returns where its contentions will be noted."""
        self._queues.begin_run()
        return forget_locks()

    def end_run(self) -> None:
        """The run is over."""
        self._pools.end_run()


def _start_in_simulation(thread: threading.Thread) -> None:
    scheduler = scheduler_here()
    if scheduler is None:
        _start(thread)
    elif thread.ident is not None:
        raise RuntimeError("threads can only be started once")
    else:
        scheduler.adopt(thread)


def _join_in_simulation(thread: threading.Thread, timeout: float | None = None) -> None:
    scheduler = scheduler_here()
    task = scheduler.task_of(thread) if scheduler is not None else None
    if scheduler is not None and task is not None and not task.ended:
        if thread is threading.current_thread():
            raise RuntimeError("cannot join current thread")
        if not scheduler.join(task, None if timeout is None else max(timeout, 0)):
            return
    _join(thread, timeout)


def _is_alive_in_simulation(thread: threading.Thread) -> bool:
    task = baton.scheduler.task_of(thread) if baton.scheduler is not None else None
    # A thread that has done its work takes a few more real microseconds to be gone, and nothing
    # in a run may depend on those.
    return _is_alive(thread) if task is None else not task.ended


def _is_worth_logging(record: LogRecord) -> bool:
    """Pool workers report whatever ends them, even that the run is over."""
    del record
    scheduler = scheduler_here()
    task = scheduler.acting if scheduler is not None else None
    return task is None or not task.abandoned
