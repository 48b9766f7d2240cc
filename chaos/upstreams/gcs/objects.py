"""The operations on objects: read, changed, copied, put together, deleted and brought back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from chaos.http import Request, Response
from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.access import OBJECT_ROLES, read_entries
from chaos.upstreams.gcs.composing import SourceObject, read_composition
from chaos.upstreams.gcs.conditions import number, require
from chaos.upstreams.gcs.listing import is_true, list_objects
from chaos.upstreams.gcs.media import media_response
from chaos.upstreams.gcs.names import require_object_name
from chaos.upstreams.gcs.resource import patched_settings, require_later, settings_of
from chaos.upstreams.gcs.routes import Names
from chaos.upstreams.gcs.showing import nothing, shown, shown_object, whole_object
from chaos.upstreams.gcs.store import Store, StoredObject
from chaos.upstreams.gcs.uploads import read_json
from chaos.upstreams.refusal import RefusalError

_MIB = 1024 * 1024


_Rewrite = tuple[Mapping[str, str], int]
"""From where to where, and which generation of the source."""


class ObjectsApi:
    """Answers requests about objects from a store, and changes it as they say."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rewritten: dict[str, tuple[_Rewrite, int]] = {}

    def list(self, request: Request, names: Names) -> Response:
        """A page of the names in a bucket."""
        return shown(request, list_objects(self._store, names["bucket"], request))

    def get(self, request: Request, names: Names) -> Response:
        """What is known of an object."""
        stored = self.named(request, names)
        require(request, stored, reading=True)
        return shown_object(request, stored)

    def media(self, request: Request, names: Names) -> Response:
        """The bytes of an object."""
        try:
            stored = self.named(request, names)
        except RefusalError as refusal:
            # For media, Cloud Storage says so in plain words rather than in JSON.
            message = refusal.response.json()["error"]["message"]
            return Response(
                status=refusal.response.status,
                headers=(("content-type", "text/html; charset=UTF-8"),),
                body=message.encode(),
            )
        require(request, stored, reading=True)
        return media_response(stored, request)

    def patch(self, request: Request, names: Names) -> Response:
        """Change some settings, or who may do what."""
        stored, body = self.named(request, names), read_json(request.body or b"{}")
        require(request, stored, reading=False)
        settings = patched_settings(stored, body, "objects.patch")
        acl = self._entries(names["bucket"], body)
        return shown_object(request, self._store.change(stored, settings, acl=acl))

    def update(self, request: Request, names: Names) -> Response:
        """Replace all settings."""
        stored, body = self.named(request, names), read_json(request.body or b"{}")
        require(request, stored, reading=False)
        acl = self._entries(names["bucket"], body)
        settings = settings_of(body, "objects.update")
        require_later(stored.settings, settings)
        return shown_object(request, self._store.change(stored, settings, acl=acl))

    def delete(self, request: Request, names: Names) -> Response:
        """Delete the live generation, or one by its number."""
        stored = self.named(request, names)
        require(request, stored, reading=False)
        self._store.delete(stored, for_good="generation" in request.query)
        return nothing()

    def restore(self, request: Request, names: Names) -> Response:
        """Bring back a generation that was deleted, while it is kept."""
        generation = number(request, "generation")
        if generation is None:
            raise RefusalError(errors.error(400, "Required parameter: generation", "required"))
        current = self._store.find(names["bucket"], names["object"])
        require(request, current, reading=False)
        for stored in self._store.restorable(names["bucket"]):
            if (stored.name, stored.generation) == (names["object"], generation):
                return shown_object(request, self._store.restore(stored))
        raise errors.no_such_object(names["bucket"], names["object"])

    def copy(self, request: Request, names: Names) -> Response:
        """Copy an object at once."""
        return shown_object(request, self._copied(request, names, "objects.copy"))

    def rewrite(self, request: Request, names: Names) -> Response:
        """Copy an object, in as many requests as it takes."""
        source = self.named(request, names, "sourceGeneration")
        rewrite, size = (dict(names), source.generation), len(source.data)
        done = self._progress(request, rewrite, size)
        report: dict[str, Any] = {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": str(done),
            "objectSize": str(size),
            "done": done == size,
        }
        if done < size:
            place = f"{names['to_bucket']}/{names['to_object']}/{source.generation}/{done}"
            report["rewriteToken"] = hashlib.sha256(place.encode()).hexdigest()
            self._rewritten[report["rewriteToken"]] = rewrite, done
        else:
            copied = self._copied(request, names, "objects.rewrite")
            report["resource"] = whole_object(request, copied)
        return shown(request, report)

    def move(self, request: Request, names: Names) -> Response:
        """Give an object another name in its bucket, at once."""
        source = self.named(request, names, "sourceGeneration")
        names = {**names, "to_bucket": names["bucket"]}
        self._store.require_deletable(source)
        moved = self._copied(request, names, "objects.move")
        self._store.delete(source, for_good=False)
        return shown_object(request, moved)

    def compose(self, request: Request, names: Names) -> Response:
        """Put objects together to one."""
        body = read_json(request.body)
        bucket, name = names["bucket"], require_object_name(names["object"])
        require(request, self._store.find(bucket, name), reading=False)
        wanted = read_composition(body)
        sources = [self._source(bucket, each) for each in wanted.sources]
        if wanted.deletes_sources:
            for source in sources:
                self._store.require_deletable(source)
        entries = self._entries(bucket, wanted.destination)
        composed = self._store.put(
            bucket,
            name,
            b"".join(source.data for source in sources),
            settings_of(wanted.destination, "objects.compose"),
            components=sum(source.components or 1 for source in sources),
            acl=entries,
        )
        if wanted.deletes_sources:
            for source in sources:
                # One that was put in twice, or took its own place, is not there any more.
                if self._store.find(bucket, source.name) == source:
                    self._store.delete(source, for_good=False)
        return shown_object(request, composed)

    def named(self, request: Request, names: Names, parameter: str = "generation") -> StoredObject:
        """The object that a path names, at the generation that the query names.

        Raises:
            RefusalError: There is none.
        """
        bucket, name = names["bucket"], names["object"]
        generation = number(request, parameter)
        if is_true(request.query, "softDeleted"):
            for kept in self._store.restorable(bucket):
                if (kept.name, kept.generation) == (name, generation):
                    return kept
            raise errors.no_such_object(bucket, name)
        stored = self._store.find(bucket, name, generation)
        if stored is None:
            raise errors.no_such_object(bucket, name)
        return stored

    def _progress(self, request: Request, rewrite: _Rewrite, size: int) -> int:
        """How many bytes are rewritten after this request."""
        token = request.query.get("rewriteToken")
        begun_as, before = (rewrite, 0) if not token else self._rewritten.get(token, (None, 0))
        if begun_as != rewrite:
            raise errors.invalid("Invalid rewrite token.")
        limit = number(request, "maxBytesRewrittenPerCall")
        if limit is None:
            return size
        if limit < _MIB or limit % _MIB:
            raise errors.invalid("maxBytesRewrittenPerCall must be an integral multiple of 1 MiB.")
        return min(before + limit, size)

    def _copied(self, request: Request, names: Names, operation: str) -> StoredObject:
        source = self.named(request, names, "sourceGeneration")
        require(request, source, reading=False, of="Source")
        bucket, name = names["to_bucket"], require_object_name(names["to_object"])
        require(request, self._store.find(bucket, name), reading=False)
        # Metadata in the request replaces that of the source; without any, it is kept.
        body = read_json(request.body or b"{}")
        sent = settings_of(body, operation)
        entries = self._entries(bucket, body) or None
        return self._store.put(bucket, name, source.data, sent or source.settings, acl=entries)

    def _source(self, bucket: str, wanted: SourceObject) -> StoredObject:
        found = self._store.find(bucket, wanted.name, wanted.generation)
        if found is None:
            raise errors.no_such_object(bucket, wanted.name)
        if wanted.match is not None and wanted.match != found.generation:
            raise RefusalError(errors.failed(412))
        return found

    def _entries(self, bucket: str, body: Mapping[str, Any]) -> dict[str, str] | None:
        """Who may do what, as a body says it; None if it does not."""
        if body.get("acl") is None:
            return None
        return read_entries(body["acl"], roles=OBJECT_ROLES, bucket=self._store.bucket(bucket))
