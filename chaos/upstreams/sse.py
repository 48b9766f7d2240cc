"""Server-sent events: a body taken apart into events, and put together again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from chaos.http import Response, json_bytes

DONE = b"data: [DONE]\n\n"
"""What OpenAI sends last."""

BOM = b"\xef\xbb\xbf"
"""A byte order mark in UTF-8."""

_EVENT = re.compile(rb".*?\n\n", re.DOTALL)
_DATA = b"data: "


def is_event_stream(response: Response) -> bool:
    """Whether the body is a stream of events."""
    return (response.header("content-type") or "").startswith("text/event-stream")


def split_events(body: bytes) -> list[bytes]:
    r"""The whole events of a body, each with the blank line that ends it.

    Example:
        >>> split_events(b"data: 1\n\ndata: 2\n\ndata: cut o")
        [b'data: 1\n\n', b'data: 2\n\n']
    """
    return _EVENT.findall(body)


def encode_event(payload: object) -> bytes:
    r"""One event that carries ``payload`` as JSON.

    Example:
        >>> encode_event({"n": 1})
        b'data: {"n": 1}\n\n'
    """
    return _DATA + json_bytes(payload) + b"\n\n"


def encode_events(payloads: Iterable[object]) -> bytes:
    """A finished stream of OpenAI's: an event for each payload, then ``[DONE]``."""
    return b"".join(map(encode_event, payloads)) + DONE


def encode_named(name: str, payload: object) -> bytes:
    r"""One event that has a name, as most providers but OpenAI's chat have it.

    Example:
        >>> encode_named("ping", {"n": 1})
        b'event: ping\ndata: {"n": 1}\n\n'
    """
    return b"event: " + name.encode() + b"\n" + encode_event(payload)


def data_of(event: bytes) -> bytes | None:
    r"""The data of one event: its lines put together; None if it has none.

    Comments, names and times to wait are no data; the standard lets an event consist of them. It
    also lets the first one begin with a byte order mark.

    Example:
        >>> data_of(b"event: ping\ndata: 1\n\n"), data_of(b": hello\n\n")
        (b'1', None)
    """
    text = event.removeprefix(BOM)
    lines = [line for line in text.splitlines() if line.startswith(b"data:")]
    if not lines:
        return None
    return b"\n".join(line.removeprefix(b"data:").removeprefix(b" ") for line in lines)


def name_of(event: bytes) -> str | None:
    r"""The name of one event; None if it has none.

    Example:
        >>> name_of(b"event: ping\ndata: 1\n\n"), name_of(b"data: 1\n\n")
        ('ping', None)
    """
    lines = [line for line in event.splitlines() if line.startswith(b"event:")]
    return lines[-1].removeprefix(b"event:").strip().decode() if lines else None


def payloads(body: bytes) -> list[Any]:
    r"""What the whole events carry, parsed; ``[DONE]``, comments and blanks carry nothing.

    Raises:
        ValueError: The data of an event is not JSON.

    Example:
        >>> payloads(b': hello\n\ndata:\n\ndata: {"n": 1}\n\ndata: [DONE]\n\n')
        [{'n': 1}]
    """
    found = (data_of(event) for event in split_events(body))
    return [json.loads(data) for data in found if data and data.strip() != b"[DONE]"]
