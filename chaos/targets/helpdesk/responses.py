"""What the front door says in each response, held against what responses must and may say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus

from chaos.http import Response
from chaos.targets.helpdesk.audit import differ
from chaos.upstreams import sse

_EVERYWHERE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def health(alive: Response, ready: Response) -> Iterator[str]:
    """What ``/healthz`` and ``/readyz`` tell that is not so, of a service at rest."""
    yield from differ("healthz", alive.status, HTTPStatus.OK.value)
    yield from differ("readyz", ready.status, HTTPStatus.OK.value)


def detail_of(response: Response) -> str:
    """What a refusal says is wrong, if it is a problem that says so."""
    try:
        said = response.json()
    except ValueError:
        return ""
    return str(said.get("detail", "")) if isinstance(said, dict) else ""


def unguarded(response: Response) -> Iterator[str]:
    """What every response of the front door carries, whatever it says, and this one does not."""
    for name, value in _EVERYWHERE.items():
        yield from differ(f"{name} of HTTP {response.status}", response.header(name), value)
    if not response.header("x-request-id"):
        yield f"HTTP {response.status}: the service does not say under which id to find it"


def streamed(response: Response) -> Iterator[str]:
    """What a stream of the model's answer has said on the way, and does not say in the end."""
    if not sse.is_event_stream(response):
        return
    events = [(name, json.loads(data)) for name, data in events_of(response)]
    pieces = "".join(said["text"] for kind, said in events if kind == "token")
    for said in (said for kind, said in events if kind == "answer" and said["mode"] == "llm"):
        yield from differ("text as it was written", pieces.strip(), said["text"].strip())


def refusal(response: Response) -> Iterator[str]:
    """What a refusal tells otherwise than RFC 9457 and RFC 9110 have it."""
    what = f"HTTP {response.status}"
    media_type = response.header("content-type")
    yield from differ(f"media type of {what}", media_type, "application/problem+json")
    if not detail_of(response):
        yield f"{what}: the service does not say what is wrong"
        return
    yield from differ(f"status of {what}", response.json().get("status"), response.status)
    pause = response.header("retry-after")
    if response.status == HTTPStatus.TOO_MANY_REQUESTS and not (pause or "").isdecimal():
        yield f"{what}: the service does not say when to come back; Retry-After is {pause!r}"


def events_of(response: Response) -> list[tuple[str, str]]:
    r"""The name and the data of each event of a stream; comments are none.

    Example:
        >>> body = b'event: token\ndata: {"text": "Hi"}\n\n: still here\n\n'
        >>> events_of(Response(status=200, body=body))
        [('token', '{"text": "Hi"}')]
    """
    return [
        (name, (sse.data_of(event) or b"").decode())
        for event in sse.split_events(response.body)
        if (name := sse.name_of(event)) is not None
    ]
