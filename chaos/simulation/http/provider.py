"""A provider that speaks HTTP."""

from __future__ import annotations

from chaos.ports import Upstream
from chaos.simulation.calls.calls import Calls
from chaos.simulation.calls.exchange import Exchange
from chaos.simulation.calls.open_connections import OpenConnections
from chaos.simulation.calls.provider import Provider
from chaos.simulation.http.connection import Arrived, HttpConnection
from chaos.simulation.http.head import message_of
from chaos.simulation.http.router import Router
from chaos.simulation.network.handshake import Certificate
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.tasks.behalf import Behalf

PORTS = {443: "https", 80: "http"}
"""Where providers listen."""


class HttpProvider(Provider):
    """One port of one host of an upstream that speaks HTTP.

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
        is_tls = PORTS[port] == "https"
        super().__init__(upstream, host, is_tls=is_tls, calls=calls, connections=connections)
        self._router = router

    def _connection(self, inbox: Inbox, certificate: Certificate | None) -> HttpConnection:
        clock = self._calls.callers.clock
        return HttpConnection(inbox, clock, certificate=certificate, host=self._host, server=self)

    def answer(self, arrived: Arrived, connection: HttpConnection) -> None:
        """Answer a request; see `Server`."""
        behalf = self._calls.behalf(f"sent a request to {arrived.request.host}")
        upstream = self._router.resolve(arrived.request)
        if arrived.asks_a_proxy and arrived.request.host.lower() != self._host.lower():
            self._calls.guard.violation(
                f"{self._host} got a proxy request for {arrived.request.url}; expected a request "
                "to the host itself; use a chaos.upstreams.proxy.ForwardProxy as the stand-in for "
                "a proxy"
            )
            connection.reset()
            return
        if arrived.request.headers.get("upgrade", "").lower() == "websocket":
            self._calls.guard.violation(
                f"{arrived.request.url} was opened as a WebSocket, which is not simulated; "
                "expected HTTP requests and responses; turn off what needs it in this run"
            )
            connection.reset()
            return
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

    def _answer(
        self, upstream: Upstream, behalf: Behalf, arrived: Arrived, connection: HttpConnection
    ) -> None:
        calls, request = self._calls, arrived.request
        operation = upstream.classify(request)
        if operation is None:
            calls.guard.violation(
                f"{upstream.name} has no operation for {request.method} {request.url}; expected "
                f"one of: {', '.join(upstream.operations)}; add this request to the stand-in"
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
        self._begin_idle(upstream, connection)

    def _carry(self, exchange: Exchange, arrived: Arrived, connection: HttpConnection) -> None:
        decision = exchange.decision
        lost = decision.lost
        if lost is not None:
            self._calls.carrier.lose(lost, arrived, connection, exchange)
            return
        # The provider acts when the request reaches it, whatever becomes of its answer.
        response = decision.respond(arrived.request)
        exchange.was_handled(arrived.request, decision.handled)
        message = message_of(response, arrived.request.method, keeps_alive=arrived.keeps_alive)
        self._deliver(decision.delivery(response), message, arrived, connection, exchange)
