"""What a stand-in says of its answers: a line each for the usual cases.

Laws read nothing else, so a stand-in that says nothing is not judged by what it said.
"""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.trace.said import Ended, Said
from chaos.upstreams.resets import pause_s

__all__ = ["Ended", "Said", "deed_of", "failed", "of_status", "spoke"]

_TRANSIENT = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses below 500 after which the same request may go better."""

KEYS = ("idempotency-key", "x-idempotency-key", "if-match", "if-none-match")
"""Headers that make a request safe to send again."""


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


def deed_of(operation: Operation, request: Request) -> str | None:
    """The deed that a request asks for; None if it carries what makes it safe to send again.

    Two requests ask for the same deed if they are the same to the byte.

    Example:
        >>> pay = Request(method="POST", url="https://pay.test/orders/17", body=b"{}")
        >>> deed_of(Operation("orders.pay", "17"), pay)
        'orders.pay 17 44136fa355b3'
        >>> safe = Request(method="POST", url=pay.url, headers={"idempotency-key": "a"})
        >>> deed_of(Operation("orders.pay", "17"), safe) is None
        True
    """
    if any(request.headers.get(key) for key in KEYS):
        return None
    body = sha256(request.body).hexdigest()[:12]
    return " ".join(word for word in (operation.name, operation.object, body) if word)
