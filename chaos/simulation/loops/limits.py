"""Whether the timers of an event loop limit a wait: its sockets never do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context

from chaos.simulation.tasks.behalf import Behalf, behalf_in


def timers_of(
    loop: asyncio.AbstractEventLoop, by_default: Behalf
) -> Callable[[str, int | None], bool]:
    """Tells of an actor and a question whether a timer of theirs is running in the loop.

    A timer runs in the context of whoever has set it, be it a client's read timeout, an
    ``asyncio.timeout`` around several calls, or a scope of ``anyio``. One that was set for
    anybody else does not end the wait.

    Args:
        loop: The loop.
        by_default: On whose behalf the thread of the loop runs, where a context does not say: so
            it is while a service starts, and nobody has asked yet.
    """
    # The list has no public name; cancelled timers stay in it until their time has come.
    scheduled: list[asyncio.TimerHandle] = getattr(loop, "_scheduled", [])
    known: dict[tuple[str, int | None], bool] = {}

    def is_limited(actor: str, ask: int | None) -> bool:
        whose = actor, ask
        if whose not in known:
            # A loop of a thousand coroutines has thousands of timers. Mostly one of the first will
            # do, so that they are looked through only for whom nobody limits.
            known[whose] = any(_is_of(whose, handle, by_default) for handle in scheduled)
        return known[whose]

    return is_limited


def _is_of(whose: tuple[str, int | None], handle: asyncio.TimerHandle, by_default: Behalf) -> bool:
    context: Context = getattr(handle, "_context")  # noqa: B009 - it has no public name, nor a type
    behalf = behalf_in(context) or by_default
    return (behalf.actor, behalf.ask) == whose and not handle.cancelled()
