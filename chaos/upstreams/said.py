"""What a stand-in says of its answers: a line each for the usual cases.

Laws read nothing else, so a stand-in that says nothing is not judged by what it said.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from http import HTTPStatus

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.trace.said import Deed, Ended, Said
from chaos.upstreams.resets import pause_s

__all__ = ["Ended", "Said", "deed_of", "failed", "of_status", "spoke"]

_TRANSIENT = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses below 500 after which the same request may go better."""

KEYS = ("idempotency-key", "x-idempotency-key")
"""Headers under whose value a provider does a deed once, however often it is asked to."""

_PRECONDITIONS = ("if-match", "if-none-match")
"""Headers with which a request that was carried out cannot be carried out again."""

_BOUNDARY = re.compile(r"boundary=\"?([^\";]+)")


def spoke(text: str | None, ended: Ended = "finished", *, deed: str | None = None) -> Said:
    """A model gave this answer, or a service did what it was asked to.

    Example:
        >>> spoke("Restart it.").whole, spoke("Restart", "cut_short").whole
        (True, False)
    """
    whole = ended in {"finished", "refused", "asks_for_tools"}
    return Said(text=text, whole=whole, ended=ended, had_effect=True, deed=deed)


def failed(response: Response) -> Said:
    """Nothing was said or done; whether another try can help follows from the status.

    Rate-limit headers that say when a limit is whole again ask for a pause.

    Example:
        >>> [failed(Response(status=status)).retry_can_help for status in (503, 404)]
        [True, False]
    """
    status = response.status
    # A new token may be all that it takes, and whether the caller has one is not in the answer.
    unknown = status == HTTPStatus.UNAUTHORIZED
    helps = status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Said(
        text=None,
        whole=False,
        ended="failed",
        retry_can_help=None if unknown else helps,
        pause_s=pause_s(response),
    )


def of_status(response: Response, text: str | None = None, *, deed: str | None = None) -> Said:
    """`spoke` for a status below 400, `failed` for all others.

    Example:
        >>> of_status(Response(status=200), "sunny").text, of_status(Response(status=500)).ended
        ('sunny', 'failed')
    """
    is_error = response.status >= HTTPStatus.BAD_REQUEST
    return failed(response) if is_error else spoke(text, deed=deed)


KEYS_IN_BODY = ("idempotency_key", "idempotencyKey", "clientToken", "client_token")
"""Fields of a JSON body that some providers take for a key, as others take a header."""

_MADE_ANEW = re.compile(
    rb"(?i:[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})"  # a UUID
    rb"|(?i:(?<![0-9a-z])[0-9a-f]{16,64}(?![0-9a-z]))"  # so many random bytes
    rb"|(?<![0-9A-Z])[0-7][0-9A-HJKMNP-TV-Z]{25}(?![0-9A-Z])"  # a ULID
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9.]+)?(?:Z|[+-][0-9:]+)?"
    rb"|(?<![0-9.])1[0-9]{9}(?:[0-9]{3}){0,3}(?:\.[0-9]+)?(?![0-9])"  # seconds since 1970, or less
)
"""What a program makes anew for each attempt: ids and times."""


def deed_of(operation: Operation, request: Request) -> str | None:
    """The deed that a request asks for; None if it cannot be done twice.

    Two requests ask for the same deed if their bodies say the same; what carries a key, asks for
    it under that key, in a header or in a field of the body. Those that differ in ids and times
    alone are not the same, and bear the same mark (`chaos.trace.said.Deed`).

    Example:
        >>> pay = Request(method="POST", url="https://pay.test/orders/17", body=b"{}")
        >>> deed_of(Operation("orders.pay", "17"), pay)
        'orders.pay 17 44136fa355b3'
        >>> safe = Request(method="POST", url=pay.url, headers={"idempotency-key": "a"})
        >>> deed_of(Operation("orders.pay", "17"), safe)
        'orders.pay 17 e3b0c44298fc under key a'
        >>> as_it_was = Request(method="PUT", url=pay.url, headers={"if-match": "3"})
        >>> deed_of(Operation("orders.pay", "17"), as_it_was) is None
        True
    """
    if any(request.headers.get(name) for name in _PRECONDITIONS):
        return None
    said, key_in_body = _what_it_says(request)
    words = [word for word in (operation.name, operation.object) if word]
    whole = "\n".join(words).encode() + b"\n" + said
    alike = _MADE_ANEW.sub(b"*", whole)
    in_header = (value for name in KEYS if (value := request.headers.get(name)))
    return str(
        Deed(
            what=" ".join((*words, _mark(said))),
            mark=_mark(alike) if alike != whole else "",
            key=next(in_header, key_in_body) or "",
        )
    )


def _mark(said: bytes) -> str:
    return sha256(said).hexdigest()[:12]


def _what_it_says(request: Request) -> tuple[bytes, str | None]:
    """The body without what differs from one attempt to the next and means nothing; its key."""
    kind = request.headers.get("content-type", "")
    if (boundary := _BOUNDARY.search(kind)) is not None:
        return request.body.replace(boundary.group(1).encode(), b""), None
    try:
        body = json.loads(request.body)
        keys = [
            str(body.pop(name))
            for name in KEYS_IN_BODY
            if isinstance(body, dict) and body.get(name)
        ]
        return json.dumps(body, sort_keys=True).encode(), next(iter(keys), None)
    except (ValueError, RecursionError):
        return request.body, None
