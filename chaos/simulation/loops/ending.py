"""What is left of an event loop when its process, or its run, is over."""

from __future__ import annotations

import asyncio
from typing import Any


def end_connections(loop: asyncio.AbstractEventLoop) -> None:
    """Close the connections of a loop that still runs, as the end of a process does."""
    for transport in _transports(loop):
        transport.abort()


def quieten(loop: asyncio.AbstractEventLoop) -> None:
    """Have a loop whose run is over say nothing of what it has left undone.

    It was thrown out in the middle of its work. What the garbage collector finds of that, later
    and in whatever thread, is nobody's mistake.
    """
    opened: Any = loop
    opened.call_exception_handler = _ignore
    for task in asyncio.all_tasks(loop):
        silenced: Any = task
        silenced._log_destroy_pending = False  # noqa: SLF001 - as asyncio.gather does
    for transport in _transports(loop):
        sock, transport._sock = transport._sock, None  # noqa: SLF001 - or it complains
        if sock is not None:
            sock.close()
    if not loop.is_running():
        loop.close()


def _transports(loop: asyncio.AbstractEventLoop) -> list[Any]:
    return list(getattr(loop, "_transports", {}).values())


def _ignore(context: object) -> None:
    del context
