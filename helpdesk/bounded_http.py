"""HTTP whose timeout bounds a whole exchange, and which keeps a deadline.

A read timeout starts anew with every byte: a body that trickles one byte every ten seconds
passes a timeout of fifteen for ever. Here the same number is also the bound of the exchange as
a whole, checked between the reads of its body, for bodies of every kind: answers, streams of
events and error pages.

A read that has begun cannot be cut short, since HTTP clients take its timeout when the body
begins. So an exchange may outlast its bound by one read, but never a `deadline`: near it a pause
in the body may be shorter, and no read begins that might end too late.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from contextvars import ContextVar

import httpx2

_deadline_s: ContextVar[float] = ContextVar("deadline_s", default=math.inf)

_LEAST_S = 0.001
"""A timeout of 0 would mean not to wait at all, and fail even when the bytes are there."""


@contextlib.contextmanager
def deadline(at_s: float) -> Iterator[None]:
    """End exchanges begun in this context at ``at_s``, a ``time.monotonic()`` value."""
    token = _deadline_s.set(at_s)
    try:
        yield
    finally:
        _deadline_s.reset(token)


class BoundedTransport(httpx2.BaseTransport):
    """Sends requests through ``client``; a read timeout bounds the exchange as a whole.

    Args:
        client: Does the work, with its own connections, proxies and redirects.

    Example:
        >>> answer = httpx2.MockTransport(lambda request: httpx2.Response(200, text="hello"))
        >>> inner = httpx2.Client(transport=answer)
        >>> with httpx2.Client(transport=BoundedTransport(inner), trust_env=False) as client:
        ...     client.get("https://example.com/", timeout=5.0).text
        'hello'
    """

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send ``request``, and hand back a response whose body keeps the bound."""
        timeouts = request.extensions["timeout"]
        bound_s: float | None = timeouts["read"]
        if bound_s is None:
            return self._send(request)
        ends_at_s = time.monotonic() + bound_s
        response = self._send(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        pause_s, last_read_s = _reads(time.monotonic(), ends_at_s, _deadline_s.get())
        timeouts["read"] = pause_s
        response.stream = _BoundedBody(
            response.stream, request, _length(response), last_read_s, bound_s
        )
        return response

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        # A redirect is an answer for whoever asked. The SDK's client would follow twenty of them,
        # each a request of its own, and turn our POST into a GET on the way.
        return self._client.send(request, stream=True, follow_redirects=False)


def _reads(now_s: float, ends_at_s: float, deadline_s: float) -> tuple[float, float]:
    """Return how long a read of the body may last, and when the last one may begin.

    What late headers have left is all the time there is: a body that stalls after them would
    otherwise have the whole timeout a second time. Where the deadline is far, a read may last
    that long. Where it is near, the reads share two thirds of what is left, and the last one has
    the rest.

    Example:
        >>> _reads(0.0, 15.0, 30.0)
        (15.0, 15.0)
        >>> _reads(0.0, 15.0, 15.0)
        (5.0, 10.0)
    """
    beyond_s = deadline_s - ends_at_s
    pause_s = max(_LEAST_S, min(ends_at_s - now_s, max(beyond_s, (deadline_s - now_s) / 3)))
    return pause_s, min(ends_at_s, deadline_s - pause_s)


def _length(response: httpx2.Response) -> int | None:
    """Return the number of bytes in the body, if the response says so."""
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


class _BoundedBody(httpx2.SyncByteStream):
    """A body of ``length`` bytes that is given up when too late for another read."""

    def __init__(
        self,
        stream: httpx2.SyncByteStream,
        request: httpx2.Request,
        length: int | None,
        last_read_s: float,
        bound_s: float,
    ) -> None:
        self._stream = stream
        self._request = request
        self._missing = length
        self._last_read_s = last_read_s
        self._bound_s = bound_s

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if self._missing is not None:
                self._missing -= len(chunk)
            yield chunk
            # A complete body needs no further read, and is not thrown away for being just in time.
            if self._missing != 0 and time.monotonic() > self._last_read_s:
                raise httpx2.ReadTimeout(
                    f"the response cannot be complete after {self._bound_s:g} s",
                    request=self._request,
                )

    def close(self) -> None:
        self._stream.close()
