"""No way out of the simulation: real sockets are refused, foreign threads are named.

Nor is there a way to end the process, which would take the verdict with it.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
from _thread import get_ident
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, NoReturn, Self
from unittest import mock

from chaos.errors import SimulationError
from chaos.simulation.locks import is_in_a_run

Address = object
"""What a socket is connected to: host and port, or a path."""


class Guard:
    """Watches over one simulation.

    During a run, an attempt to leave the simulated world raises ``SimulationError`` where it is
    made, and is kept as a violation: a service that swallows the error does not get away with it.

    Args:
        allows: Addresses that may be connected to all the same; none by default.
    """

    def __init__(self, allows: Callable[[Address], bool] = lambda _: False) -> None:
        self._allows = allows
        self._undo = ExitStack()
        self._violations: list[str] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            for owner, name, address_of in (
                (socket.socket, "connect", lambda args: args[1]),
                (socket.socket, "connect_ex", lambda args: args[1]),
                (socket, "create_connection", lambda args: args[0]),
                (socket, "getaddrinfo", lambda args: args[:2]),
            ):
                guarded = self._guarded(getattr(owner, name), name, address_of)
                undo.enter_context(mock.patch.object(owner, name, guarded))
            undo.enter_context(mock.patch.object(os, "_exit", partial(self._exit, os._exit)))
            # What asyncio waits with; subprocesses and servers have other selectors.
            selector = selectors.DefaultSelector
            undo.enter_context(
                mock.patch.object(selector, "select", self._never_waiting(selector.select))
            )
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._undo.close()

    def watch(self, violations: list[str]) -> None:
        """A run begins; its violations are appended to the list."""
        self._violations = violations

    def relax(self) -> None:
        """The run is over; real sockets are allowed again."""
        self._violations = None

    def violation(self, message: str) -> SimulationError:
        """Keep ``message``, and return the error to raise."""
        if self._violations is not None:
            self._violations.append(message)
        return SimulationError(message)

    def foreign_thread(self, what: str) -> SimulationError:
        """Keep that the calling thread did ``what`` without being part of the run."""
        # Not current_thread(): for an unknown thread that would register a dummy.
        threads = {thread.ident: thread.name for thread in threading.enumerate()}
        name = threads.get(get_ident(), str(get_ident()))
        return self.violation(
            f"thread {name!r} {what}, but is not part of the simulation; expected only threads "
            "that were started during the run; start it there, or not at all"
        )

    def broken_stand_in(self, upstream: str, error: Exception) -> SimulationError:
        """Keep that a stand-in failed; a service would take that for its provider's fault."""
        return self.violation(
            f"the stand-in for {upstream} is broken: {type(error).__name__}: {error}; expected an "
            "answer, or an httpx error; mend the stand-in, or the fault that changed its answer"
        )

    def _exit(self, real: Callable[[int], NoReturn], code: int) -> NoReturn:
        if is_in_a_run():
            raise self.violation(
                f"the service wanted to end the process: os._exit({code}); expected it to return, "
                "or to raise"
            )
        real(code)

    def _never_waiting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def select(selector: object, timeout: float | None = None) -> Any:  # noqa: ANN401 - as the real one
            if is_in_a_run() and (timeout is None or timeout > 0):
                raise self.violation(
                    "an event loop waited, which it would do in real time; async services are not "
                    "simulated yet; expected synchronous code"
                )
            return real(selector, timeout)

        return select

    def _guarded(
        self,
        real: Callable[..., Any],
        name: str,
        address_of: Callable[[tuple[Any, ...]], Address],
    ) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the real one
            address = address_of(args) if args else kwargs
            if self._violations is not None and not self._allows(address):
                raise self.violation(
                    f"a real socket was asked for: {name} to {address!r}; expected HTTP through "
                    "httpx, httpx2 or requests, which the simulation answers"
                )
            return real(*args, **kwargs)

        return guarded
