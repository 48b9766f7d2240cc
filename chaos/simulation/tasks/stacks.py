"""Where in the service a thread stands, for messages about waiting."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from types import FrameType

from chaos.simulation.tasks.task import Task
from chaos.simulation.timing.clock import TICKS_PER_S

_TOOLBOX = ("chaos.simulation.", "chaos.tiers.", "threading", "queue", "concurrent.futures")


def place_of(ident: int) -> str:
    """File, line and function of a thread, the threading toolbox left out.

    Example:
        >>> place_of(0)
        'an unknown place'
    """
    for frame in _frames(ident):
        module: str = frame.f_globals.get("__name__", "")
        if not module.startswith(_TOOLBOX):
            code = frame.f_code
            return f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"
    return "an unknown place"


def describe_waits(tasks: Iterable[Task]) -> str:
    """One line for each task that is blocked: on what, since when, and where in the service."""
    return "\n".join(
        f"{task.name} waits for {task.waits_for.why(task)}; waiting since "
        f"{task.waits_since_ticks / TICKS_PER_S:.3f} s, at {place_of(task.ident)}"
        for task in tasks
        if task.waits_for is not None
    )


def is_inside(ident: int, function: str) -> bool:
    """Whether a thread is in a call of ``function``, for example ``Condition.wait``."""
    return any(frame.f_code.co_qualname == function for frame in _frames(ident))


def stack_of(ident: int) -> str:
    """The whole stack of a thread, innermost call last."""
    frame = sys._current_frames().get(ident)  # noqa: SLF001 - the only way to another thread's stack
    return "".join(traceback.format_stack(frame)) if frame is not None else "(no stack)\n"


def _frames(ident: int) -> Iterator[FrameType]:
    frame = sys._current_frames().get(ident)  # noqa: SLF001 - the only way to another thread's stack
    while frame is not None:
        yield frame
        frame = frame.f_back
