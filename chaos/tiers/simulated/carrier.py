"""Carries responses in virtual time, the way their delivery says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx

from chaos.errors import SimulationError
from chaos.faults.delivery import Delivery
from chaos.http import Request, Response
from chaos.simulation.contract import Decision, Timeouts
from chaos.simulation.exchange import SENT
from chaos.simulation.schedule import pieces

_FOR_EVER_S = 86_400.0

Sleep = Callable[[float], None]


class SimulatedCarrier:
    """Plays deliveries: the network is a matter of when to sleep and what to raise.

    Every wait, for the first byte and between any two pieces of a body, is cut short by the
    read timeout of the client.

    Args:
        sleep: Lets virtual time pass.
    """

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep

    def carry(
        self,
        request: Request,
        httpx_request: httpx.Request,
        decision: Decision,
        timeouts: Timeouts,
    ) -> httpx.Response:
        """Answer as the provider does, as far as the delivery lets it through.

        Raises:
            httpx.ConnectError: Nobody listens.
            httpx.ReadTimeout: The first byte did not come in time.
            httpx.ReadError: The connection was reset before the first byte.
            SimulationError: The client has no timeout, and would wait for ever.
        """
        delivery = decision.delivery
        if delivery.refused:
            raise httpx.ConnectError("[Errno 111] Connection refused", request=httpx_request)
        if delivery.silent:
            raise _silence(self._sleep, timeouts, "any response")
        # The provider acts when the request reaches it, whatever becomes of its answer.
        response = decision.respond(request)
        delivery = decision.shaped(response)
        _wait(self._sleep, delivery.latency_s, timeouts)
        if delivery.end == "reset" and delivery.cut_after is None:
            raise _reset()
        is_stream = (response.header("content-type") or "").startswith("text/event-stream")
        return httpx.Response(
            response.status,
            headers=_headers(response, is_stream=is_stream),
            stream=_Body(
                self._sleep,
                b"" if request.method == "HEAD" else response.body,
                delivery,
                timeouts,
                is_stream=is_stream,
            ),
            request=httpx_request,
            extensions={"http_version": b"HTTP/1.1", SENT: len(response.body)},
        )


def _headers(response: Response, *, is_stream: bool) -> list[tuple[str, str]]:
    framing = (
        ("transfer-encoding", "chunked")
        if is_stream
        else ("content-length", str(len(response.body)))
    )
    return [
        *(pair for pair in response.headers if pair[0].lower() != "content-length"),
        framing,
    ]


class _Body(httpx.SyncByteStream):
    def __init__(
        self, sleep: Sleep, body: bytes, delivery: Delivery, timeouts: Timeouts, *, is_stream: bool
    ) -> None:
        self._sleep = sleep
        self._body = body
        self._delivery = delivery
        self._timeouts = timeouts
        self._is_stream = is_stream

    def __iter__(self) -> Iterator[bytes]:
        arrived = 0
        for piece in pieces(self._delivery, len(self._body)):
            _wait(self._sleep, piece.wait_s, self._timeouts)
            arrived += piece.size
            yield self._body[arrived - piece.size : arrived]
        # A client that knows the length does not wait for what comes after the last byte.
        if arrived < len(self._body) or self._is_stream:
            self._break_off(arrived)

    def _break_off(self, received: int) -> None:
        if self._delivery.end == "reset":
            raise _reset()
        if self._delivery.end == "stall":
            raise _silence(self._sleep, self._timeouts, "the rest of the body")
        if not self._is_stream:
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body "
                f"(received {received} bytes, expected {len(self._body)})"
            )


def _wait(sleep: Sleep, seconds: float, timeouts: Timeouts) -> None:
    """Let the network take its time, or run into the timeout."""
    limit_s = timeouts.get("read")
    if limit_s is not None and seconds > limit_s:
        sleep(limit_s)
        raise httpx.ReadTimeout("The read operation timed out")
    if seconds > 0:
        sleep(seconds)


def _silence(sleep: Sleep, timeouts: Timeouts, what: str) -> Exception:
    limit_s = timeouts.get("read")
    if limit_s is not None:
        sleep(limit_s)
        return httpx.ReadTimeout("The read operation timed out")
    sleep(_FOR_EVER_S)
    return SimulationError(
        f"the service waited a day for {what}; expected a read timeout; set one on the client"
    )


def _reset() -> httpx.ReadError:
    return httpx.ReadError("[Errno 104] Connection reset by peer")
