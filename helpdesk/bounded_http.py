"""HTTP whose timeout bounds a whole exchange.

A read timeout starts anew with every byte: a body that trickles one byte every ten seconds
passes a timeout of fifteen for ever. Here the same number is also the bound of the exchange as
a whole, checked whenever a part arrives, for bodies of every kind: answers, streams of events
and error pages. What it cannot cut short is a single silent read, which the timeout itself ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2


class BoundedTransport(httpx2.BaseTransport):
    """Sends requests through ``client``; an exchange lasts no longer than its read timeout.

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
            return self._client.send(request, stream=True)
        ends_at_s = time.monotonic() + bound_s
        response = self._client.send(request, stream=True)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _BoundedBody(response.stream, request, ends_at_s, bound_s)
        # The body is read with what is left. Otherwise one that stalls after late headers
        # would have the whole timeout a second time.
        timeouts["read"] = max(0.001, ends_at_s - time.monotonic())
        return response


class _BoundedBody(httpx2.SyncByteStream):
    def __init__(
        self,
        stream: httpx2.SyncByteStream,
        request: httpx2.Request,
        ends_at_s: float,
        bound_s: float,
    ) -> None:
        self._stream = stream
        self._request = request
        self._ends_at_s = ends_at_s
        self._bound_s = bound_s

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if time.monotonic() > self._ends_at_s:
                raise httpx2.ReadTimeout(
                    f"the response was not complete after {self._bound_s:g} s",
                    request=self._request,
                )
            yield chunk

    def close(self) -> None:
        self._stream.close()
