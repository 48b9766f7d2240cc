"""The operations by which objects are uploaded: at once, and in chunks of one session."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote, urlsplit

from chaos.http import Request, Response
from chaos.upstreams.gcs import errors, uploads
from chaos.upstreams.gcs.access import OBJECT_ROLES, read_entries
from chaos.upstreams.gcs.conditions import require
from chaos.upstreams.gcs.resource import settings_of
from chaos.upstreams.gcs.routes import Names
from chaos.upstreams.gcs.showing import is_elsewhere, shown_object
from chaos.upstreams.gcs.store import Store, StoredObject
from chaos.upstreams.refusal import RefusalError

_CLOSED = 499
"""What Cloud Storage answers to the client that cancels its own upload."""


class InsertsApi:
    """Answers uploads, and stores what was uploaded if it is what its sender meant it to be."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = uploads.Sessions()
        self._interruptions: list[tuple[int, int]] = []

    def interrupt(self, after: int, status: int) -> None:
        """Let the next upload in a session that comes so far fail there, once."""
        self._interruptions.append((after, status))

    def name_of(self, request: Request, operation: str) -> str | None:
        """The object that an upload is for; None if it does not say."""
        if operation in {"uploads.resumable.put", "uploads.resumable.cancel"}:
            session = self._sessions.find(request)
            return session.upload.name if session is not None else None
        try:
            return _read(request).name
        except RefusalError:
            return None

    def insert(self, request: Request, names: Names) -> Response:
        """Store an object that comes in one request."""
        stored = self._stored(request, names["bucket"], _read(request), request)
        return shown_object(request, stored)

    def start(self, request: Request, names: Names) -> Response:
        """Open a session."""
        session = self._sessions.open(names["bucket"], request)
        current = self._store.find(names["bucket"], session.upload.name)
        require(request, current, reading=False)
        asked = urlsplit(request.url)
        # Storage itself always sends its clients on with TLS; an emulator of it where it is asked.
        origin = f"https://{request.host}"
        if is_elsewhere(request):
            origin = f"{asked.scheme}://{asked.netloc}"
        url = f"{origin}/upload/storage/v1/b/{quote(names['bucket'], safe='')}/o"
        location = f"{url}?uploadType=resumable&upload_id={session.id}"
        headers = (("location", location), ("x-guploader-uploadid", session.id))
        return Response(status=HTTPStatus.OK, headers=headers)

    def put(self, request: Request, names: Names) -> Response:
        """Take a chunk, or say how far the upload has come."""
        session = self._session(request, names)
        if session.finished is None:
            request = self._interrupted(session, request)
            if not session.accept(request):
                return session.progress()
            whole = session.whole()
            stored = self._stored(session.opened_by, session.bucket, whole, request)
            session.finished = shown_object(session.opened_by, stored)
        return session.finished

    def cancel(self, request: Request, names: Names) -> Response:
        """Give an upload up."""
        self._sessions.forget(self._session(request, names))
        return Response(status=_CLOSED)

    def _session(self, request: Request, names: Names) -> uploads.UploadSession:
        session = self._sessions.find(request)
        if session is None or session.bucket != names["bucket"]:
            raise RefusalError(errors.failed(HTTPStatus.NOT_FOUND))
        return session

    def _interrupted(self, session: uploads.UploadSession, request: Request) -> Request:
        """Fail in the middle of a chunk, if that is what somebody wants; what came is kept."""
        for place, (after, status) in enumerate(self._interruptions):
            first, last = session.span(request)
            if first <= after < last:
                del self._interruptions[place]
                session.keep(request.body[: after - first], first)
                raise RefusalError(errors.failed(status))
        return request

    def _stored(
        self, opening: Request, bucket: str, upload: uploads.Upload, closing: Request
    ) -> StoredObject:
        require(opening, self._store.find(bucket, upload.name), reading=False)
        upload.verify(closing)
        metadata = {**upload.metadata}
        if "contentEncoding" in opening.query:
            metadata["contentEncoding"] = opening.query["contentEncoding"]
        settings = settings_of(metadata, "objects.insert")
        entries = None
        if metadata.get("acl"):
            held_in = self._store.bucket(bucket)
            entries = read_entries(metadata["acl"], roles=OBJECT_ROLES, bucket=held_in)
        return self._store.put(bucket, upload.name, upload.data, settings, acl=entries)


def _read(request: Request) -> uploads.Upload:
    match request.query["uploadType"]:
        case "media":
            return uploads.read_media(request)
        case "multipart":
            return uploads.read_multipart(request)
        case _:
            return uploads.read_resumable(request)
