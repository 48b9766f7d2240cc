"""Uploads, which come in three kinds: bare media, multipart, and resumable in chunks."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from http import HTTPStatus
from typing import Any

from chaos.http import Request, Response
from chaos.upstreams.bodies import parsed
from chaos.upstreams.gcs.errors import error, invalid
from chaos.upstreams.gcs.names import require_object_name
from chaos.upstreams.gcs.store import crc32c_of, md5_of
from chaos.upstreams.refusal import RefusalError

CHUNK_QUANTUM = 256 * 1024
"""Cloud Storage keeps a chunk in multiples of this, except the last."""

KEPT_S = 7 * 24 * 60 * 60
"""How long an upload may take, from its first request on."""

_CONTENT_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<total>\d+|\*)")
_DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What is to be stored: name, bytes, and the metadata that came with them."""

    name: str
    metadata: Mapping[str, Any]
    data: bytes = field(default=b"", repr=False)

    def verify(self, sent_with: Request) -> None:
        """Compare the bytes with the hashes in the metadata and in the last request.

        Raises:
            RefusalError: They are not what their sender meant to send.
        """
        vouched = dict(
            each.strip().split("=", 1)
            for each in sent_with.headers.get("x-goog-hash", "").split(",")
            if "=" in each
        )
        for kind, key, hash_of in (("crc32c", "crc32c", crc32c_of), ("md5", "md5Hash", md5_of)):
            expected = self.metadata.get(key) or vouched.get(kind)
            if expected is not None and expected != (actual := hash_of(self.data)):
                raise invalid(
                    f'Provided {kind.upper()} hash "{expected}" doesn\'t match calculated '
                    f'{kind.upper()} hash "{actual}".'
                )


@dataclass(slots=True, kw_only=True)
class UploadSession:
    """A resumable upload under way.

    Attributes:
        id: Its ``upload_id``.
        bucket: Where the object goes.
        opened_by: The first request, whose preconditions hold for the whole upload.
        upload: Name and metadata; no data yet.
        opened_s: Unix time at which it was opened; it is kept for a week.
        received: What has come so far.
        total: Length of the whole object, once somebody has said it.
        finished: The response to the last chunk, for whoever did not get to see it.
    """

    id: str
    bucket: str
    opened_by: Request
    upload: Upload
    opened_s: float
    total: int | None = None
    received: bytearray = field(default_factory=bytearray, repr=False)
    finished: Response | None = None

    def accept(self, request: Request) -> bool:
        """Take a chunk, or a question how far the upload has come; True if that was the last.

        Raises:
            RefusalError: The chunk does not fit in here.
        """
        offset, total = self._place_of(request)
        if total is not None:
            if self.total is not None and total != self.total:
                raise invalid(f"The object is to have {self.total} bytes, and now {total}.")
            self.total = total
        have = len(self.received)
        if offset > have:
            raise RefusalError(
                error(
                    503,
                    "Invalid request. According to the Content-Range header, the upload offset is "
                    f"{offset} byte(s), which exceeds already uploaded size of {have} byte(s).",
                    "backendError",
                )
            )
        # A client that did not see our answer sends again what we already have.
        news = request.body[have - offset :]
        if have + len(news) == total:
            self.received += news
            return True
        self.received += news[: len(news) // CHUNK_QUANTUM * CHUNK_QUANTUM]
        return False

    def span(self, request: Request) -> tuple[int, int]:
        """Where a chunk begins and ends, in the whole object."""
        first, _ = self._place_of(request)
        return first, first + len(request.body)

    def keep(self, data: bytes, first: int) -> None:
        """Keep the part of a chunk that came before the connection broke."""
        news = data[max(len(self.received) - first, 0) :]
        self.received += news[: len(news) // CHUNK_QUANTUM * CHUNK_QUANTUM]

    def whole(self) -> Upload:
        """The upload with all that was received."""
        return replace(self.upload, data=bytes(self.received))

    def progress(self) -> Response:
        """The 308 that says how far the upload has come."""
        have = len(self.received)
        headers = (("range", f"bytes=0-{have - 1}"),) if have else ()
        return Response(status=HTTPStatus.PERMANENT_REDIRECT, headers=headers)

    def _place_of(self, request: Request) -> tuple[int, int | None]:
        """Where a chunk begins, and how long the whole object is, if that is known."""
        header = request.headers.get("content-range")
        if header is None:
            return 0, len(request.body)
        match = _CONTENT_RANGE.fullmatch(header)
        if match is None:
            raise invalid("Failed to parse Content-Range header.")
        total = None if match["total"] == "*" else int(match["total"])
        if match["first"] is None:
            return len(self.received), total
        first, last = int(match["first"]), int(match["last"])
        if last - first + 1 != len(request.body):
            raise invalid("The body is not as long as its Content-Range says.")
        if total is not None and last >= total:
            raise invalid("The Content-Range goes beyond the end of the object.")
        return first, total


class Sessions:
    """The resumable uploads of a run, finished ones included."""

    def __init__(self) -> None:
        self._by_id: dict[str, UploadSession] = {}
        self._opened = 0

    def open(self, bucket: str, request: Request) -> UploadSession:
        """Begin an upload."""
        self._opened += 1
        number = f"{self._opened}/{bucket}"
        session = UploadSession(
            id="sim-" + hashlib.sha256(number.encode()).hexdigest()[:40],
            bucket=bucket,
            opened_by=request,
            upload=read_resumable(request),
            opened_s=time.time(),
            total=_promised_length(request),
        )
        self._by_id[session.id] = session
        return session

    def forget(self, session: UploadSession) -> None:
        """Give an upload up."""
        del self._by_id[session.id]

    def find(self, request: Request) -> UploadSession | None:
        """The upload that a request belongs to."""
        session = self._by_id.get(request.query.get("upload_id", ""))
        is_old = session is not None and time.time() > session.opened_s + KEPT_S
        return None if is_old else session


def _promised_length(request: Request) -> int | None:
    text = request.headers.get("x-upload-content-length", "")
    if not text:
        return None
    if not text.isdecimal():
        raise invalid(f"Invalid value for X-Upload-Content-Length: {text}")
    return int(text)


def read_media(request: Request) -> Upload:
    """Read an upload of kind ``media``: the body is the object."""
    content_type = request.headers.get("content-type", _DEFAULT_TYPE)
    return _upload(request, {"contentType": content_type}, request.body)


def read_multipart(request: Request) -> Upload:
    """Read an upload of kind ``multipart``: metadata, then the object.

    Raises:
        RefusalError: The body is not like that.
    """
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    boundary = header.get_param("boundary")
    parts = request.body.split(f"--{boundary}".encode()) if boundary else []
    # Text before the first boundary, metadata, media, and what follows the last boundary. The
    # media may contain anything but its boundary, so nothing else is looked for.
    if len(parts) != len(("before", "metadata", "media", "after")):
        raise invalid("Malformed multipart body.")
    _, metadata = _part(parts[1])
    content_type, data = _part(parts[2])
    return _upload(request, {"contentType": content_type} | read_json(metadata), data)


def read_resumable(request: Request) -> Upload:
    """Read the request that opens a resumable upload: metadata alone."""
    content_type = request.headers.get("x-upload-content-type", _DEFAULT_TYPE)
    return _upload(request, {"contentType": content_type} | read_json(request.body or b"{}"), b"")


def read_json(body: bytes) -> dict[str, Any]:
    """A body that must be a JSON object.

    Raises:
        RefusalError: It is not.
    """
    try:
        metadata = parsed(body)
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        raise RefusalError(error(400, "Parse Error", "parseError"))
    return metadata


def _upload(request: Request, metadata: Mapping[str, Any], data: bytes) -> Upload:
    name = metadata.get("name") or request.query.get("name")
    if not name:
        raise RefusalError(error(400, "Required", "required"))
    return Upload(name=require_object_name(name), metadata=metadata, data=data)


def _part(part: bytes) -> tuple[str, bytes]:
    head, blank, data = part.partition(b"\r\n\r\n")
    if not blank:
        raise invalid("Malformed multipart body.")
    match = re.search(rb"(?i)content-type:\s*([^\r\n]+)", head)
    content_type = match[1].decode("latin-1") if match else _DEFAULT_TYPE
    return content_type, data.removesuffix(b"\r\n")
