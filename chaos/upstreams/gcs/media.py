"""The bytes of an object, whole or a range of them, with the headers that vouch for them."""

from __future__ import annotations

import re
from http import HTTPStatus

from chaos.http import Response
from chaos.upstreams.gcs.resource import etag
from chaos.upstreams.gcs.store import StoredObject

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def media_response(stored: StoredObject, wanted: str | None) -> Response:
    """The media of one generation; ``wanted`` is the Range header.

    Hashes are those of the whole object, so a part is sent without them, as Cloud Storage does.
    """
    size = len(stored.data)
    headers = [
        ("content-type", stored.settings.get("contentType", "application/octet-stream")),
        ("etag", etag(stored)),
        ("x-goog-generation", str(stored.generation)),
        ("x-goog-metageneration", str(stored.metageneration)),
        ("x-goog-stored-content-length", str(size)),
        ("x-goog-stored-content-encoding", stored.settings.get("contentEncoding", "identity")),
        ("x-goog-storage-class", stored.settings.get("storageClass", "STANDARD")),
    ]
    headers += [
        (header, stored.settings[key])
        for header, key in (
            ("cache-control", "cacheControl"),
            ("content-disposition", "contentDisposition"),
            ("content-encoding", "contentEncoding"),
            ("content-language", "contentLanguage"),
        )
        if key in stored.settings
    ]
    span = _span(wanted or "", size)
    if span is None:
        md5 = f",md5={stored.md5}" if stored.md5 else ""
        headers.append(("x-goog-hash", f"crc32c={stored.crc32c}{md5}"))
        return Response(status=HTTPStatus.OK, headers=tuple(headers), body=stored.data)

    if not span:
        return Response(
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            headers=(("content-type", "text/html"), ("content-range", f"bytes */{size}")),
            body=b"The requested range cannot be satisfied.",
        )
    headers.append(("content-range", f"bytes {span[0]}-{span[-1]}/{size}"))
    return Response(
        status=HTTPStatus.PARTIAL_CONTENT,
        headers=tuple(headers),
        body=stored.data[span.start : span.stop],
    )


def _span(wanted: str, size: int) -> range | None:
    """The positions asked for that exist; None if none were asked for that we understand."""
    match = _RANGE.fullmatch(wanted)
    if match is None or wanted == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:
        return range(max(size - int(last), 0), size)
    return range(int(first), min(int(last) + 1, size) if last else size)
