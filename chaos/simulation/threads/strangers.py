"""Threads that are no part of the run, and wait for what the run hands over.

Such a thread would do the work of the run in the real world, with real sockets and real time. In a
process that was forked there is none any more, only its place in the line, and whoever is woken in
its stead is nobody.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest import mock

from chaos.errors import SimulationError
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.threads.locks import is_of_the_run

_ADVICE = (
    "expected only threads that were started during the run; start it there, for example in "
    "build() of the target"
)


class _Process:
    was_forked = False


def _note_fork() -> None:
    _Process.was_forked = True


os.register_at_fork(after_in_child=_note_fork)


def refusing_strangers(violation: Callable[[str], SimulationError]) -> ExitStack:
    """Refuses to hand work of a run to threads that are no part of it, while entered.

    Args:
        violation: Keeps that it was to be.
    """
    undo = ExitStack()
    for owner, name, substitute in (
        (threading.Condition, "notify", _notifying(threading.Condition.notify)),
        (queue.Queue, "put", _putting(violation, queue.Queue.put)),
        (
            asyncio.BaseEventLoop,
            "call_soon_threadsafe",
            _calling(violation, asyncio.BaseEventLoop.call_soon_threadsafe),
        ),
    ):
        undo.enter_context(mock.patch.object(owner, name, substitute))
    return undo


def _strangers(condition: threading.Condition) -> list[Any]:
    waiters = vars(condition)["_waiters"]
    return [each for each in waiters if not is_of_the_run(each)]


def _notifying(real: Callable[..., None]) -> Callable[..., None]:
    def notify(condition: threading.Condition, n: int = 1) -> None:
        if _Process.was_forked and scheduler_here() is not None:
            for each in _strangers(condition):
                vars(condition)["_waiters"].remove(each)
        real(condition, n)

    return notify


def _putting(
    violation: Callable[[str], SimulationError], real: Callable[..., None]
) -> Callable[..., None]:
    def put(full: queue.Queue[Any], item: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the real one
        # Whoever writes a log does no work of the service.
        is_work = not isinstance(item, logging.LogRecord)
        if is_work and scheduler_here() is not None and _strangers(full.not_empty):
            raise violation(
                "work was put into a queue while a thread outside the simulation was waiting for "
                f"it; {_ADVICE}"
            )
        real(full, item, *args, **kwargs)

    return put


def _calling(
    violation: Callable[[str], SimulationError], real: Callable[..., Any]
) -> Callable[..., Any]:
    def call_soon_threadsafe(loop: asyncio.BaseEventLoop, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the real one
        scheduler = scheduler_here()
        ident = vars(loop).get("_thread_id")
        if scheduler is not None and ident is not None and not scheduler.has_thread(ident):
            raise violation(
                "work was handed to an event loop that runs in a thread outside the simulation; "
                f"{_ADVICE}"
            )
        return real(loop, *args, **kwargs)

    return call_soon_threadsafe
