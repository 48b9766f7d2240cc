"""Several requests in one, and their responses in one."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from email import policy

from chaos.http import Request, Response
from chaos.upstreams.gcs import errors

_BOUNDARY = "batch_of_responses"
MOST_CALLS = 100
"""Calls in one batch, as the provider's pages have it."""


def answer_batch(request: Request, answer: Callable[[Request], Response]) -> Response:
    """Answer each of the requests in a batch, in their order.

    Args:
        request: The batch.
        answer: Answers one of them.

    Raises:
        RefusalError: It is no batch, or it is too large.
    """
    parts = list(_requests(request))
    if not parts:
        raise errors.invalid("Failed to parse batch request, no parts.")
    if len(parts) > MOST_CALLS:
        raise errors.invalid(
            f"The batch has {len(parts)} calls; at most {MOST_CALLS} are allowed."
        )
    lines = [_line(content_id, answer(each)) for content_id, each in parts]
    body = b"".join(lines) + f"--{_BOUNDARY}--\r\n".encode()
    content_type = f"multipart/mixed; boundary={_BOUNDARY}"
    return Response(status=200, headers=(("content-type", content_type),), body=body)


def _requests(request: Request) -> Iterator[tuple[str, Request]]:
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.body, policy=policy.HTTP)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_content_type() == "application/http":
            raw = part.get_payload(decode=True)
            assert isinstance(raw, bytes), "a part that is no message is bytes"
            yield str(part.get("content-id", "")), _request(raw, request)


def _request(raw: bytes, outer: Request) -> Request:
    first, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n")
    head, _, body = rest.partition(b"\n\n")
    method, _, target = first.decode().partition(" ")
    url = target.removesuffix(" HTTP/1.1").strip()
    headers = {}
    for line in head.decode().splitlines():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    # Whoever may send the batch may send what is in it.
    allowed = {key: outer.headers[key] for key in ("authorization",) if key in outer.headers}
    url = url if "://" in url else f"https://{outer.host}{url}"
    return Request(method=method, url=url, headers={**allowed, **headers}, body=body)


def _line(content_id: str, response: Response) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
    inner = content_id.strip("<>")
    named = f"Content-ID: <response-{inner}>\r\n" if inner else ""
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: application/http\r\n{named}\r\n"
        f"HTTP/1.1 {int(response.status)} OK\r\n{headers}"
        f"Content-Length: {len(response.body)}\r\n\r\n"
    )
    return head.encode() + response.body + b"\r\n"
