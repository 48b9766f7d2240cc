"""Carries requests over real sockets, and charges the clock of the run what that stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
from freezegun.api import real_monotonic

from chaos.errors import SimulationError
from chaos.faults.delivery import Delivery
from chaos.tiers.simulated.contract import Decision, Timeouts
from chaos.tiers.simulated.exchange import SENT
from chaos.tiers.simulated.guard import Guard
from chaos.tiers.simulated.schedule import Piece, arriving, pieces
from chaos.tiers.wire.client import ToxiproxyError
from chaos.tiers.wire.mockers import NATIVE, native_of
from chaos.tiers.wire.native import Head, Native
from chaos.tiers.wire.pace import PATIENCE_S, is_too_long, real_timeout_s, real_wait_s
from chaos.tiers.wire.server import CALL_HEADER, Expected, StandInServer, head_of, is_stream
from chaos.tiers.wire.toxics import Load
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.ways import Way, Ways
from chaos.upstreams.http import Request, Response

_FOR_EVER_S = 86_400.0
_NOT_ASKED = Response(status=500, body=b"nobody should have come here")
_HARDLY_LESS = 0.9
"""Share of its wait that a toxic is believed with; timers are not exact."""

Sleep = Callable[[float], None]


class WireCarrier:
    """Sends requests through Toxiproxy to the stand-in server.

    The task that waits for a socket keeps the baton: no time passes for the others. Once the
    bytes, or the error, are there, the clock is charged the nominal wait.

    What comes is compared with what had to come. An answer that is there before its toxic allows
    it, a timeout where bytes were due, other bytes than were sent: each is a violation, because
    then it is not the service that was put to the test.

    Args:
        sleep: Lets virtual time pass.
        guard: Keeps what must not happen.
        toxiproxy: What requests go through.
        server: Where they end.
        ways: The ways between.
    """

    def __init__(
        self, *, sleep: Sleep, guard: Guard, toxiproxy: Toxiproxy, server: StandInServer, ways: Ways
    ) -> None:
        self.sleep = sleep
        self.guard = guard
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
            response = decision.respond(request)
            delivery = decision.shaped(response)
        number, expected = self._server.expect(request, response)
        try:
            trip = self._set_out(request, native_of(httpx_request), delivery, expected, timeouts)
        except BaseException:
            self._server.forget(number)
            raise
        trip.on_end(lambda: self._server.forget(number))
        head = trip.send(number)
        is_head_only = request.method == "HEAD"
        return httpx.Response(
            head.status,
            headers=head.headers,
            stream=_Body(trip, b"" if is_head_only else response.body),
            request=httpx_request,
            extensions={
                "http_version": b"HTTP/1.1",
                SENT: len(response.body),
                NATIVE: trip.native,
            },
        )
