"""An HTTP request and response as plain values, independent of any client library."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sent.

    Attributes:
        method: In capitals.
        url: As sent, with the host the client believes it talks to.
        headers: Names in lower case; the last of repeated headers wins.
        body: Whole body; empty if there was none.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def host(self) -> str:
        """Host name, without port."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int | None:
        """The port; None if the URL does not name one."""
        return urlsplit(self.url).port

    @property
    def path(self) -> str:
        """Path as sent, percent escapes kept."""
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, unescaped."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body, parsed.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the provider answers.

    Attributes:
        status: HTTP status.
        headers: In order; Content-Length is added by whoever delivers the response.
        body: Whole body. For an event stream, the events separated by blank lines.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        for known, value in self.headers:
            if known.lower() == wanted:
                return value
        return None

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body, parsed.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body)

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> Self:
        """A copy in which these headers replace those of the same name."""
        added = tuple(headers)
        names = {name.lower() for name, _ in added}
        kept = tuple((k, v) for k, v in self.headers if k.lower() not in names)
        return replace(self, headers=kept + added)


def decoded(response: Response) -> Response:
    """The response as a client reads it: JSON and events that are gzip are unpacked.

    What cannot be unpacked stays as it is; nobody can read it.

    Example:
        >>> packed = json_response(200, {"ok": True}, [("content-encoding", "gzip")])
        >>> decoded(replace(packed, body=gzip.compress(packed.body))).json()
        {'ok': True}
    """
    kind = response.header("content-type") or ""
    if response.header("content-encoding") != "gzip" or not kind.startswith(_READ_BY_SDKS):
        return response
    try:
        return replace(response, body=gzip.decompress(response.body))
    except (OSError, EOFError, zlib.error):
        return response


_READ_BY_SDKS = ("application/json", "text/event-stream")


_RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""What RFC 9110 calls them; Python does so from 3.13 on, and a trace is the same on all."""


def phrase(status: int) -> str:
    """What HTTP calls a status; empty for one that it does not know.

    Example:
        >>> phrase(503), phrase(422), phrase(599)
        ('Service Unavailable', 'Unprocessable Content', '')
    """
    try:
        return _RENAMED.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""


def seconds_until(date: str) -> float | None:
    """How long it is until a date as HTTP writes it, by the wall clock; None if it is no date.

    Example:
        >>> seconds_until("Thu, 01 Jan 1970 00:00:00 GMT") < 0, seconds_until("soon")
        (True, None)
    """
    try:
        when = parsedate_to_datetime(date)
        if when.tzinfo is None:
            # HTTP has all dates in GMT; Python takes one without a zone for local time.
            when = when.replace(tzinfo=UTC)
        return round(when.timestamp() - time.time(), 6)
    except (ValueError, TypeError, OverflowError):
        return None


def json_response(
    status: int, payload: object, headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """A response whose body is ``payload`` as JSON.

    Example:
        >>> json_response(200, {"ok": True}).body
        b'{"ok": true}'
    """
    return Response(
        status=status,
        headers=(("content-type", "application/json"), *headers),
        body=json_bytes(payload),
    )


def json_bytes(payload: object) -> bytes:
    r"""``payload`` as JSON in UTF-8, as providers send it: letters beyond ASCII are not escaped.

    Example:
        >>> json_bytes("für").decode()
        '"für"'
        >>> json_bytes("\ud83d")
        b'"\\ud83d"'
    """
    try:
        return json.dumps(payload, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half of a pair of surrogates has no bytes in UTF-8; JSON can escape it.
        return json.dumps(payload).encode()
