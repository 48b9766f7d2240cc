"""The JSON API of Cloud Storage over a store: which request is what, and what it does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from chaos.http import Request, Response, json_response
from chaos.ports import Operation
from chaos.upstreams.gcs import errors, uploads
from chaos.upstreams.gcs.conditions import number, require
from chaos.upstreams.gcs.listing import list_objects
from chaos.upstreams.gcs.media import media_response
from chaos.upstreams.gcs.resource import (
    bucket_resource,
    object_resource,
    patched_settings,
    select,
    settings_of,
)
from chaos.upstreams.gcs.store import Store, StoredObject

_BUCKET = r"/storage/v1/b/(?P<bucket>[^/]+)"
_OBJECT = rf"{_BUCKET}/o/(?P<object>[^/]+)"
_DESTINATION = r"/b/(?P<to_bucket>[^/]+)/o/(?P<to_object>[^/]+)"

_ROUTES = tuple(
    (method, re.compile(path), query, operation)
    for method, path, query, operation in (
        ("GET", _BUCKET, {}, "buckets.get"),
        ("GET", f"{_BUCKET}/o", {}, "objects.list"),
        ("GET", f"(?:/download)?{_OBJECT}", {"alt": "media"}, "objects.media"),
        ("GET", _OBJECT, {}, "objects.get"),
        ("PATCH", _OBJECT, {}, "objects.patch"),
        ("PUT", _OBJECT, {}, "objects.update"),
        ("DELETE", _OBJECT, {}, "objects.delete"),
        ("POST", f"{_OBJECT}/rewriteTo{_DESTINATION}", {}, "objects.rewrite"),
        ("POST", f"{_OBJECT}/copyTo{_DESTINATION}", {}, "objects.copy"),
        ("POST", f"{_OBJECT}/compose", {}, "objects.compose"),
        ("POST", f"/upload{_BUCKET}/o", {"uploadType": "media"}, "objects.insert"),
        ("POST", f"/upload{_BUCKET}/o", {"uploadType": "multipart"}, "objects.insert"),
        ("POST", f"/upload{_BUCKET}/o", {"uploadType": "resumable"}, "uploads.resumable.start"),
        ("PUT", f"/upload{_BUCKET}/o", {"uploadType": "resumable"}, "uploads.resumable.put"),
    )
)


OPERATIONS = tuple(dict.fromkeys(operation for _, _, _, operation in _ROUTES))
"""Every operation there is."""

Names = Mapping[str, str]
"""The parts of a path, unescaped: bucket, object, and those of the destination of a copy."""


class JsonApi:
    """Answers requests from a store, and changes it as they say."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = uploads.Sessions()
        self._handlers = {
            "buckets.get": self._bucket,
            "objects.list": self._list,
            "objects.media": self._media,
            "objects.get": self._get,
            "objects.patch": self._patch,
            "objects.update": self._update,
            "objects.delete": self._delete,
            "objects.rewrite": self._rewrite,
            "objects.copy": self._copy,
            "objects.compose": self._compose,
            "objects.insert": self._insert,
            "uploads.resumable.start": self._start_upload,
            "uploads.resumable.put": self._continue_upload,
        }

    def classify(self, request: Request) -> Operation | None:
        """The operation and its object; None if the API has no such thing."""
        operation, names = _route(request)
        if operation is None:
            return None
        return Operation(operation, self._object_of(operation, names, request))

    def answer(self, request: Request) -> Response:
        """Do what is asked, or say why not."""
        operation, names = _route(request)
        if operation is None:
            return errors.failed(HTTPStatus.NOT_FOUND)
        try:
            return self._handlers[operation](request, names)
        except errors.RefusalError as refusal:
            return refusal.response

    def _object_of(self, operation: str, names: Names, request: Request) -> str | None:
        if operation == "uploads.resumable.put":
            session = self._sessions.find(request)
            return session.upload.name if session is not None else None
        if operation in {"objects.insert", "uploads.resumable.start"}:
            try:
                return _read_upload(request).name
            except errors.RefusalError:
                return None
        return names.get("to_object") or names.get("object")

    def _bucket(self, request: Request, names: Names) -> Response:
        bucket = names["bucket"]
        self._store.names(bucket)  # refuses if there is no such bucket
        resource = bucket_resource(
            bucket, created_s=self._store.created_s, versioning=self._store.versioning
        )
        return _shown(request, resource)

    def _list(self, request: Request, names: Names) -> Response:
        return _shown(request, list_objects(self._store, names["bucket"], request))

    def _get(self, request: Request, names: Names) -> Response:
        stored = self._named(request, names)
        require(request, stored, reading=True)
        return _shown(request, object_resource(stored))

    def _media(self, request: Request, names: Names) -> Response:
        try:
            stored = self._named(request, names)
        except errors.RefusalError as refusal:
            # For media, Cloud Storage says so in plain words rather than in JSON.
            message = refusal.response.json()["error"]["message"]
            return Response(
                status=refusal.response.status,
                headers=(("content-type", "text/html; charset=UTF-8"),),
                body=message.encode(),
            )
        require(request, stored, reading=True)
        return media_response(stored, request.headers.get("range"))

    def _patch(self, request: Request, names: Names) -> Response:
        stored = self._named(request, names)
        require(request, stored, reading=False)
        settings = patched_settings(stored, uploads.read_json(request.body))
        return _shown(request, object_resource(self._store.change(stored, settings)))

    def _update(self, request: Request, names: Names) -> Response:
        stored = self._named(request, names)
        require(request, stored, reading=False)
        changed = self._store.change(stored, settings_of(uploads.read_json(request.body)))
        return _shown(request, object_resource(changed))

    def _delete(self, request: Request, names: Names) -> Response:
        stored = self._named(request, names)
        require(request, stored, reading=False)
        self._store.delete(stored, for_good="generation" in request.query)
        return Response(status=HTTPStatus.NO_CONTENT)

    def _rewrite(self, request: Request, names: Names) -> Response:
        resource = self._copied(request, names)
        rewritten = {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": resource["size"],
            "objectSize": resource["size"],
            "done": True,
            "resource": resource,
        }
        return _shown(request, rewritten)

    def _copy(self, request: Request, names: Names) -> Response:
        return _shown(request, self._copied(request, names))

    def _copied(self, request: Request, names: Names) -> dict[str, Any]:
        source = self._named(request, names, parameter="sourceGeneration")
        require(request, source, reading=False, of="Source")
        bucket, name = names["to_bucket"], names["to_object"]
        require(request, self._store.find(bucket, name), reading=False)
        # Metadata in the request replaces that of the source; without any, it is kept.
        settings = settings_of(uploads.read_json(request.body or b"{}")) or source.settings
        return object_resource(self._store.put(bucket, name, source.data, settings))

    def _compose(self, request: Request, names: Names) -> Response:
        body = uploads.read_json(request.body)
        bucket, name = names["bucket"], names["object"]
        require(request, self._store.find(bucket, name), reading=False)
        sources = []
        for source in body.get("sourceObjects", ()):
            generation = source.get("generation")
            found = self._store.find(
                bucket, source["name"], int(generation) if generation else None
            )
            if found is None:
                raise errors.no_such_object(bucket, source["name"])
            sources.append(found)
        if not sources:
            raise errors.invalid("You must provide at least one source component.")
        composed = self._store.put(
            bucket,
            name,
            b"".join(source.data for source in sources),
            settings_of(body.get("destination", {})),
            components=sum(source.components or 1 for source in sources),
        )
        return _shown(request, object_resource(composed))

    def _insert(self, request: Request, names: Names) -> Response:
        return self._store_upload(request, names["bucket"], _read_upload(request), request)

    def _start_upload(self, request: Request, names: Names) -> Response:
        session = self._sessions.open(names["bucket"], request)
        current = self._store.find(names["bucket"], session.upload.name)
        require(request, current, reading=False)
        url = f"https://storage.googleapis.com/upload/storage/v1/b/{names['bucket']}/o"
        location = f"{url}?uploadType=resumable&upload_id={session.id}"
        headers = (("location", location), ("x-guploader-uploadid", session.id))
        return Response(status=HTTPStatus.OK, headers=headers)

    def _continue_upload(self, request: Request, names: Names) -> Response:
        session = self._sessions.find(request)
        if session is None or session.bucket != names["bucket"]:
            return errors.failed(HTTPStatus.NOT_FOUND)
        if session.finished is None:
            if not session.accept(request):
                return session.progress()
            session.finished = self._store_upload(
                session.opened_by, session.bucket, session.whole(), request
            )
        return session.finished

    def _store_upload(
        self, opening: Request, bucket: str, upload: uploads.Upload, closing: Request
    ) -> Response:
        """Store what was uploaded, if it is what its sender meant it to be."""
        require(opening, self._store.find(bucket, upload.name), reading=False)
        upload.verify(closing)
        stored = self._store.put(bucket, upload.name, upload.data, settings_of(upload.metadata))
        return _shown(opening, object_resource(stored))

    def _named(
        self, request: Request, names: Names, parameter: str = "generation"
    ) -> StoredObject:
        """The object that a path names, at the generation that the query names."""
        bucket, name = names["bucket"], names["object"]
        stored = self._store.find(bucket, name, number(request, parameter))
        if stored is None:
            raise errors.no_such_object(bucket, name)
        return stored


def _route(request: Request) -> tuple[str | None, Names]:
    for method, path, query, operation in _ROUTES:
        match = path.fullmatch(request.path) if method == request.method else None
        if match is not None and query.items() <= request.query.items():
            return operation, {key: unquote(value) for key, value in match.groupdict().items()}
    return None, {}


def _read_upload(request: Request) -> uploads.Upload:
    match request.query["uploadType"]:
        case "media":
            return uploads.read_media(request)
        case "multipart":
            return uploads.read_multipart(request)
        case _:
            return uploads.read_resumable(request)


def _shown(request: Request, resource: Mapping[str, Any]) -> Response:
    headers = (("etag", resource["etag"]),) if "etag" in resource else ()
    return json_response(HTTPStatus.OK, select(resource, request.query.get("fields")), headers)
