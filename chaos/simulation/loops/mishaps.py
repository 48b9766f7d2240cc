"""What goes wrong in event loops without anybody being told, except for a line in a log."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, cast
from unittest import mock

from chaos.simulation.loops import sleeping
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.task import in_words
from chaos.simulation.timing.clock import TICKS_PER_S

BLOCKED_FROM_S = 0.1
"""From here on, a callback holds up a loop. Asyncio's debug mode warns from the same length on."""


class LoopListener(Protocol):
    """Who wants to know."""

    granted_ticks: int
    """How much time a test has let pass, which holds nobody up."""

    def note_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """A loop begins to run."""

    def note_lost(self, what: str) -> None:
        """An error that nobody looks at, a task that nobody keeps, a coroutine nobody awaits."""

    def note_blocked(self, seconds: float, by: str) -> None:
        """A loop was held up for so many virtual seconds."""


def noticing_mishaps(listener: Callable[[], LoopListener | None]) -> ExitStack:
    """While entered, what goes wrong in loops of a run is told.

    Args:
        listener: The run that is on.
    """

    def on_lost(what: str) -> None:
        if (listening := listener()) is not None:
            listening.note_lost(what)

    undo = ExitStack()
    undo.enter_context(
        mock.patch.object(
            asyncio.BaseEventLoop,
            "call_exception_handler",
            _handling(on_lost),
        )
    )
    undo.enter_context(
        mock.patch.object(warnings, "_warn_unawaited_coroutine", _forgotten(on_lost))
    )
    undo.enter_context(mock.patch.object(asyncio.Handle, "_run", _timed(listener)))
    undo.enter_context(
        mock.patch.object(asyncio.BaseEventLoop, "run_forever", _registering(listener))
    )
    return undo


def _handling(on_lost: Callable[[str], None]) -> Callable[..., None]:
    real = asyncio.BaseEventLoop.call_exception_handler

    def call_exception_handler(loop: asyncio.BaseEventLoop, context: dict[str, Any]) -> None:
        scheduler = scheduler_here()
        if scheduler is not None:
            task = scheduler.acting
            if task is None or task.abandoned:
                return  # What is thrown out at the end of a run was not lost by the service.
            lost = _lost(context)
            if lost is not None and loop.get_exception_handler() is None:
                on_lost(lost)
        real(loop, context)

    return call_exception_handler


def _lost(context: dict[str, Any]) -> str | None:
    """What a loop tells its handler, if it is about something that was lost."""
    error = context.get("exception")
    task = context.get("task") or context.get("future")
    if isinstance(error, asyncio.CancelledError):
        # Whoever cancelled something knows. Streams of Python 3.11 tell of it all the same.
        return None
    if isinstance(error, BaseException) and task is not None:
        return f"an error in {_named(task)} was never retrieved: {in_words(error)}"
    if isinstance(error, BaseException) and "handle" in context:
        callback = getattr(context["handle"], "_callback", None)
        return f"an error in callback {_callback_in_words(callback)}: {in_words(error)}"
    if isinstance(task, asyncio.Task) and not task.done():
        return f"{_named(task)} was destroyed before it ended"
    return None


def _forgotten(on_lost: Callable[[str], None]) -> Callable[[Coroutine[Any, Any, Any]], None]:
    real: Callable[[Coroutine[Any, Any, Any]], None] = vars(warnings)["_warn_unawaited_coroutine"]

    def warn(coroutine: Coroutine[Any, Any, Any]) -> None:
        scheduler = scheduler_here()
        if scheduler is None:
            real(coroutine)
            return
        task = scheduler.acting
        if task is not None and not task.abandoned:
            on_lost(f"{_coroutine_in_words(coroutine)} was never awaited")

    return warn


def _timed(listener: Callable[[], LoopListener | None]) -> Callable[[asyncio.Handle], None]:
    real = asyncio.Handle._run  # noqa: SLF001 - it is what loops call

    def run(handle: asyncio.Handle) -> None:
        scheduler = scheduler_here()
        if scheduler is None:
            real(handle)
            return
        listening, opened = listener(), cast("Any", handle)
        granted = listening.granted_ticks if listening is not None else 0
        began = scheduler.clock.ticks - granted
        # Without public names; and it forgets them while it runs.
        callback, loop = opened._callback, opened._loop  # noqa: SLF001
        real(handle)
        granted = listening.granted_ticks if listening is not None else 0
        seconds = (scheduler.clock.ticks - granted - began) / TICKS_PER_S
        if seconds >= BLOCKED_FROM_S and listening is not None and _others(loop, callback):
            listening.note_blocked(seconds, _callback_in_words(callback))

    return run


def _registering(listener: Callable[[], LoopListener | None]) -> Callable[..., None]:
    real = asyncio.BaseEventLoop.run_forever

    def run_forever(loop: asyncio.BaseEventLoop) -> None:
        if scheduler_here() is not None and (listening := listener()) is not None:
            listening.note_loop(loop)
        real(loop)

    return run_forever


def _others(loop: asyncio.AbstractEventLoop, callback: object) -> bool:
    """Whether the loop has other things to do, so that somebody was held up."""
    return bool(asyncio.all_tasks(loop) - {getattr(callback, "__self__", None)})


def _named(task: Any) -> str:  # noqa: ANN401 - a task, or a bare future
    if isinstance(task, asyncio.Task):
        return f"task {_coroutine_in_words(task.get_coro())}"
    return "a future"


def _callback_in_words(callback: Any) -> str:  # noqa: ANN401 - any callable
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return _coroutine_in_words(owner.get_coro())
    return getattr(callback, "__qualname__", type(callback).__name__)


def _coroutine_in_words(coroutine: Any) -> str:  # noqa: ANN401 - of Python, or of C
    name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    code = getattr(coroutine, "cr_code", None)
    if code is None or code.co_filename == sleeping.__file__:
        return name
    # Not its whole path: traces are the same on all machines.
    return f"{name} ({Path(code.co_filename).name}:{code.co_firstlineno})"
