"""Preconditions: a request goes ahead only if the object is as its sender believes."""

from __future__ import annotations

from http import HTTPStatus

from chaos.http import Request, Response
from chaos.upstreams.gcs.errors import failed, invalid
from chaos.upstreams.gcs.resource import etag
from chaos.upstreams.gcs.store import StoredObject
from chaos.upstreams.refusal import RefusalError


def require(
    request: Request, current: StoredObject | None, *, reading: bool, of: str = ""
) -> None:
    """Hold a request to its preconditions.

    Args:
        request: Its query may have ``ifGenerationMatch`` and kin, its headers ``If-Match``.
        current: The object as it is; None, counted as generation 0, if there is none.
        reading: Whether an unchanged object is answered with 304 rather than 412.
        of: "Source" for the preconditions on the source of a copy.

    Raises:
        RefusalError: One does not hold.
    """
    actual = {
        "Generation": current.generation if current else 0,
        "Metageneration": current.metageneration if current else 0,
    }
    for noun, value in actual.items():
        wanted = number(request, f"if{of}{noun}Match")
        if wanted is not None and wanted != value:
            raise RefusalError(failed(412))
        unwanted = number(request, f"if{of}{noun}NotMatch")
        if unwanted is not None and unwanted == value:
            raise _unchanged(current, reading=reading)

    tag = etag(current) if current else None
    wanted_tags, unwanted_tags = (
        [each.strip(' "') for each in request.headers.get(header, "").split(",") if each]
        for header in ("if-match", "if-none-match")
    )
    if wanted_tags and tag not in wanted_tags:
        raise RefusalError(failed(412))
    if tag is not None and tag in unwanted_tags:
        raise _unchanged(current, reading=reading)


def require_metageneration(request: Request, actual: int, *, reading: bool) -> None:
    """Hold a request about a bucket to its preconditions.

    Raises:
        RefusalError: One does not hold.
    """
    wanted = number(request, "ifMetagenerationMatch")
    if wanted is not None and wanted != actual:
        raise RefusalError(failed(412))
    unwanted = number(request, "ifMetagenerationNotMatch")
    if unwanted is not None and unwanted == actual:
        raise _unchanged(None, reading=reading)


def number(request: Request, name: str) -> int | None:
    """A whole number in the query; None if it is not there.

    Raises:
        RefusalError: It is not a number.
    """
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise invalid(f"Invalid value for {name}: {text}") from None


def _unchanged(current: StoredObject | None, *, reading: bool) -> RefusalError:
    if not reading:
        return RefusalError(failed(412))
    headers = (("etag", etag(current)),) if current else ()
    return RefusalError(Response(status=HTTPStatus.NOT_MODIFIED, headers=headers))
