"""What the tasks of an event loop wait for, in words."""

from __future__ import annotations

import asyncio
import inspect
import linecache
from collections.abc import Iterator
from types import FrameType
from typing import Any


def describe_loop(loop: asyncio.AbstractEventLoop) -> str:
    """The loop, with each of its tasks and the place where that waits."""
    tasks = sorted(filter(None, map(_described, asyncio.all_tasks(loop))))
    return "the event loop" + "".join(f"\n  {task}" for task in tasks)


def _described(task: asyncio.Task[Any]) -> str | None:
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", "a coroutine")
    frames = list(_frames(coroutine))
    if not frames:
        return f"{name} waits"
    if _module(frames[0]).startswith("chaos."):
        return None
    if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:  # type: ignore[arg-type]
        return f"{name} has not started"
    # What the service's own code waits for says more than how that waits.
    own = [each for each in frames if not _module(each).startswith("asyncio.")]
    frame = (own or frames)[-1]
    code = frame.f_code
    source = linecache.getline(code.co_filename, frame.f_lineno).strip()
    where = f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"
    return f"{name} waits at {where}" + (f": {source}" if source else "")


def _frames(awaited: Any) -> Iterator[FrameType]:  # noqa: ANN401 - whatever can be awaited
    """The frames of a coroutine and of those that it awaits, the innermost last."""
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            yield frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))
