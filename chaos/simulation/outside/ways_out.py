"""The ways out that Python itself knows of: raw sockets, other processes, the end of this one.

And alarms, which the system rings in real time.

An audit hook sees most of them, wherever they are taken. A hook cannot be removed, so there is one
for the process, and it looks for a run each time.
"""

from __future__ import annotations

import os
import signal
import sys
from _thread import get_ident
from collections.abc import Callable
from typing import Any, NoReturn

from chaos.processes.leaving import real_exit
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.baton import baton, is_in_a_run

_abort = os.abort
# Globals, and asked for by name: elsewhere they would be found, and replaced by what is made here.
_alarm, _setitimer = getattr(signal, "alarm", None), getattr(signal, "setitimer", None)

_PROCESSES = frozenset(
    {
        *("subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty"),
        *("os.exec", "os.spawn", "os.system", "pty.spawn"),
    }
)
_SOCKETS = frozenset(
    {
        *("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"),
        *("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"),
    }
)
_TO_THIS_PROCESS = frozenset({"os.kill", "signal.pthread_kill"})
_WATCHED = _PROCESSES | _SOCKETS | _TO_THIS_PROCESS | {"socket.__new__"}


class _Hook:
    is_installed = False
    guard: Guard | None = None


def watch_ways_out(guard: Guard) -> None:
    """Refuse the ways out from now on, for whoever is part of a run of that guard's simulation."""
    _Hook.guard = guard
    if not _Hook.is_installed:
        _Hook.is_installed = True
        sys.addaudithook(_audit)


def stop_watching() -> None:
    """The simulation is left."""
    _Hook.guard = None


def substitutes() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Real function to what takes its place, for ways that no audit event tells of."""
    # The first may be out of reach already, for the sake of the exit code of this process.
    exits = {leave: _VirtualExit(leave) for leave in (os._exit, real_exit)}
    alarms = {
        there: _refusing(name)
        for name, there in {"alarm": _alarm, "setitimer": _setitimer}.items()
        if there is not None
    }
    return {**exits, _abort: _virtual_abort, **alarms}


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # Python tells of `id()` too; nearly everything ends here.
    if event not in _WATCHED:
        return
    guard = _Hook.guard
    if guard is None or baton.scheduler is None or baton.ident != get_ident():
        return
    if event == "socket.__new__":
        raise guard.violation(
            "a real socket was opened; expected a socket of Python's module 'socket', which is "
            "simulated; turn off what needs it in this run"
        )
    if event in _SOCKETS:
        raise guard.violation(
            f"a real socket was used ({event}: {_shown(arguments[1:] or arguments)}); expected "
            "one of Python's module 'socket', which is simulated; open it during the run"
        )
    if event in _PROCESSES:
        raise guard.violation(
            f"the service tried to start another process ({event}: {_shown(arguments)}); expected "
            "it to stay in one process; turn off what needs it in this run"
        )
    if event in _TO_THIS_PROCESS and arguments[0] in (os.getpid(), 0, get_ident()):
        number = arguments[1]
        if number and signal.getsignal(number) is signal.SIG_DFL:
            raise guard.violation(
                f"the service tried to end the process with signal {number}; expected it to "
                "return, or to raise an exception"
            )


def _shown(arguments: tuple[Any, ...]) -> str:
    return ", ".join(repr(each) for each in arguments[:2] if each is not None)[:80]


class _VirtualExit:
    """An end of the process that is none while a run goes on.

    The real one is in a slot of an object of the harness, where no substitute is put.
    """

    __slots__ = ("_leave",)
    __name__ = "_exit"

    def __init__(self, leave: Callable[[int], NoReturn]) -> None:
        self._leave = leave

    def __call__(self, status: int) -> NoReturn:
        if is_in_a_run() and _Hook.guard is not None:
            raise _Hook.guard.violation(
                f"the service tried to end the process: os._exit({status}); expected it to "
                "return, or to raise an exception"
            )
        self._leave(status)


def _virtual_abort() -> NoReturn:
    if is_in_a_run() and _Hook.guard is not None:
        raise _Hook.guard.violation(
            "the service tried to end the process: os.abort(); expected it to return, or to raise "
            "an exception"
        )
    _abort()


def _refusing(name: str) -> Callable[..., Any]:
    def set_(*arguments: Any) -> Any:  # noqa: ANN401 - as the real one
        is_set = any(arguments[-1:] if name == "alarm" else arguments[1:2])
        if is_set and is_in_a_run() and _Hook.guard is not None:
            raise _Hook.guard.violation(
                f"an alarm was set (signal.{name}{arguments}), which fires in real time; expected "
                "waits in virtual time; use threading.Timer or a timeout of the client"
            )
        return globals()[f"_{name}"](*arguments)

    set_.__name__ = name
    return set_
