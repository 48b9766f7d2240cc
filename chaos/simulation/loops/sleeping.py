"""``asyncio.sleep``, which says in the trace that the service waits, as ``time.sleep`` does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from chaos.simulation.tasks.baton import scheduler_here

_sleep = asyncio.sleep


def noting_sleep(note: Callable[[float], None]) -> Callable[..., Any]:
    """A substitute for ``asyncio.sleep`` that calls ``note`` with the seconds of each wait."""

    async def sleep(delay: float, result: Any = None) -> Any:  # noqa: ANN401 - as the real one
        """Suspend the calling coroutine for ``delay`` seconds."""
        if scheduler_here() is not None and isinstance(delay, float | int) and delay > 0:
            note(delay)
        return await _sleep(delay, result)

    sleep.__qualname__, sleep.__module__ = "sleep", "asyncio.tasks"
    return sleep


def real_sleep() -> Callable[..., Any]:
    """What is replaced."""
    return _sleep
