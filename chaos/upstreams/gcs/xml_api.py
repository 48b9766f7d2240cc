"""The part of the XML API that clients of the JSON API use: uploads in parts, and signed URLs."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from chaos.http import Request, Response
from chaos.upstreams.gcs import conditions
from chaos.upstreams.gcs.conditions import require_xml
from chaos.upstreams.gcs.errors import xml_error
from chaos.upstreams.gcs.media import media_response
from chaos.upstreams.gcs.names import require_object_name, require_settings
from chaos.upstreams.gcs.routes import Names
from chaos.upstreams.gcs.showing import nothing
from chaos.upstreams.gcs.store import Store, StoredObject, crc32c_of, md5_of
from chaos.upstreams.gcs.uploads import Upload
from chaos.upstreams.refusal import RefusalError

SMALLEST_PART = 5 * 1024 * 1024
"""Every part but the last is at least so large."""

MOST_PARTS = 10_000

_META = "x-goog-meta-"


@dataclass(slots=True)
class Parts:
    """An upload in parts under way."""

    bucket: str
    name: str
    settings: Mapping[str, Any]
    parts: dict[int, bytes] = field(default_factory=dict)


class XmlApi:
    """Answers requests by path, as the XML API has it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uploads: dict[str, Parts] = {}
        self._started = 0

    def get(self, request: Request, names: Names) -> Response:
        """The bytes of an object."""
        stored = self._found(request, names)
        require_xml(request, stored, reading=True)
        response = media_response(stored, request).with_headers(_told(stored))
        wanted = {
            "content-type": request.query.get("response-content-type"),
            "content-disposition": request.query.get("response-content-disposition"),
        }
        return response.with_headers((k, v) for k, v in wanted.items() if v is not None)

    def head(self, request: Request, names: Names) -> Response:
        """The headers alone."""
        response = self.get(request, names)
        length = ("content-length", str(len(response.body)))
        return Response(status=response.status, headers=(*response.headers, length))

    def put(self, request: Request, names: Names) -> Response:
        """Store an object."""
        upload = Upload(name=names["object"], metadata={}, data=request.body)
        try:
            upload.verify(request)
        except RefusalError:
            message = "The CRC32C or MD5 you specified did not match what we computed."
            raise RefusalError(xml_error(400, "BadDigest", message)) from None
        self._require_bucket(names["bucket"])
        require_object_name(names["object"])
        current = self._store.find(names["bucket"], names["object"])
        require_xml(request, current, reading=False)
        settings = _settings(request)
        stored = self._store.put(names["bucket"], names["object"], request.body, settings)
        return Response(
            status=200,
            headers=(
                ("etag", f'"{hashlib.md5(stored.data).hexdigest()}"'),  # noqa: S324 - the API's own
                ("x-goog-generation", str(stored.generation)),
                ("x-goog-hash", f"crc32c={stored.crc32c}"),
            ),
        )

    def delete(self, request: Request, names: Names) -> Response:
        """Delete an object."""
        stored = self._found(request, names)
        require_xml(request, stored, reading=False)
        self._store.delete(stored, for_good="generation" in request.query)
        return nothing()

    def start(self, request: Request, names: Names) -> Response:
        """Begin an upload in parts."""
        bucket, name = names["bucket"], names["object"]
        self._require_bucket(bucket)
        self._started += 1
        digest = hashlib.sha256(f"{self._started}/{bucket}/{name}".encode()).hexdigest()
        upload_id = f"sim-{digest[:40]}"
        self._uploads[upload_id] = Parts(bucket, name, _settings(request))
        return _document(
            "InitiateMultipartUploadResult",
            {"Bucket": bucket, "Key": name, "UploadId": upload_id},
        )

    def put_part(self, request: Request, names: Names) -> Response:
        """Take a part; one that comes again takes the place of the first."""
        upload = self._upload(request, names)
        _require_hashes(request)
        number = _number(request, "partNumber")
        if not 0 < number <= MOST_PARTS:
            message = f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive."
            raise RefusalError(xml_error(400, "InvalidArgument", message))
        upload.parts[number] = request.body
        hashes = f"crc32c={crc32c_of(request.body)},md5={md5_of(request.body)}"
        headers = (("etag", _tag(request.body)), ("x-goog-hash", hashes))
        return Response(status=200, headers=headers)

    def finish(self, request: Request, names: Names) -> Response:
        """Put the parts together to an object."""
        upload = self._upload(request, names)
        numbers = _listed(request, upload)
        if any(len(upload.parts[number]) < SMALLEST_PART for number in numbers[:-1]):
            message = "Your proposed upload is smaller than the minimum allowed size."
            raise RefusalError(xml_error(400, "EntityTooSmall", message))
        data = b"".join(upload.parts[number] for number in numbers)
        stored = self._store.put(
            upload.bucket, upload.name, data, upload.settings, components=len(numbers)
        )
        del self._uploads[request.query["uploadId"]]
        tags = "".join(_tag(upload.parts[number]) for number in numbers)
        whole = {"Bucket": upload.bucket, "Key": upload.name, "ETag": _tag(tags.encode())}
        answer = _document("CompleteMultipartUploadResult", whole)
        return answer.with_headers([("x-goog-generation", str(stored.generation))])

    def cancel(self, request: Request, names: Names) -> Response:
        """Give an upload up."""
        self._upload(request, names)
        del self._uploads[request.query["uploadId"]]
        return nothing()

    def _upload(self, request: Request, names: Names) -> Parts:
        upload = self._uploads.get(request.query["uploadId"])
        if upload is None or (upload.bucket, upload.name) != (names["bucket"], names["object"]):
            message = "The requested upload was not found."
            raise RefusalError(xml_error(404, "NoSuchUpload", message))
        return upload

    def _require_bucket(self, bucket: str) -> None:
        if not self._store.has_bucket(bucket):
            message = "The specified bucket does not exist."
            raise RefusalError(xml_error(404, "NoSuchBucket", message))

    def _found(self, request: Request, names: Names) -> StoredObject:
        self._require_bucket(names["bucket"])
        wanted = _number(request, "generation") if request.query.get("generation") else None
        found = self._store.find(names["bucket"], names["object"], wanted)
        if found is None:
            raise RefusalError(xml_error(404, "NoSuchKey", "The specified key does not exist."))
        return found


def _told(stored: StoredObject) -> list[tuple[str, str]]:
    """What this API tells of an object in headers, and the other one in its resource."""
    metadata = stored.settings.get("metadata") or {}
    changed = formatdate(stored.created_s, usegmt=True)
    named = ((f"{_META}{key.lower()}", value) for key, value in metadata.items())
    return [("last-modified", changed), *named]


def _number(request: Request, name: str) -> int:
    found = conditions.number(request, name)
    assert found is not None, "the route wants it, or somebody looked"
    return found


def _settings(request: Request) -> dict[str, Any]:
    known = {
        "content-type": "contentType",
        "cache-control": "cacheControl",
        "content-encoding": "contentEncoding",
        "content-disposition": "contentDisposition",
        "content-language": "contentLanguage",
    }
    headers = request.headers
    settings: dict[str, Any] = {
        key: headers[name] for name, key in known.items() if name in headers
    }
    metadata = {
        name.removeprefix(_META): value
        for name, value in headers.items()
        if name.startswith(_META)
    }
    settings |= {"metadata": metadata} if metadata else {}
    require_settings(settings)
    return settings


def _require_hashes(request: Request) -> None:
    """Compare a part with the hashes that came with it."""
    vouched = [
        ("md5", request.headers.get("content-md5")),
        *(
            (kind, value)
            for each in request.headers.get("x-goog-hash", "").split(",")
            for kind, _, value in [each.strip().partition("=")]
        ),
    ]
    actual = {"md5": md5_of(request.body), "crc32c": crc32c_of(request.body)}
    if any(value and actual.get(kind) != value for kind, value in vouched if kind in actual):
        message = "The CRC32C or MD5 you specified did not match what we computed."
        raise RefusalError(xml_error(400, "BadDigest", message))


def _listed(request: Request, upload: Parts) -> list[int]:
    """The numbers of the parts in the order in which they are to be put together."""
    try:
        root = ET.fromstring(request.body)  # noqa: S314 - what the client under test wrote
        listed = [
            (int(part.findtext("{*}PartNumber") or ""), part.findtext("{*}ETag") or "")
            for part in root.findall("{*}Part")
        ]
    except (ET.ParseError, ValueError):
        listed = []
    numbers = [number for number, _ in listed]
    if not numbers or numbers != sorted(set(numbers)):
        message = "The XML you provided was not well-formed, or parts are not in ascending order."
        raise RefusalError(xml_error(400, "MalformedXML", message))
    for number, tag in listed:
        if number not in upload.parts or tag.strip('"') != _tag(upload.parts[number]).strip('"'):
            message = "One or more of the specified parts could not be found."
            raise RefusalError(xml_error(400, "InvalidPart", message))
    return numbers


def _tag(data: bytes) -> str:
    return f'"{binascii.hexlify(base64.b64decode(md5_of(data))).decode()}"'


def _document(root: str, fields: Mapping[str, str]) -> Response:
    inside = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    body = f"<?xml version='1.0' encoding='UTF-8'?><{root} xmlns='{namespace}'>{inside}</{root}>"
    headers = (("content-type", "application/xml; charset=UTF-8"),)
    return Response(status=200, headers=headers, body=body.encode())
