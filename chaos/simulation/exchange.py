"""One request and what became of it: how it ended is written to the trace exactly once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import httpx

from chaos.errors import SimulationError
from chaos.http import Response
from chaos.ports import Operation, Recorder, Upstream
from chaos.simulation.contract import Decision
from chaos.simulation.guard import Guard
from chaos.simulation.task import Task
from chaos.trace.events import ResponseEvent

_NO_BODY = frozenset({204, 304})

SENT = "chaos.sent"
"""Extension of responses: how many body bytes were sent, where no Content-Length says so."""


class Exchange:
    """A request that has left the service.

    Args:
        recorder: Writes its end.
        guard: Told when the stand-in cannot describe its answer.
        now_s: Tells the virtual seconds since the run began.
        task: Who sent it; its end belongs to them, whoever reads the body.
        upstream: Who answers.
        operation: What was asked for.
        call: Number of the call.
        decision: Tells in the end which faults touched it.
    """

    def __init__(  # noqa: PLR0913 - what a request and its end have in common
        self,
        *,
        recorder: Recorder,
        guard: Guard,
        now_s: Callable[[], float],
        task: Task,
        upstream: Upstream,
        operation: Operation,
        call: int,
        decision: Decision,
    ) -> None:
        self.is_over = False
        self._recorder = recorder
        self._guard = guard
        self._now_s = now_s
        self._began_s = now_s()
        self._actor = task.actor
        self._ask = task.ask
        self._upstream = upstream
        self._operation = operation
        self._call = call
        self._decision = decision
        self._response: httpx.Response | None = None

    def watch(self, response: httpx.Response) -> httpx.Response:
        """Take note of a response whose head has come, and watch its body being read."""
        self._response = response
        has_body = response.request.method != "HEAD" and response.status_code not in _NO_BODY
        length = int(response.headers.get("content-length", -1)) if has_body else 0
        if length == 0:
            self.complete(b"")
        assert isinstance(response.stream, httpx.SyncByteStream)
        sent = response.extensions.get(SENT, length)
        response.stream = _WatchedBody(self, response.stream, length=length, sent=sent)
        return response

    def complete(self, body: bytes) -> None:
        """The whole body has been read."""
        response = self._response
        assert response is not None
        plain = Response(
            status=response.status_code,
            headers=tuple(response.headers.multi_items()),
            body=body,
        )
        try:
            detail = self._upstream.describe(self._operation, plain)
        except Exception as error:
            broken = self._guard.broken_stand_in(self._upstream.name, error)
            self.fail(broken)
            raise broken from error
        self._end(None, detail=tuple(sorted(detail.items())))

    def fail(self, error: Exception) -> None:
        """The network failed, before the response or within its body."""
        self._end(type(error).__name__)

    def close(self) -> None:
        """The client does not want the rest."""
        self._end("Closed")

    def _end(self, error: str | None, detail: tuple[tuple[str, object], ...] = ()) -> None:
        if self.is_over:
            return
        self.is_over = True
        response = self._response
        self._recorder.record(
            ResponseEvent,
            actor=self._actor,
            ask=self._ask,
            call=self._call,
            upstream=self._upstream.name,
            operation=self._operation.name,
            status=None if response is None else response.status_code,
            error=error,
            elapsed_s=round(self._now_s() - self._began_s, 6),
            retry_after_s=None if response is None else retry_after_s(response.headers),
            faults=self._decision.touched,
            detail=detail,
        )
        # Its body knows this exchange: without the circle both are gone when the client is done.
        self._response = None


class _WatchedBody(httpx.SyncByteStream):
    """A body that tells the exchange how it ended.

    With a known length it is complete with its last byte: clients need not look for more. Nor
    need they for the end of a stream whose last event says so; closing it then is no loss.
    """

    def __init__(
        self, exchange: Exchange, stream: httpx.SyncByteStream, *, length: int, sent: int
    ) -> None:
        self._exchange = exchange
        self._stream = stream
        self._length = length
        self._sent = sent
        self._received = 0
        self._pieces: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._stream:
                self._pieces.append(piece)
                self._received += len(piece)
                if self._received == self._length:
                    self._complete()
                yield piece
            self._complete()
        except (httpx.TransportError, SimulationError) as error:
            self._exchange.fail(error)
            raise

    def close(self) -> None:
        if self._received == self._sent:
            self._complete()
        self._exchange.close()
        self._stream.close()

    def _complete(self) -> None:
        if not self._exchange.is_over:
            self._exchange.complete(b"".join(self._pieces))


def retry_after_s(headers: httpx.Headers) -> float | None:
    """Seconds for which a response asks callers to stay away; None if it does not say.

    Dates are compared with the wall clock of the run.

    Example:
        >>> retry_after_s(httpx.Headers({"retry-after": "20"}))
        20.0
        >>> retry_after_s(httpx.Headers({"retry-after-ms": "1500", "retry-after": "9"}))
        1.5
    """
    try:
        if "retry-after-ms" in headers:
            return float(headers["retry-after-ms"]) / 1000
        after: str | None = headers.get("retry-after")
        if after is None:
            return None
        return float(after)
    except ValueError:
        pass
    try:
        return round(parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time(), 6)
    except (KeyError, ValueError):
        return None
