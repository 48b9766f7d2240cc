"""A provider that does not speak HTTP."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chaos.faults.decision import Decision
from chaos.faults.delivery import Lost
from chaos.http import Response
from chaos.ports import Command, Operation, Reply, StreamUpstream
from chaos.simulation.calls.calls import Calls
from chaos.simulation.calls.carrier import Message
from chaos.simulation.calls.open_connections import OpenConnections
from chaos.simulation.calls.provider import Provider
from chaos.simulation.network.handshake import Certificate
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.streams.connection import StreamConnection
from chaos.simulation.tasks.behalf import Behalf


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A command as it arrived."""

    host: str
    raw: bytes


class StreamProvider(Provider):
    """One port of one host of an upstream that does not speak HTTP.

    Args:
        upstream: The stand-in that answers.
        host: The name of the host.
        is_tls: Whether every connection begins with TLS.
        calls: What all providers have in common.
        connections: Every connection that clients have; shared by all providers.
    """

    def __init__(
        self,
        upstream: StreamUpstream,
        host: str,
        *,
        is_tls: bool,
        calls: Calls,
        connections: OpenConnections,
    ) -> None:
        super().__init__(upstream, host, is_tls=is_tls, calls=calls, connections=connections)
        self._speaker = upstream

    def _connection(self, inbox: Inbox, certificate: Certificate | None) -> StreamConnection:
        clock = self._calls.callers.clock
        return StreamConnection(inbox, clock, certificate=certificate, server=self)

    def greet(self, connection: StreamConnection) -> bytes:
        """What is said first; see `Server`."""
        try:
            return self._speaker.greet(connection.session)
        except Exception as error:  # noqa: BLE001 - a stand-in of somebody's own
            self._broken(error, connection)
            return b""

    def next_command(self, data: bytes, connection: StreamConnection) -> Command | None:
        """The first command that is whole; see `Server`."""
        try:
            return self._speaker.next_command(data)
        except Exception as error:  # noqa: BLE001 - a stand-in of somebody's own
            self._broken(error, connection)
            return None

    def answer(self, command: Command, connection: StreamConnection) -> None:
        """Answer a command; see `Server`."""
        calls, speaker, operation = self._calls, self._speaker, command.operation
        behalf = calls.behalf(f"sent a command to {self._host}")
        if operation is None or operation.name not in speaker.operations:
            calls.guard.violation(
                f"{speaker.name} has no operation for {command.raw[:60]!r}; expected one of: "
                f"{', '.join(speaker.operations)}; add this command to the stand-in"
            )
            connection.reset()
            return
        if behalf is None:
            connection.reset()
            return
        try:
            self._answer(command, operation, behalf, connection)
        except Exception as error:  # noqa: BLE001 - a stand-in of somebody's own
            self._broken(error, connection)

    def _answer(
        self, command: Command, operation: Operation, behalf: Behalf, connection: StreamConnection
    ) -> None:
        calls, speaker = self._calls, self._speaker
        exchange = calls.begin(
            speaker,
            operation,
            behalf,
            lambda number: calls.injector.decide(speaker, operation, number),
        )
        connection.open(exchange)
        if connection.is_silent:
            # What came before this got lost on the way, and bytes do not overtake each other.
            return
        decision, sent = exchange.decision, _Arrived(self._host, command.raw)
        lost = decision.lost
        if lost is not None:
            connection.is_silent = True
            calls.carrier.lose(lost, sent, connection, exchange)
            return
        self._refuse_http(decision)
        reply = speaker.handle(command, connection.session)
        exchange.was_handled(command.content, reply)
        if not reply.data:
            connection.close(exchange)
            exchange.complete(reply)
            return
        # Faults of the way look at how much there is to carry, and at nothing else.
        delivery = decision.delivery(Response(status=200, body=reply.data))
        cut = None if isinstance(delivery, Lost) else delivery.cut
        connection.is_silent = isinstance(delivery, Lost) or cut is not None
        self._deliver(delivery, _message(reply), sent, connection, exchange)
        self._begin_idle(speaker, connection)

    def _refuse_http(self, decision: Decision) -> None:
        """Refuse faults that are answers of an HTTP server."""
        for kind in decision.answering:
            self._calls.guard.violation(
                f"fault {kind!r} is an HTTP response, but {self._speaker.name} does not speak "
                "HTTP; expected a fault of the connection, such as 'timeout', 'reset_peer' or "
                "'latency'"
            )

    def _broken(self, error: Exception, connection: StreamConnection) -> None:
        self._calls.guard.broken_stand_in(self._speaker.name, error)
        connection.reset()


def _message(reply: Reply) -> Message:
    def told(came: bytes) -> Reply:
        return replace(reply, data=came)

    return Message(body=reply.data, closes=reply.closes, told=told)
