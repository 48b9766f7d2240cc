"""What is left of an event loop when its process, or its run, is over."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import Any

from chaos.simulation.loops.ordering import first_in_first_out
from chaos.simulation.network.sockets import VirtualSocket


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
    _drop_virtual_sockets(loop)
    if not loop.is_running():
        loop.close()


def timers_in(loop: asyncio.AbstractEventLoop) -> frozenset[asyncio.TimerHandle]:
    """The timers that are set in a loop."""
    return frozenset(getattr(loop, "_scheduled", ()))


def give_back(loop: asyncio.AbstractEventLoop, timers: Container[asyncio.TimerHandle]) -> None:
    """Leave a loop that is not the service's, but the test's, to the tests that follow.

    What the run has put into it goes: connections, timers of virtual time, and the virtual pair of
    sockets that wakes it.

    Args:
        loop: It does not run.
        timers: Those that were set before the run.
    """
    opened: Any = loop
    _drop_virtual_sockets(loop)
    first_in_first_out(loop)
    for timer in timers_in(loop):
        if timer not in timers:
            timer.cancel()
    if isinstance(getattr(opened, "_ssock", None), VirtualSocket):
        opened._close_self_pipe()  # noqa: SLF001 - no other way to another pair
        opened._make_self_pipe()  # noqa: SLF001 - as above


def _drop_virtual_sockets(loop: asyncio.AbstractEventLoop) -> None:
    for transport in _transports(loop):
        if isinstance(transport._sock, VirtualSocket):  # noqa: SLF001 - or it complains
            sock, transport._sock = transport._sock, None  # noqa: SLF001 - as above
            sock.close()


def _transports(loop: asyncio.AbstractEventLoop) -> list[Any]:
    return list(getattr(loop, "_transports", {}).values())


def _ignore(context: object) -> None:
    del context
