"""The operations on buckets: made, shown, changed and deleted, and who may use them."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chaos.http import Request, Response
from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.access import BUCKET_ROLES, OBJECT_ROLES, read_entries, read_policy
from chaos.upstreams.gcs.bucket_settings import place_of, require_bucket_settings
from chaos.upstreams.gcs.buckets import PROJECT_NUMBER, Bucket, Json
from chaos.upstreams.gcs.conditions import number, page_size, require_metageneration
from chaos.upstreams.gcs.names import require_bucket_name, require_storage_class
from chaos.upstreams.gcs.resource import entry_resource, timestamp
from chaos.upstreams.gcs.routes import Names
from chaos.upstreams.gcs.showing import is_full, nothing, shown
from chaos.upstreams.gcs.store import Store
from chaos.upstreams.gcs.uploads import read_json
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.unmodelled import UnmodelledError

_SETTINGS = (
    "versioning",
    "labels",
    "storageClass",
    "location",
    "locationType",
    "iamConfiguration",
    "retentionPolicy",
    "softDeletePolicy",
)
"""The parts of a bucket that its owner chooses."""

_GIVEN = frozenset(
    {"kind", "id", "selfLink", "name", "projectNumber", "metageneration", "etag", "timeCreated"}
    | {"updated", "owner", "acl", "defaultObjectAcl", "satisfiesPZS"}
)
"""The parts that are decided elsewhere."""

_API = "https://www.googleapis.com/storage/v1"


class BucketsApi:
    """Answers requests about buckets."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self, request: Request, names: Names) -> Response:
        """The buckets of the project: there is one project only."""
        del names
        if not request.query.get("project"):
            raise RefusalError(errors.error(400, "Required parameter: project", "required"))
        prefix = request.query.get("prefix", "")
        limit = page_size(request)
        after = request.query.get("pageToken", "")
        found = [b for b in self._store.buckets if b.name.startswith(prefix) and b.name > after]
        listing: Json = {
            "kind": "storage#buckets",
            "items": [resource_of(each, full=is_full(request)) for each in found[:limit]],
        }
        if len(found) > limit:
            listing["nextPageToken"] = found[limit - 1].name
        return shown(request, listing)

    def insert(self, request: Request, names: Names) -> Response:
        """Make a bucket."""
        del names
        body = read_json(request.body)
        name = body.get("name")
        if not name or not request.query.get("project"):
            raise RefusalError(errors.error(400, "Required", "required"))
        require_bucket_name(name)
        if self._store.has_bucket(name):
            message = "Your previous request to create the named bucket succeeded and you already "
            raise RefusalError(errors.error(409, message + "own it.", "conflict"))
        bucket = self._store.add_bucket(name, _settings(body, "buckets.insert"))
        _take_entries(bucket, body)
        return self._shown(request, bucket)

    def get(self, request: Request, names: Names) -> Response:
        """What is known of a bucket."""
        bucket = self._store.bucket(names["bucket"])
        require_metageneration(request, bucket.metageneration, reading=True)
        return self._shown(request, bucket)

    def patch(self, request: Request, names: Names) -> Response:
        """Change some settings."""
        return self._changed(request, names, "buckets.patch")

    def update(self, request: Request, names: Names) -> Response:
        """Replace all settings."""
        return self._changed(request, names, "buckets.update")

    def delete(self, request: Request, names: Names) -> Response:
        """Delete an empty bucket."""
        bucket = self._store.bucket(names["bucket"])
        require_metageneration(request, bucket.metageneration, reading=False)
        self._store.remove_bucket(bucket.name)
        return nothing()

    def get_policy(self, request: Request, names: Names) -> Response:
        """Who may do what, by the roles of the whole cloud."""
        return shown(request, _policy(self._store.bucket(names["bucket"])))

    def set_policy(self, request: Request, names: Names) -> Response:
        """Replace the policy; one that has a tag has to be the one that is there."""
        bucket, body = self._store.bucket(names["bucket"]), read_json(request.body)
        tag = body.get("etag")
        if tag is not None and tag != _policy(bucket)["etag"]:
            raise RefusalError(errors.failed(412))
        bucket.policy = read_policy(body, bucket)
        bucket.policy_version += 1
        bucket.change(dict(bucket.settings), time.time())
        return shown(request, _policy(bucket))

    def test_permissions(self, request: Request, names: Names) -> Response:
        """Which of some permissions the caller has: all of them."""
        self._store.bucket(names["bucket"])
        wanted = parse_qs(urlsplit(request.url).query).get("permissions", [])
        kind = "storage#testIamPermissionsResponse"
        return shown(request, {"kind": kind, "permissions": wanted})

    def lock(self, request: Request, names: Names) -> Response:
        """Take away the right to shorten the retention policy."""
        bucket = self._store.bucket(names["bucket"])
        if number(request, "ifMetagenerationMatch") is None:
            message = "Required parameter: ifMetagenerationMatch"
            raise RefusalError(errors.error(400, message, "required"))
        require_metageneration(request, bucket.metageneration, reading=False)
        if not bucket.retention_s:
            raise errors.invalid("The bucket has no retention policy to lock.")
        bucket.locked = True
        bucket.change(dict(bucket.settings), time.time())
        return self._shown(request, bucket)

    def _changed(self, request: Request, names: Names, operation: str) -> Response:
        bucket, body = self._store.bucket(names["bucket"]), read_json(request.body or b"{}")
        require_metageneration(request, bucket.metageneration, reading=False)
        settings = _settings(body, operation)
        _require_same_place(bucket, settings, operation)
        if operation == "buckets.patch":
            settings = _merged(bucket.settings, body, settings)
        # Where it is, no change of a bucket says anew.
        settings |= {key: bucket.settings[key] for key in ("location",) if key in bucket.settings}
        wanted = int((settings.get("retentionPolicy") or {}).get("retentionPeriod", 0))
        if bucket.locked and wanted < bucket.retention_s:
            message = "Cannot reduce retention duration of a locked Retention Policy."
            raise RefusalError(errors.error(403, message, "forbidden"))
        bucket.change(settings, time.time())
        _take_entries(bucket, body)
        return self._shown(request, bucket)

    def _shown(self, request: Request, bucket: Bucket) -> Response:
        return shown(request, resource_of(bucket, full=is_full(request)))


def resource_of(bucket: Bucket, *, full: bool = False) -> Json:
    """A bucket as the JSON API shows it; ``full`` with who may do what."""
    resource: Json = {
        "kind": "storage#bucket",
        "id": bucket.name,
        "selfLink": f"{_API}/b/{bucket.name}",
        "name": bucket.name,
        "projectNumber": PROJECT_NUMBER,
        "metageneration": str(bucket.metageneration),
        "storageClass": "STANDARD",
        "etag": base64.b64encode(bytes([8, bucket.metageneration % 128])).decode(),
        "timeCreated": timestamp(bucket.created_s),
        "updated": timestamp(bucket.updated_s),
        "softDeletePolicy": {
            "retentionDurationSeconds": str(bucket.kept_for_s),
            "effectiveTime": timestamp(bucket.created_s),
        },
    }
    resource |= {key: value for key, value in bucket.settings.items() if key != "softDeletePolicy"}
    resource |= place_of(bucket.settings)
    if bucket.retention_s:
        effective = {"effectiveTime": timestamp(bucket.updated_s), "isLocked": bucket.locked}
        resource["retentionPolicy"] = bucket.settings["retentionPolicy"] | effective
    if full and not bucket.is_uniform:
        for key, kind, entries in (
            ("acl", "bucketAccessControl", bucket.acl),
            ("defaultObjectAcl", "objectAccessControl", bucket.default_acl),
        ):
            lines = (entry_resource(kind, bucket.name, *entry) for entry in entries.items())
            resource[key] = list(lines)
    return resource


def _settings(body: Mapping[str, Any], operation: str) -> Json:
    unknown = [
        f"body.{key}"
        for key, value in body.items()
        if key not in _SETTINGS and key not in _GIVEN and value not in (None, {}, [], False)
    ]
    if unknown:
        raise UnmodelledError("gcs", operation, unknown, taught_in=__name__)
    require_storage_class(body.get("storageClass") or "STANDARD")
    require_bucket_settings({key: body.get(key) for key in _SETTINGS})
    return {key: body[key] for key in _SETTINGS if body.get(key) is not None}


def _require_same_place(bucket: Bucket, wanted: Json, operation: str) -> None:
    """What the provider says to whoever wants to move a bucket, its pages do not tell."""
    for key, has in place_of(bucket.settings).items():
        if str(wanted.get(key, has)).casefold() != has.casefold():
            part = f"body.{key} that differs from that of the bucket"
            raise UnmodelledError("gcs", operation, [part], taught_in=__name__)


def _merged(old: Json, body: Mapping[str, Any], sent: Json) -> Json:
    """Settings after a patch: null deletes, and labels are merged one by one."""
    merged = {key: value for key, value in old.items() if key not in body or body[key] is not None}
    merged |= sent
    if isinstance(body.get("labels"), dict):
        labels = {**old.get("labels", {}), **body["labels"]}
        merged["labels"] = {key: value for key, value in labels.items() if value is not None}
    return merged


def _take_entries(bucket: Bucket, body: Mapping[str, Any]) -> None:
    if body.get("acl") is not None:
        bucket.acl = read_entries(body["acl"], roles=BUCKET_ROLES, bucket=bucket)
    if body.get("defaultObjectAcl") is not None:
        entries = read_entries(body["defaultObjectAcl"], roles=OBJECT_ROLES, bucket=bucket)
        bucket.default_acl = entries


def _policy(bucket: Bucket) -> Json:
    tag = base64.b64encode(bytes([8, bucket.policy_version % 128])).decode()
    return {
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket.name}",
        "etag": tag,
        **bucket.policy,
    }
