"""What laws may know of an answer of Cloud Storage's."""

from __future__ import annotations

from http import HTTPStatus

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.upstreams.resets import pause_s
from chaos.upstreams.said import Said

_READS = frozenset(
    {"objects.list", "objects.media", "objects.get", "xml.get", "xml.head"}
    | {"buckets.list", "buckets.get", "buckets.getIamPolicy", "buckets.testIamPermissions"}
    | {"notifications.list", "notifications.get", "serviceaccount.get", "hmacKey.list"}
    | {"hmacKey.get"}
    | {
        f"{kind}_acl.{verb}"
        for kind in ("bucket", "default_object", "object")
        for verb in ("list", "get")
    }
)
"""Operations after which everything is as it was before."""

_MAKES = frozenset(
    {"objects.insert", "objects.compose", "objects.copy", "objects.rewrite", "xml.put"}
    | {"hmacKey.create", "notifications.insert"}
)
"""Operations that make a new object, or a new generation of one, each time."""

_CONDITIONS = ("x-goog-if-generation-match", "if-match", "if-none-match")

_HURRIED = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
"""Reasons with which a 403 asks for patience, as a 429 does."""

_TRANSIENT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def said(operation: Operation, request: Request, response: Response) -> Said:
    """Whether something was done, and whether another try can help; nothing is ever said in words.

    Example:
        >>> upload = Request(method="POST", url="https://storage.test/upload?uploadType=media")
        >>> said(Operation("objects.insert", "a"), upload, Response(status=200)).deed
        'objects.insert a'
        >>> said(Operation("objects.insert", "a"), upload, Response(status=412)).retry_can_help
        False
    """
    failed = response.status >= HTTPStatus.BAD_REQUEST
    server = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    # A new token may be all that it takes, and whether the caller has one is not in the answer.
    unknown = response.status == HTTPStatus.UNAUTHORIZED
    transient = server or response.status in _TRANSIENT or _reason(response) in _HURRIED
    helps = None if unknown or not failed else transient
    return Said(
        text=None,
        whole=not failed,
        ended="failed" if failed else "finished",
        retry_can_help=helps,
        had_effect=not failed and operation.name not in _READS,
        deed=None if failed else _deed(operation, request),
        pause_s=pause_s(response),
    )


def _reason(response: Response) -> str | None:
    """The reason that a refusal gives in its body; None if it gives none."""
    if response.status != HTTPStatus.FORBIDDEN:
        return None
    try:
        return str(response.json()["error"]["errors"][0]["reason"])
    except (ValueError, LookupError, TypeError):
        return None


def _deed(operation: Operation, request: Request) -> str | None:
    """What makes something new each time it is asked for, and was asked for without a condition.

    An upload in a session is made once, however often its last piece is sent.
    """
    query = request.query
    is_safe = (
        any(key.startswith("if") and key.endswith("Match") for key in query)
        or any(key in request.headers for key in _CONDITIONS)
        or "upload_id" in query
        or query.get("uploadType") == "resumable"
    )
    if is_safe or operation.name not in _MAKES:
        return None
    return " ".join(word for word in (operation.name, operation.object) if word)
