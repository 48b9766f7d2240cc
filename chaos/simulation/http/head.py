"""The head of a response, to the byte."""

from __future__ import annotations

from dataclasses import replace

from chaos.http import Response, phrase
from chaos.simulation.calls.carrier import Message

_BODILESS = frozenset({204, 304})
_FRAMING = frozenset({"content-length", "transfer-encoding"})


def is_stream(response: Response) -> bool:
    """Whether the body comes as a stream of events, of a length that nobody knows.

    Example:
        >>> is_stream(Response(status=200, headers=(("Content-Type", "text/event-stream"),)))
        True
    """
    return (response.header("content-type") or "").startswith("text/event-stream")


def has_body(response: Response, method: str) -> bool:
    """Whether the answer to such a request has a body at all."""
    return method != "HEAD" and response.status not in _BODILESS


def head_of(response: Response, *, keeps_alive: bool = True) -> bytes:
    r"""Status line and headers as they are sent; a stream comes in chunks.

    Example:
        >>> head_of(Response(status=200, body=b"hello"))
        b'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'
    """
    lines = [f"HTTP/1.1 {response.status} {phrase(response.status)}"]
    lines += [
        f"{name}: {value}" for name, value in response.headers if name.lower() not in _FRAMING
    ]
    if response.status not in _BODILESS:
        lines.append(
            "transfer-encoding: chunked"
            if is_stream(response)
            else f"content-length: {len(response.body)}"
        )
    if not keeps_alive:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def message_of(response: Response, method: str, *, keeps_alive: bool) -> Message:
    """A response as it is sent to a client that has asked with this method."""
    has_one = has_body(response, method)
    return Message(
        head=head_of(response, keeps_alive=keeps_alive),
        body=response.body if has_one else b"",
        is_chunked=has_one and is_stream(response),
        closes=not keeps_alive,
        told=lambda came: replace(response, body=came),
    )
