"""No way out of the simulation: real sockets are refused, foreign threads are named."""

from __future__ import annotations

import socket
import threading
from _thread import get_ident
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self
from unittest import mock

from chaos.errors import SimulationError

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
