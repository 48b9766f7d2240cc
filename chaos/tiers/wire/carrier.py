"""Carries requests over real sockets, and charges the clock of the run what that stands for."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from chaos.http import Request, Response
from chaos.simulation.contract import Decision, Timeouts
from chaos.simulation.exchange import SENT
from chaos.simulation.guard import Guard
from chaos.simulation.schedule import arriving
from chaos.tiers.wire.client import ToxiproxyError
from chaos.tiers.wire.head import head_of
from chaos.tiers.wire.mockers import NATIVE, native_of
from chaos.tiers.wire.pace import is_too_long
from chaos.tiers.wire.server import StandInServer
from chaos.tiers.wire.toxics import Load
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.trip import Call, Trip
from chaos.tiers.wire.ways import Ways

_NOT_ASKED = Response(status=500, body=b"no request should have come here")


class WireCarrier:
    """Sends requests through Toxiproxy to the stand-in server.

    A task that waits for a socket keeps the baton: nobody else's time passes. Once the bytes are
    there, or the error, the clock is charged the nominal wait.

    Args:
        sleep: Lets virtual time pass.
        guard: Keeps what must not happen.
        toxiproxy: What requests go through.
        server: Where they end.
        ways: The ways between the two.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], None],
        guard: Guard,
        toxiproxy: Toxiproxy,
        server: StandInServer,
        ways: Ways,
    ) -> None:
        self._sleep = sleep
        self._guard = guard
        self._toxiproxy = toxiproxy
        self._server = server
        self._ways = ways

    def carry(
        self,
        request: Request,
        httpx_request: httpx.Request,
        decision: Decision,
        timeouts: Timeouts,
    ) -> httpx.Response:
        """Carry one request to the stand-in server and back.

        Raises:
            httpx.TransportError: What the library made of the network.
            SimulationError: Toxiproxy failed, or the client would wait for ever.
        """
        delivery, response = decision.delivery, _NOT_ASKED
        if not (delivery.refused or delivery.silent):
            # Here rather than in the server, because toxics depend on what will be answered.
            response = decision.respond(request)
            delivery = decision.shaped(response)
        body = b"" if request.method == "HEAD" else response.body
        try:
            way = self._ways.open(
                httpx_request.url.host,
                delivery,
                Load(head_bytes=len(head_of(response)), body_bytes=arriving(delivery, len(body))),
                head_is_too_late=is_too_long(delivery.latency_s, timeouts.get("read")),
            )
        except ToxiproxyError as error:
            raise self._guard.violation(str(error)) from error
        number, expected = self._server.expect(request, response)
        trip = Trip(
            Call(
                number=number,
                delivery=delivery,
                response=response,
                body=body,
                expected=expected,
                timeouts=timeouts,
            ),
            native=native_of(httpx_request),
            way=way,
            sleep=self._sleep,
            guard=self._guard,
            check=self._toxiproxy.check,
            on_end=lambda: self._server.forget(number),
        )
        head = trip.send()
        return httpx.Response(
            head.status,
            headers=head.headers,
            stream=trip,
            request=httpx_request,
            extensions={"http_version": b"HTTP/1.1", SENT: len(body), NATIVE: True},
        )
