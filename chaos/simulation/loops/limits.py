"""Whether the timers of an event loop limit a wait: its sockets never do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

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
    scheduled: list[Any] = getattr(loop, "_scheduled", [])
    behalves = [
        behalf_in(handle._context)  # noqa: SLF001 - the only place where it is
        for handle in scheduled
        if not handle.cancelled()
    ]
    running = {(each.actor, each.ask) for each in (one or by_default for one in behalves)}
    return lambda actor, ask: (actor, ask) in running
