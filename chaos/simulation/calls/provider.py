"""One upstream on the network: who connects is let in or not, who asks is answered.

Everything that a trace says of calls is said here and in its subclasses, once, for every tier. A
call is a request, or an attempt to connect that came to nothing, which is all that a provider in
trouble sees of its callers.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from typing import assert_never

from chaos.faults.connecting import Connected, ConnectionRefusal, Distrusted, Ignored, NameFailure
from chaos.faults.delivery import Answered, Lost
from chaos.ports import CONNECT, Operation, StandIn
from chaos.simulation.calls.calls import Calls
from chaos.simulation.calls.carrier import Message
from chaos.simulation.calls.connection import Connection, Sent
from chaos.simulation.calls.exchange import Exchange
from chaos.simulation.calls.open_connections import OpenConnections
from chaos.simulation.network.far_end import Admission, Admitted, Rejected, Unanswered
from chaos.simulation.network.handshake import Certificate
from chaos.simulation.network.inbox import Inbox

_NAME_ERRORS = {
    True: (socket.EAI_AGAIN, "Temporary failure in name resolution"),
    False: (socket.EAI_NONAME, "Name or service not known"),
}


class Provider(ABC):
    """One port of one host of one upstream.

    Args:
        upstream: The stand-in that answers.
        host: The name of the host.
        is_tls: Whether every connection begins with TLS.
        calls: What all providers have in common.
        connections: Every connection that clients have; shared by all providers.
    """

    def __init__(
        self,
        upstream: StandIn,
        host: str,
        *,
        is_tls: bool,
        calls: Calls,
        connections: OpenConnections,
    ) -> None:
        self._upstream = upstream
        self._host = host
        self._is_tls = is_tls
        self._calls = calls
        self._connections = connections

    def look_up(self) -> None:
        """The host's name is looked up.

        Raises:
            socket.gaierror: A fault is in the way.
        """
        match self._calls.injector.connect(self._upstream.name, "name"):
            case NameFailure(temporary=temporary, by=by):
                exchange = self._begin_connect(by)
                if exchange is not None:
                    exchange.fail("ConnectError")
                raise socket.gaierror(*_NAME_ERRORS[temporary])
            case _:
                return

    def admit(self, inbox: Inbox) -> Admission:
        """Somebody connects; see `Service`."""
        now = self._calls.callers.clock.ticks
        flaw = None
        met = self._calls.injector.connect(self._upstream.name, "connect")
        match met:
            case ConnectionRefusal(by=by):
                exchange = self._begin_connect(by)
                if exchange is not None:
                    exchange.fail("ConnectError")
                return Rejected(error=self._calls.carrier.refusal(self._host), due=now)
            case Ignored(by=by):
                exchange = self._begin_connect(by)
                return Unanswered(lambda: exchange.fail("ConnectTimeout") if exchange else None)
            case Distrusted():
                flaw = met.flaw
            case Connected() | NameFailure():
                pass
            case _:
                assert_never(met)
        connection = self._connection(
            inbox, Certificate(self._host, flaw) if self._is_tls else None
        )
        if isinstance(met, Distrusted) and self._is_tls:
            connection.distrusted_by = met.by
        self._connections.add(self._upstream.name, connection)
        return Admitted(far_end=connection, due=now)

    @abstractmethod
    def _connection(self, inbox: Inbox, certificate: Certificate | None) -> Connection:
        """The far end of a new connection."""

    def idle_end_met(self, connection: Connection) -> None:
        """The client has met the end of an idle connection; see `Owner`."""
        by = self._connections.ended_by(connection)
        if by is not None:
            self._calls.injector.acted(by)

    def gone(self, connection: Connection) -> None:
        """The client has closed the connection; see `Owner`."""
        self._connections.remove(connection)
        if connection.distrusted_by is not None and not connection.has_been_used:
            exchange = self._begin_connect(connection.distrusted_by)
            if exchange is not None:
                exchange.fail("ConnectError")

    def _deliver(
        self,
        delivery: Answered | Lost,
        message: Message,
        sent: Sent,
        connection: Connection,
        exchange: Exchange,
    ) -> None:
        """Let an answer travel."""
        carrier = self._calls.carrier
        match delivery:
            case Lost():
                carrier.lose(delivery, sent, connection, exchange)
            case Answered():
                carrier.carry(delivery, message, sent, connection, exchange)
            case _:
                assert_never(delivery)

    def _begin_idle(self, upstream: StandIn, connection: Connection) -> None:
        """From now on nobody uses the connection, as far as anybody knows."""
        limit = self._calls.injector.idle_limit(upstream.name)
        if limit is not None and not connection.is_dead:
            self._connections.will_end(connection, limit.by)
            connection.begin_idle(limit.seconds, limit.how)

    def _begin_connect(self, by: str) -> Exchange | None:
        """The call that an attempt to connect is, which a fault brings to nothing."""
        behalf = self._calls.behalf(f"connected to {self._host}")
        if behalf is None:
            return None
        upstream, injector = self._upstream, self._calls.injector
        return self._calls.begin(
            upstream,
            Operation(CONNECT),
            behalf,
            lambda number: injector.decided(upstream, by, number),
        )
