"""Preconditions: a request goes ahead only if the object is as its sender believes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http import HTTPStatus

from chaos.http import Request, Response, seconds_until
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
    for noun, value in _numbers(current):
        wanted = number(request, f"if{of}{noun}Match")
        if wanted is not None and wanted != value:
            raise RefusalError(failed(412))
        unwanted = number(request, f"if{of}{noun}NotMatch")
        if unwanted is not None and unwanted == value:
            raise _unchanged(current, reading=reading)

    _require_tags(request, current, reading=reading)


def require_xml(request: Request, current: StoredObject | None, *, reading: bool) -> None:
    """Hold a request of the XML API to its preconditions, which are headers there.

    Raises:
        RefusalError: One does not hold.
    """
    for noun, value in _numbers(current):
        header = f"x-goog-if-{noun.lower()}-match"
        text = request.headers.get(header)
        if text is not None and _whole(header, text) != value:
            raise RefusalError(failed(412))
    _require_tags(request, current, reading=reading)
    if current is None:
        return
    since = _date(request, "if-modified-since")
    # Tags are the stronger of the two, and dates have no parts of a second.
    has_tag = "if-none-match" in request.headers
    if reading and since is not None and not has_tag and int(current.created_s) <= since:
        raise _unchanged(current, reading=True)
    before = _date(request, "if-unmodified-since")
    if before is not None and "if-match" not in request.headers and current.created_s > before + 1:
        raise RefusalError(failed(412))


def _numbers(current: StoredObject | None) -> Iterator[tuple[str, int]]:
    """What preconditions compare: the numbers of an object, 0 where there is none."""
    yield "Generation", current.generation if current else 0
    yield "Metageneration", current.metageneration if current else 0


def _date(request: Request, name: str) -> float | None:
    left_s = seconds_until(request.headers.get(name, ""))
    return None if left_s is None else time.time() + left_s


def _require_tags(request: Request, current: StoredObject | None, *, reading: bool) -> None:
    tag = etag(current) if current else None
    wanted_tags, unwanted_tags = (
        [each.strip(' "') for each in request.headers.get(header, "").split(",") if each]
        for header in ("if-match", "if-none-match")
    )
    # A star is any object that there is.
    if wanted_tags and not {tag, "*" if current else ""}.intersection(wanted_tags):
        raise RefusalError(failed(412))
    if tag is not None and {tag, "*"}.intersection(unwanted_tags):
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
    return None if text is None else _whole(name, text)


def page_size(request: Request, largest: int = 1000) -> int:
    """How many entries a page of a list has at most.

    Raises:
        RefusalError: What is asked for is no size.
    """
    wanted = number(request, "maxResults")
    if wanted is not None and not 0 <= wanted <= _LARGEST_SIZE:
        raise invalid(f"Invalid value for maxResults: {wanted}")
    return min(wanted or largest, largest)


def require_known_values(request: Request) -> None:
    """See to it that parameters with a few known values have one of them.

    Raises:
        RefusalError: One has not.
    """
    for name, known in _KNOWN_VALUES.items():
        value = request.query.get(name)
        if value is not None and value.lower() not in known:
            raise invalid(f"Invalid value for {name}: {value}")


_LARGEST_SIZE = 2**32 - 1
_NUMBER = re.compile(r"-?[0-9]+")
_FLAG = ("true", "false")
_KNOWN_VALUES = {
    "projection": ("full", "noacl"),
    "optionsRequestedPolicyVersion": ("1", "2", "3"),
    **dict.fromkeys(("versions", "softDeleted", "includeTrailingDelimiter"), _FLAG),
    **dict.fromkeys(("includeFoldersAsPrefixes", "showDeletedKeys", "prettyPrint"), _FLAG),
}


def _whole(name: str, text: str) -> int:
    if not _NUMBER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise invalid(f"Invalid value for {name}: {text}")
    return int(text)


def _unchanged(current: StoredObject | None, *, reading: bool) -> RefusalError:
    if not reading:
        return RefusalError(failed(412))
    headers = (("etag", etag(current)),) if current else ()
    return RefusalError(Response(status=HTTPStatus.NOT_MODIFIED, headers=headers))
