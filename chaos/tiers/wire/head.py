"""The head of a response, to the byte: toxics count from the first byte of the status line."""

from __future__ import annotations

import http

from chaos.http import Response

_BODILESS = frozenset({204, 304})


def head_of(response: Response) -> bytes:
    r"""Status line and headers as they are sent, to the byte; toxics count from the first.

    A body has its length announced. A stream of events has not, and ends with its connection;
    so did HTTP/1.0. In chunks, a stream that is cut would not look finished.

    Example:
        >>> head_of(Response(status=200, body=b"hello"))
        b'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'
    """
    lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}".encode()]
    lines += [b": ".join(pair) for pair in headers_of(response)]
    return b"\r\n".join([*lines, b"", b""])


def is_stream(response: Response) -> bool:
    """Whether the body comes as a stream of events, of a length that nobody knows."""
    return (response.header("content-type") or "").startswith("text/event-stream")


def headers_of(response: Response) -> list[tuple[bytes, bytes]]:
    """The headers as they are sent, with those that say where the body ends."""
    headers = [
        (name.lower().encode(), value.encode())
        for name, value in response.headers
        if name.lower() != "content-length"
    ]
    if is_stream(response):
        return [*headers, (b"Connection", b"close")]
    if response.status in _BODILESS:
        return headers
    return [*headers, (b"content-length", str(len(response.body)).encode())]


def _reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
