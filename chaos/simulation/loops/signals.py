"""Handlers of signals in the event loops of users, who are threads here.

A service calls ``loop.add_signal_handler`` where it runs in the main thread, as most programs do.
In a run its user is a thread, for which Python refuses that. No signal comes in a run but those
that the service sends to itself, so the handlers are kept here, and called then. Threads of the
service's own are refused it as ever.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

from chaos.simulation.tasks.baton import scheduler_here

Loop = asyncio.AbstractEventLoop
_Handler = tuple[Callable[..., object], tuple[Any, ...]]

# By name: a closure over one of these would be found, and replaced by what is made here.
_kill, _raise = os.kill, signal.raise_signal


_NEVER_HANDLED = {getattr(signal, name, None) for name in ("SIGKILL", "SIGSTOP")}

_by_loop: WeakKeyDictionary[Loop, dict[int, _Handler]] = WeakKeyDictionary()


@contextmanager
def handlers_of_users() -> Iterator[None]:
    """Keep them for whoever is a user in a run, while entered."""
    kind: Any = asyncio.SelectorEventLoop
    add, remove = kind.add_signal_handler, kind.remove_signal_handler

    def add_signal_handler(
        loop: Loop,
        sig: int,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 - as the real one
    ) -> None:
        # Also what is no signal, or cannot be handled, is for the real one to refuse.
        if not _is_user() or sig not in signal.valid_signals() - _NEVER_HANDLED:
            add(loop, sig, callback, *args)
            return
        _by_loop.setdefault(loop, {})[sig] = callback, args

    def remove_signal_handler(loop: Loop, sig: int) -> bool:
        if _by_loop.get(loop, {}).pop(sig, None) is not None:
            return True
        return False if _is_user() else bool(remove(loop, sig))

    with ExitStack() as undo:
        for name, substitute in (
            ("add_signal_handler", add_signal_handler),
            ("remove_signal_handler", remove_signal_handler),
        ):
            undo.enter_context(mock.patch.object(kind, name, substitute))
        yield
    _by_loop.clear()


def substitutes() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Real function to what takes its place."""

    def kill(pid: int, sig: int, /) -> None:
        if pid != os.getpid() or not _deliver(sig):
            _kill(pid, sig)

    def raise_signal(signalnum: int, /) -> None:
        if not _deliver(signalnum):
            _raise(signalnum)

    return {_kill: kill, _raise: raise_signal}


def _is_user() -> bool:
    """Whether the calling thread is a user's, who would be the main thread of a program."""
    scheduler = scheduler_here()
    task = None if scheduler is None else scheduler.acting
    is_main = threading.current_thread() is threading.main_thread()
    return task is not None and not task.is_adopted and not is_main


def _deliver(sig: int) -> bool:
    """Let the loops that handle a signal do so; returns whether there is one."""
    if scheduler_here() is None:
        return False
    found = [
        (loop, kept[sig])
        for loop, kept in list(_by_loop.items())
        if sig in kept and loop.is_running()
    ]
    for loop, (callback, args) in found:
        loop.call_soon_threadsafe(callback, *args)
    return bool(found)
