"""A real connection to a stand-in: what comes is fed to the provider, what is due is sent."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from chaos.simulation.calls.connection import Connection
from chaos.simulation.network.far_end import (
    Admitted,
    FarEnd,
    ListeningService,
    Rejected,
    Unanswered,
)
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.timing.clock import TICKS_PER_S, Clock

_READ_BYTES = 65_536
_AT_ONCE = 1 << 20
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)


class LineWorld(Protocol):
    """The world that a line belongs to."""

    clock: Clock

    def turn(self) -> AbstractContextManager[None]:
        """Be alone with what is shared."""


class Line:
    """One connection of a client, for as long as it lasts.

    To the provider it is what a socket is in a simulation: it has an inbox with bytes and ends,
    each with the time at which it arrives. Here that is the time at which it is sent. An answer
    counts as taken once it was given to the operating system.

    Args:
        connection: The socket.
        service: Who is asked.
        world: Whose time and turns these are.

    Attributes:
        is_gone: Set when the connection has ended.
    """

    def __init__(
        self, connection: socket.socket, service: ListeningService, world: LineWorld
    ) -> None:
        self._socket = connection
        self._service = service
        self._world = world
        self._inbox = Inbox(world.clock, _nobody_parks)
        self._inbox.followers.append(self)
        # Another connection, or a fault that begins, may put something into the inbox.
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)  # noqa: FBT003 - it has no other name
        self._either = selectors.DefaultSelector()
        self._is_over = False
        self.is_gone = threading.Event()

    def comes(self, due: int) -> None:
        """Something is to be sent; see `Follower`."""
        del due
        with suppress(BlockingIOError, OSError):
            self._wake.send(b"!")

    def hang_up(self) -> None:
        """The run is over; called from another thread."""
        self._is_over = True
        self.comes(0)

    def converse(self) -> None:
        """Serve the client until the connection ends."""
        with self._woken, self._wake, self._either:
            self._either.register(self._socket, selectors.EVENT_READ)
            self._either.register(self._woken, selectors.EVENT_READ)
            with self._world.turn():
                admission = self._service.admit(self._inbox)
            match admission:
                case Rejected():
                    # The kernel has let the client in already: a refusal comes as a reset.
                    self._reset()
                case Unanswered(given_up):
                    self._wait_in_vain(given_up)
                case Admitted(far_end=far_end):
                    try:
                        self._serve(far_end)
                    finally:
                        with self._world.turn():
                            far_end.gone()

    def _serve(self, far_end: FarEnd) -> None:
        has_ended = False
        while not self._is_over:
            data = self._next_bytes(None if has_ended else self._patience_s())
            if data == b"":
                return
            with self._world.turn():
                if data and not has_ended:
                    far_end.feed(data)
                sent, end = ([], None) if has_ended else self._due(far_end)
            if data and has_ended:
                # As any server that has closed its side, and is spoken to.
                self._reset()
                return
            try:
                for each in sent:
                    self._socket.sendall(each)
                if end == "fin":
                    self._socket.shutdown(socket.SHUT_WR)
                    has_ended = True
            except OSError:
                return
            if end == "reset":
                self._reset()
                return

    def _due(self, far_end: FarEnd) -> tuple[list[bytes], str | None]:
        """What is to be sent now, and how the connection ends then, if it does."""
        sent: list[bytes] = []
        while self._inbox.is_ready:
            if self._inbox.is_at_end and isinstance(far_end, Connection) and far_end.has_ended:
                # The client meets the end of a connection that was idle, which is then gone.
                far_end.gone()
            try:
                data = self._inbox.take(_AT_ONCE)
            except OSError:
                return sent, "reset"
            if data:
                sent.append(data)
            elif self._inbox.is_at_end:
                return sent, "fin"
        return sent, None

    def _patience_s(self) -> float | None:
        """Seconds until something has to be sent; None if nothing is under way."""
        with self._world.turn():
            due = self._inbox.next_due
            return None if due is None else max(0, due - self._world.clock.ticks) / TICKS_PER_S

    def _next_bytes(self, patience_s: float | None) -> bytes | None:
        """What the client sends; empty when it has gone, None if something else is to be done."""
        ready = {key.fileobj for key, _ in self._either.select(patience_s)}
        if self._woken in ready:
            self._woken.recv(_READ_BYTES)
        if self._socket not in ready:
            return None
        try:
            return self._socket.recv(_READ_BYTES)
        except OSError:
            return b""

    def _wait_in_vain(self, given_up: Callable[[], object]) -> None:
        """Take what the client sends, and say nothing."""
        while not self._is_over and self._next_bytes(None) != b"":
            pass
        with self._world.turn():
            given_up()

    def _reset(self) -> None:
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
            self._socket.close()


def _nobody_parks(task: object) -> None:
    raise AssertionError(f"{task} waits for a line, which no task of a simulation does")
