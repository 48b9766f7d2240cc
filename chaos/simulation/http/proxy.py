"""A proxy on the network: requests are passed on, and tunnels lead to other providers.

Behind the proxy there is the far end that the client would have had without it. It pushes into the
client's own inbox, so that whatever befalls the provider is met through the proxy, too.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import assert_never

from chaos.faults.delivery import Answered
from chaos.http import Request, Response
from chaos.simulation.calls.calls import Calls
from chaos.simulation.calls.exchange import Exchange
from chaos.simulation.calls.open_connections import OpenConnections
from chaos.simulation.http.connection import Arrived, HttpConnection
from chaos.simulation.http.head import message_of
from chaos.simulation.http.provider import HttpProvider
from chaos.simulation.http.router import Router
from chaos.simulation.network.far_end import Admission, Admitted, FarEnd, Rejected, Unanswered
from chaos.simulation.network.handshake import Certificate
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.network.network import VirtualNetwork
from chaos.upstreams.proxy import ForwardProxy

_HEAD_END = b"\r\n\r\n"
_CONNECT = b"CONNECT "
_HTTP_PORT = 80


class ProxyConnection(HttpConnection):
    """One connection of a client to a proxy.

    Attributes:
        tunnel: Where the client's bytes go from now on; None before there is a tunnel.
        behind: The connections to providers to which requests are passed on, by host and port.
    """

    def __init__(
        self, inbox: Inbox, certificate: Certificate | None, *, host: str, server: ProxyProvider
    ) -> None:
        super().__init__(inbox, server.clock, certificate=certificate, host=host, server=server)
        self.tunnel: FarEnd | None = None
        self.behind: dict[tuple[str, int], FarEnd] = {}
        self._asked = b""

    def _take(self, data: bytes) -> None:
        if self.tunnel is not None:
            self.tunnel.feed(data)
            return
        self._asked += data
        if not _CONNECT.startswith(self._asked[: len(_CONNECT)]):
            data, self._asked = self._asked, b""
            super()._take(data)
        elif _HEAD_END in self._asked:
            head, _, rest = self._asked.partition(_HEAD_END)
            self._asked = b""
            self._server.answer(_asked_for(head), self)
            if rest:
                self._take(rest)

    def finish(self) -> None:
        """The client sends no more."""
        if self.tunnel is None and not self.behind:
            super().finish()
        self._each(lambda far: far.finish())

    def gone(self) -> None:
        """The client has closed the connection."""
        self._each(lambda far: far.gone())
        super().gone()
        self.tunnel = None
        self.behind.clear()

    def timed_out(self) -> None:
        """The client has waited for as long as it wanted."""
        super().timed_out()
        self._each(lambda far: far.timed_out())

    def waits(self, timeout_s: float | None) -> None:
        """Note how long the client is going to wait."""
        super().waits(timeout_s)
        self._each(lambda far: far.waits(timeout_s))

    def _each(self, tell: Callable[[FarEnd], None]) -> None:
        for far in (*self.behind.values(), *([self.tunnel] if self.tunnel else [])):
            tell(far)


class ProxyProvider(HttpProvider):
    """One port of one host of a proxy.

    Args:
        upstream: The stand-in.
        host: The name of the host.
        router: Knows all providers.
        calls: What all providers have in common.
        connections: Every connection that clients have.
        network: Has the providers behind it.
    """

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        upstream: ForwardProxy,
        host: str,
        *,
        router: Router,
        calls: Calls,
        connections: OpenConnections,
        network: VirtualNetwork,
    ) -> None:
        super().__init__(
            upstream, host, _HTTP_PORT, router=router, calls=calls, connections=connections
        )
        self.clock = calls.callers.clock
        self._proxy = upstream
        self._network = network

    def _connection(self, inbox: Inbox, certificate: Certificate | None) -> ProxyConnection:
        return ProxyConnection(inbox, certificate, host=self._host, server=self)

    def answer(self, arrived: Arrived, connection: HttpConnection) -> None:
        """Open a tunnel, or pass a request on; see `Server`."""
        assert isinstance(connection, ProxyConnection), "it makes no others"
        if arrived.request.method == "CONNECT":
            behalf = self._calls.behalf(f"asked {self._host} for a tunnel")
            if behalf is None:
                connection.reset()
            else:
                self._answer(self._proxy, behalf, arrived, connection)
        else:
            self._pass_on(arrived, connection)

    def _carry(self, exchange: Exchange, arrived: Arrived, connection: HttpConnection) -> None:
        assert isinstance(connection, ProxyConnection), "it makes no others"
        decision = exchange.decision
        lost = decision.lost
        if lost is not None:
            self._calls.carrier.lose(lost, arrived, connection, exchange)
            return
        response = decision.respond(arrived.request)
        exchange.was_handled(arrived.request, decision.handled)
        if response.status == HTTPStatus.OK:
            host, _, port = arrived.request.url.partition("://")[2].rpartition(":")
            admission = self._behind(host.strip("[]"), int(port), connection)
            match admission:
                case Admitted(far_end=far_end):
                    connection.tunnel = far_end
                case Rejected():
                    response = Response(status=HTTPStatus.BAD_GATEWAY.value)
                case Unanswered(given_up=given_up):
                    connection.on_gone.append(lambda: _ignored(given_up()))
                    return
                case _:
                    assert_never(admission)
        delivery = decision.delivery(response)
        if not isinstance(delivery, Answered):
            connection.tunnel = None
        message = message_of(response, arrived.request.method, keeps_alive=arrived.keeps_alive)
        self._deliver(delivery, message, arrived, connection, exchange)

    def _pass_on(self, arrived: Arrived, connection: ProxyConnection) -> None:
        request = arrived.request
        if not self._proxy.lets_through(request):
            self._say(self._proxy.handle(request), arrived, connection)
            return
        place = request.host, request.port or _HTTP_PORT
        far = connection.behind.get(place)
        if far is None:
            admission = self._behind(*place, connection)
            match admission:
                case Admitted(far_end=far_end):
                    far = connection.behind[place] = far_end
                case Rejected():
                    self._say(Response(status=HTTPStatus.BAD_GATEWAY.value), arrived, connection)
                    return
                case Unanswered(given_up=given_up):
                    connection.on_gone.append(lambda: _ignored(given_up()))
                    return
                case _:
                    assert_never(admission)
        far.feed(arrived.raw)

    def _behind(self, host: str, port: int, connection: ProxyConnection) -> Admission:
        """What becomes of the proxy's attempt to connect to a provider."""
        try:
            return self._network.admitted(host, port, connection.inbox)
        except socket.gaierror as error:
            return Rejected(error=error, due=self.clock.ticks)

    def _say(self, response: Response, arrived: Arrived, connection: ProxyConnection) -> None:
        """Something that the proxy says itself."""
        message = message_of(response, arrived.request.method, keeps_alive=arrived.keeps_alive)
        connection.send(message.head + message.body)


def _asked_for(head: bytes) -> Arrived:
    """A CONNECT."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":")[::2] for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    target = first.split(" ")[1]
    return Arrived(
        Request(method="CONNECT", url=f"https://{target}", headers=headers),
        head + _HEAD_END,
        keeps_alive=True,
    )


def _ignored(outcome: object) -> None:
    del outcome
