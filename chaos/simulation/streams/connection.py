"""The far end of a connection that does not speak HTTP: it finds commands between the bytes."""

from __future__ import annotations

from typing import Any, Protocol

from chaos.ports import Command
from chaos.simulation.calls.connection import Connection, Owner
from chaos.simulation.network.handshake import Certificate
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.timing.clock import Clock


class Server(Owner, Protocol):
    """Who answers commands."""

    def greet(self, connection: StreamConnection) -> bytes:
        """What is said before the first command."""

    def next_command(self, data: bytes, connection: StreamConnection) -> Command | None:
        """The first command in these bytes; None if there is none that is whole."""

    def answer(self, command: Command, connection: StreamConnection) -> None:
        """Answer a command."""


class StreamConnection(Connection):
    """One connection of a client to a server that does not speak HTTP.

    Args:
        inbox: Of the client.
        clock: Of the run.
        certificate: What is shown in the handshake, with which the connection begins; None for
            one without TLS.
        server: Answers the commands.

    Attributes:
        session: What the stand-in remembers of this connection.
        is_silent: Whether an answer has been lost, so that nothing after it arrives either.
    """

    def __init__(
        self, inbox: Inbox, clock: Clock, *, certificate: Certificate | None, server: Server
    ) -> None:
        super().__init__(inbox, clock, certificate=certificate, owner=server)
        self.session: dict[str, Any] = {}
        self.is_silent = False
        self._server = server
        self._came = b""
        if certificate is None:
            self._greet()

    def _greet(self) -> None:
        if greeting := self._server.greet(self):
            self.send(greeting)

    def _shake_hands(self, data: bytes) -> bytes:
        rest = super()._shake_hands(data)
        if self._hello is None:
            self._greet()
        return rest

    def _take(self, data: bytes) -> None:
        self._came += data
        while self._came and not self.is_dead:
            command = self._server.next_command(self._came, self)
            if command is None:
                return
            self._came = self._came[len(command.raw) :]
            self.has_been_used = True
            self._server.answer(command, self)
