"""The threading toolbox of the standard library, in virtual time.

Condition, Event, Semaphore, Barrier, Timer, the queues, futures and executors are written in
Python on top of a few primitives. Replacing those primitives makes everything that is built while
the simulation is on run in virtual time. What was built before keeps its real locks.
"""

from __future__ import annotations

import concurrent.futures._base
import queue
import threading
import time
from _thread import allocate_lock
from collections.abc import Callable
from contextlib import ExitStack
from logging import LogRecord
from types import TracebackType
from typing import Self
from unittest import mock

import freezegun.api

from chaos.errors import SimulationError
from chaos.simulation.locks import SimLock, bound
from chaos.simulation.replacing import Everywhere

# The standard library keeps these for platforms without the C versions. They are private, and
# written on top of threading.Lock.
_PyRLock: type = vars(threading)["_PyRLock"]
_PySimpleQueue: type = vars(queue)["_PySimpleQueue"]

real_sleep = time.sleep

_start = threading.Thread.start
_join = threading.Thread.join
_is_alive = threading.Thread.is_alive


class Threads:
    """Replaces locks, threads and ``time.sleep`` while entered.

    Args:
        sleep: Takes the place of ``time.sleep``.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._everywhere = Everywhere(
            {
                allocate_lock: SimLock,
                threading.Lock: SimLock,
                threading.RLock: _PyRLock,
                queue.SimpleQueue: _PySimpleQueue,
                real_sleep: sleep,
            }
        )
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self._everywhere.restore)
            self._everywhere.replace()
            for owner, name, substitute in (
                # freezegun leaves these two modules alone.
                (threading, "_time", _toolbox_monotonic),
                (queue, "time", _toolbox_monotonic),
                (threading.Thread, "start", _start_in_simulation),
                (threading.Thread, "join", _join_in_simulation),
                (threading.Thread, "is_alive", _is_alive_in_simulation),
            ):
                undo.enter_context(mock.patch.object(owner, name, substitute))
            logger = concurrent.futures._base.LOGGER  # noqa: SLF001 - it has no public name
            logger.addFilter(_is_worth_logging)
            undo.callback(logger.removeFilter, _is_worth_logging)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._undo.close()


def _start_in_simulation(thread: threading.Thread) -> None:
    scheduler = bound()
    if scheduler is None or scheduler.acting is None:
        _start(thread)
    elif thread.ident is not None:
        raise RuntimeError("threads can only be started once")
    else:
        scheduler.adopt(thread)


def _join_in_simulation(thread: threading.Thread, timeout: float | None = None) -> None:
    scheduler = bound()
    task = scheduler.task_of(thread) if scheduler is not None else None
    if scheduler is not None and task is not None and not task.ended:
        if thread is threading.current_thread():
            raise RuntimeError("cannot join current thread")
        if scheduler.current is None and scheduler.acting is not None:
            # Tasks stand still while the harness acts, so the thread would never end.
            raise SimulationError(
                f"the harness cannot wait for thread {thread.name!r} to end; let a task do this"
            )
        if scheduler.current is not None and not scheduler.join(task, timeout):
            return
    _join(thread, timeout)


def _is_alive_in_simulation(thread: threading.Thread) -> bool:
    scheduler = bound()
    task = scheduler.task_of(thread) if scheduler is not None else None
    # A thread that has done its work takes a few more real microseconds to be gone, and nothing
    # in a run may depend on those.
    return _is_alive(thread) if task is None else not task.ended


def _toolbox_monotonic() -> float:
    """Virtual time for the simulation, real time for threads outside: their waits are real."""
    scheduler = bound()
    if scheduler is not None and scheduler.acting is not None:
        return scheduler.clock.monotonic()
    # By attribute: freezegun replaces references in every module but its own.
    return freezegun.api.real_monotonic()


def _is_worth_logging(record: LogRecord) -> bool:
    """Pool workers report whatever ends them, even that the run is over."""
    del record
    scheduler = bound()
    task = scheduler.current if scheduler is not None else None
    return task is None or not task.abandoned
