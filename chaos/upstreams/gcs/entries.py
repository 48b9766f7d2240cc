"""Lists of who may do what, on buckets, on new objects in them, and on objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chaos.http import Request, Response
from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.access import BUCKET_ROLES, OBJECT_ROLES, require_entry
from chaos.upstreams.gcs.conditions import number
from chaos.upstreams.gcs.resource import entry_resource
from chaos.upstreams.gcs.routes import Names
from chaos.upstreams.gcs.showing import nothing, shown
from chaos.upstreams.gcs.store import Store, StoredObject
from chaos.upstreams.gcs.uploads import read_json
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.unmodelled import UnmodelledError

Handler = Callable[[Request, Names], Response]
Entries = Mapping[str, str]
"""Entity to role."""

_KINDS = {
    "bucket_acl": "bucketAccessControl",
    "default_object_acl": "objectAccessControl",
    "object_acl": "objectAccessControl",
}
_READ_ONLY = {"kind", "id", "selfLink", "bucket", "object", "generation", "etag", "projectTeam"}


class EntriesApi:
    """Answers the six operations on each of the three lists."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> Mapping[str, Handler]:
        """What answers each operation."""
        found: dict[str, Handler] = {}
        for name in _KINDS:
            found |= self._of(name)
        return found

    def _of(self, which: str) -> dict[str, Handler]:
        kind = _KINDS[which]

        def resource(names: Names, entity: str, role: str) -> dict[str, Any]:
            extra = {"object": names["object"]} if "object" in names else {}
            return entry_resource(kind, names["bucket"], entity, role, **extra)

        def list_(request: Request, names: Names) -> Response:
            items = [
                resource(names, *entry) for entry in self._read(which, request, names).items()
            ]
            return shown(request, {"kind": f"storage#{kind}s", "items": items})

        def get(request: Request, names: Names) -> Response:
            entries = self._read(which, request, names)
            entity = _known(names["entity"], entries)
            return shown(request, resource(names, entity, entries[entity]))

        def insert(request: Request, names: Names) -> Response:
            sent = _sent(request, f"{which}.insert")
            if not sent.get("entity") or not sent.get("role"):
                raise RefusalError(errors.error(400, "Required", "required"))
            entries = {**self._read(which, request, names), sent["entity"]: sent["role"]}
            self._require(which, names, sent["entity"], sent["role"])
            self._write(which, request, names, entries)
            return shown(request, resource(names, sent["entity"], sent["role"]))

        def change(request: Request, names: Names) -> Response:
            entries = self._read(which, request, names)
            entity = _known(names["entity"], entries)
            role = _sent(request, f"{which}.patch").get("role", entries[entity])
            self._require(which, names, entity, role)
            self._write(which, request, names, {**entries, entity: role})
            return shown(request, resource(names, entity, role))

        def delete(request: Request, names: Names) -> Response:
            entries = dict(self._read(which, request, names))
            del entries[_known(names["entity"], entries)]
            self._write(which, request, names, entries)
            return nothing()

        return {
            f"{which}.list": list_,
            f"{which}.get": get,
            f"{which}.insert": insert,
            f"{which}.patch": change,
            f"{which}.update": change,
            f"{which}.delete": delete,
        }

    def _require(self, which: str, names: Names, entity: object, role: object) -> None:
        roles = BUCKET_ROLES if which == "bucket_acl" else OBJECT_ROLES
        require_entry(entity, role, roles=roles, bucket=self._store.bucket(names["bucket"]))

    def _stored(self, request: Request, names: Names) -> StoredObject:
        """The object whose list is meant, at the generation that the query names."""
        generation = number(request, "generation")
        stored = self._store.find(names["bucket"], names["object"], generation)
        if stored is None:
            raise errors.no_such_object(names["bucket"], names["object"])
        return stored

    def _read(self, which: str, request: Request, names: Names) -> Entries:
        bucket = self._store.bucket(names["bucket"])
        if bucket.is_uniform:
            message = (
                "Cannot use ACL API to update bucket policy when uniform bucket-level access "
            )
            raise errors.invalid(message + "is enabled.")
        match which:
            case "bucket_acl":
                return bucket.acl
            case "default_object_acl":
                return bucket.default_acl
            case _:
                return self._stored(request, names).acl

    def _write(self, which: str, request: Request, names: Names, entries: Entries) -> None:
        bucket = self._store.bucket(names["bucket"])
        match which:
            case "bucket_acl":
                bucket.acl = dict(entries)
                bucket.metageneration += 1
            case "default_object_acl":
                bucket.default_acl = dict(entries)
                bucket.metageneration += 1
            case _:
                stored = self._stored(request, names)
                self._store.change(stored, stored.settings, acl=entries)


def _known(entity: str, entries: Entries) -> str:
    if entity not in entries:
        raise RefusalError(errors.error(404, f"No ACL entry for entity {entity}.", "notFound"))
    return entity


def _sent(request: Request, operation: str) -> dict[str, Any]:
    body = read_json(request.body or b"{}")
    unknown = [f"body.{key}" for key in body if key not in {"entity", "role", *_READ_ONLY}]
    if unknown:
        raise UnmodelledError("gcs", operation, unknown, taught_in=__name__)
    return body
