"""The bytes of an object, whole or a range of them, with the headers that vouch for them."""

from __future__ import annotations

import gzip
import re
import zlib
from http import HTTPStatus

from chaos.http import Request, Response
from chaos.upstreams.gcs.resource import etag
from chaos.upstreams.gcs.store import StoredObject

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
Headers = list[tuple[str, str]]


def media_response(stored: StoredObject, request: Request) -> Response:
    """The media of one generation, as the request wants it.

    Hashes are those of the whole object, so a part is sent without them, as Cloud Storage does.
    An object that was stored gzipped is sent gunzipped to whoever does not accept gzip: whole,
    whatever range was wanted, with the hashes of what is stored.
    """
    size = len(stored.data)
    headers = _headers(stored)
    md5 = f",md5={stored.md5}" if stored.md5 else ""
    hashes = ("x-goog-hash", f"crc32c={stored.crc32c}{md5}")
    plain = _gunzipped(stored, request)
    if plain is not None:
        kept = [(name, value) for name, value in headers if name != "content-encoding"]
        kept += [hashes, ("warning", "214 UploadServer gunzipped")]
        return Response(status=HTTPStatus.OK, headers=tuple(kept), body=plain)

    span = _span(request.headers.get("range", ""), size)
    if span is None:
        headers.append(hashes)
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


def _headers(stored: StoredObject) -> Headers:
    headers = [
        ("content-type", stored.settings.get("contentType", "application/octet-stream")),
        ("etag", etag(stored)),
        ("x-goog-generation", str(stored.generation)),
        ("x-goog-metageneration", str(stored.metageneration)),
        ("x-goog-stored-content-length", str(len(stored.data))),
        ("x-goog-stored-content-encoding", stored.settings.get("contentEncoding", "identity")),
        ("x-goog-storage-class", stored.settings.get("storageClass", "STANDARD")),
    ]
    return headers + [
        (header, stored.settings[key])
        for header, key in (
            ("cache-control", "cacheControl"),
            ("content-disposition", "contentDisposition"),
            ("content-encoding", "contentEncoding"),
            ("content-language", "contentLanguage"),
        )
        if key in stored.settings
    ]


def _accepts_gzip(accepted: str) -> bool:
    """Whether a header names gzip, and not only to rule it out: ``gzip;q=0``."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.replace(" ", "").partition(";")
        if coding in {"gzip", "x-gzip", "*"} and not re.fullmatch(r"q=0(\.0*)?", weight):
            return True
    return False


def _gunzipped(stored: StoredObject, request: Request) -> bytes | None:
    """The object unpacked; None if it is to be sent as it is stored."""
    accepted = request.headers.get("accept-encoding", "")
    if stored.settings.get("contentEncoding") != "gzip" or _accepts_gzip(accepted):
        return None
    if "no-transform" in stored.settings.get("cacheControl", ""):
        return None
    try:
        return gzip.decompress(stored.data)
    except (OSError, EOFError, zlib.error):
        # Its encoding is only what its uploader said: what is no gzip is left alone.
        return None


def _span(wanted: str, size: int) -> range | None:
    """The positions asked for that exist; None if none were asked for that we understand."""
    match = _RANGE.fullmatch(wanted)
    if match is None or wanted == "bytes=-":
        return None
    first, last = match[1], match[2]
    if first and last and int(last) < int(first):
        return None
    if not first:
        return range(max(size - int(last), 0), size)
    return range(int(first), min(int(last) + 1, size) if last else size)
