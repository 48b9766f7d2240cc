"""One upstream on the network: who connects is let in or not, who asks is answered.

Everything that a trace says of calls is said here, once, for every tier. A call is a request, or
an attempt to connect that came to nothing, which is all that a provider in trouble sees of its
callers.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Literal, assert_never

from chaos.faults.connecting import Connected, Distrusted, Ignored, NameFailure, Refused
from chaos.faults.decision import Decision
from chaos.faults.delivery import Answered, Lost
from chaos.faults.injector import Injector
from chaos.ports import Operation, Recorder, Upstream
from chaos.simulation.http.carrier import Carrier
from chaos.simulation.http.connection import Arrived, HttpConnection
from chaos.simulation.http.exchange import Exchange
from chaos.simulation.http.router import Router
from chaos.simulation.network.far_end import Admission, Admitted, Rejected, Unanswered
from chaos.simulation.network.handshake import Certificate
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.behalf import Behalf
from chaos.simulation.tasks.scheduler import Scheduler
from chaos.trace.events import RequestEvent

CONNECT = "connect"
"""The operation of an attempt to connect that came to nothing."""

PORTS = {443: "https", 80: "http"}
"""Where providers listen."""

_NAME_ERRORS = {
    True: (socket.EAI_AGAIN, "Temporary failure in name resolution"),
    False: (socket.EAI_NONAME, "Name or service not known"),
}


class Calls:
    """What the calls to all providers of a run have in common.

    Args:
        injector: Decides what happens to each call.
        carrier: Carries answers out.
        recorder: Writes the events.
        scheduler: Tells for whom the calling thread acts, and what time it is.
        guard: Keeps what must not happen.
        numbers: Numbers the calls.
    """

    def __init__(  # noqa: PLR0913 - the parts of a run meet here
        self,
        *,
        injector: Injector,
        carrier: Carrier,
        recorder: Recorder,
        scheduler: Scheduler,
        guard: Guard,
        numbers: Iterator[int],
    ) -> None:
        self.injector = injector
        self.carrier = carrier
        self.guard = guard
        self.scheduler = scheduler
        self._recorder = recorder
        self._numbers = numbers

    def begin(
        self,
        upstream: Upstream,
        operation: Operation,
        behalf: Behalf,
        decide: Callable[[int], Decision],
    ) -> Exchange:
        """Number a call, and write that it has begun."""
        number = next(self._numbers)
        behalf.last_upstream = upstream.name
        self._recorder.record(
            RequestEvent,
            call=number,
            upstream=upstream.name,
            operation=operation.name,
            object=operation.object,
        )
        return Exchange(
            recorder=self._recorder,
            guard=self.guard,
            now_s=lambda: self.scheduler.clock.now_s,
            behalf=behalf,
            upstream=upstream,
            operation=operation,
            call=number,
            decision=decide(number),
        )

    def behalf(self, what: str) -> Behalf | None:
        """For whom the calling thread acts; None, and kept as a violation, for a foreign one."""
        behalf = self.scheduler.behalf()
        if behalf is None:
            self.guard.foreign_thread(what)
        else:
            self.scheduler.count_call(behalf)
        return behalf


class Provider:
    """One host of one upstream.

    Args:
        upstream: The stand-in that answers.
        host: The name of the host.
        port: Where it listens.
        router: Resolves requests, since a connection to one host may carry requests for others.
        calls: What all providers have in common.
        connections: Every connection that clients have; shared by all providers.
    """

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        upstream: Upstream,
        host: str,
        port: int,
        *,
        router: Router,
        calls: Calls,
        connections: OpenConnections,
    ) -> None:
        self._upstream = upstream
        self._host = host
        self._scheme = PORTS[port]
        self._router = router
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
        now = self._calls.scheduler.clock.ticks
        flaw = None
        met = self._calls.injector.connect(self._upstream.name, "connect")
        match met:
            case Refused(by=by):
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
        is_tls = self._scheme == "https"
        connection = HttpConnection(
            inbox,
            self._calls.scheduler.clock,
            certificate=Certificate(self._host, flaw) if is_tls else None,
            host=self._host,
            server=self,
        )
        if isinstance(met, Distrusted) and is_tls:
            connection.distrusted_by = met.by
        self._connections.add(self._upstream.name, connection)
        return Admitted(far_end=connection, due=now)

    def answer(self, arrived: Arrived, connection: HttpConnection) -> None:
        """Answer a request; see `Server`."""
        behalf = self._calls.behalf(f"sent a request to {arrived.request.host}")
        upstream = self._router.resolve(arrived.request)
        if behalf is None or upstream is None:
            if upstream is None:
                self._calls.guard.violation(
                    f"request to unknown host {arrived.request.host!r}; expected one of: "
                    f"{', '.join(self._router.hosts)}; add it to the hosts of an upstream"
                )
            connection.reset()
            return
        try:
            self._answer(upstream, behalf, arrived, connection)
        except Exception as error:  # noqa: BLE001 - a stand-in of somebody's own
            self._calls.guard.broken_stand_in(upstream.name, error)
            connection.reset()

    def idle_end_met(self, connection: HttpConnection) -> None:
        """The client has met the end of an idle connection; see `Server`."""
        by = self._connections.ended_by(connection)
        if by is not None:
            self._calls.injector.acted(by)

    def gone(self, connection: HttpConnection) -> None:
        """The client has closed the connection; see `Server`."""
        self._connections.remove(connection)
        if connection.distrusted_by is not None and not connection.has_been_used:
            exchange = self._begin_connect(connection.distrusted_by)
            if exchange is not None:
                exchange.fail("ConnectError")

    def _answer(
        self, upstream: Upstream, behalf: Behalf, arrived: Arrived, connection: HttpConnection
    ) -> None:
        calls, request = self._calls, arrived.request
        operation = upstream.classify(request)
        if operation is None:
            calls.guard.violation(
                f"{upstream.name} has no operation for {request.method} {request.url}; expected "
                f"one of: {', '.join(upstream.operations)}; teach the stand-in this request"
            )
            connection.reset()
            return
        exchange = calls.begin(
            upstream,
            operation,
            behalf,
            lambda number: calls.injector.decide(upstream, operation, number),
        )
        connection.open(exchange)
        self._carry(exchange, arrived, connection)
        limit = calls.injector.idle_limit(upstream.name)
        if limit is not None and not connection.is_dead:
            self._connections.will_end(connection, limit.by)
            connection.begin_idle(limit.seconds, limit.how)

    def _carry(self, exchange: Exchange, arrived: Arrived, connection: HttpConnection) -> None:
        carrier, decision = self._calls.carrier, exchange.decision
        lost = decision.lost
        if lost is not None:
            carrier.lose(lost, arrived, connection, exchange)
            return
        # The provider acts when the request reaches it, whatever becomes of its answer.
        response = decision.respond(arrived.request)
        exchange.was_handled(arrived.request, decision.handled)
        delivery = decision.delivery(response)
        match delivery:
            case Lost():
                carrier.lose(delivery, arrived, connection, exchange)
            case Answered():
                carrier.carry(delivery, response, arrived, connection, exchange)
            case _:
                assert_never(delivery)

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


class OpenConnections:
    """The connections that clients keep open, by upstream, in order."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, HttpConnection]] = {}
        self._ends: dict[int, str] = {}

    def add(self, upstream: str, connection: HttpConnection) -> None:
        """A client has connected."""
        self._open[id(connection)] = upstream, connection

    def remove(self, connection: HttpConnection) -> None:
        """A client has closed its connection."""
        self._open.pop(id(connection), None)
        self._ends.pop(id(connection), None)

    def will_end(self, connection: HttpConnection, by: str) -> None:
        """A fault ends the connection, if nobody uses it."""
        self._ends[id(connection)] = by

    def ended_by(self, connection: HttpConnection) -> str | None:
        """The fault that has ended it; None if none has."""
        return self._ends.get(id(connection))

    def end_idle(self, upstream: str, how: Literal["fin", "reset", "race"]) -> int:
        """End those on which nothing is under way; see `Connections`."""
        ended = [
            connection
            for name, connection in self._open.values()
            if name == upstream and connection.is_idle
        ]
        for connection in ended:
            connection.end_idle(how)
        return len(ended)
