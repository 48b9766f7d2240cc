"""What laws may know of an answer of Cloud Storage's."""

from __future__ import annotations

from http import HTTPStatus

from chaos.http import Response
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

_TRANSIENT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def said(operation: str, response: Response) -> Said:
    """Whether something was done, and whether another try can help; nothing is ever said in words.

    Example:
        >>> said("objects.insert", Response(status=200)).had_effect
        True
        >>> said("objects.insert", Response(status=412)).retry_can_help
        False
    """
    failed = response.status >= HTTPStatus.BAD_REQUEST
    server = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    # A new token may be all that it takes, and whether the caller has one is not in the answer.
    unknown = response.status == HTTPStatus.UNAUTHORIZED
    helps = None if unknown or not failed else server or response.status in _TRANSIENT
    return Said(
        text=None,
        whole=not failed,
        ended="failed" if failed else "finished",
        retry_can_help=helps,
        had_effect=not failed and operation not in _READS,
    )
