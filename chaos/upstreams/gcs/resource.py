"""Objects as the JSON API shows them, whole or the ``fields`` asked for."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from chaos.upstreams.gcs.errors import invalid
from chaos.upstreams.gcs.names import require_settings
from chaos.upstreams.gcs.store import StoredObject
from chaos.upstreams.unmodelled import UnmodelledError

_SETTINGS = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "metadata",
    "storageClass",
)
"""The parts of an object's resource that uploaders choose."""

_GIVEN = frozenset(
    {"kind", "id", "selfLink", "mediaLink", "name", "bucket", "generation", "metageneration"}
    | {"size", "crc32c", "md5Hash", "etag", "timeCreated", "updated", "timeStorageClassUpdated"}
    | {
        "retentionExpirationTime",
        "timeFinalized",
        "componentCount",
        "softDeleteTime",
        "timeDeleted",
        "hardDeleteTime",
        "owner",
        "acl",
    }
)
"""The parts that Cloud Storage decides itself: whoever sends them back changes nothing by it. The
list of who may do what is in here because it is read apart."""

_API = "https://www.googleapis.com/storage/v1"
_DOWNLOADS = "https://storage.googleapis.com/download/storage/v1"

Tree = dict[str, "Tree"]
"""Names to keep, each with the names to keep inside it; none means all."""


def object_resource(stored: StoredObject, *, full: bool = False) -> dict[str, Any]:
    """The resource of one generation; ``full`` with who may do what."""
    path = f"/b/{stored.bucket}/o/{quote(stored.name, safe='')}"
    resource: dict[str, Any] = {
        "kind": "storage#object",
        "id": f"{stored.bucket}/{stored.name}/{stored.generation}",
        "selfLink": f"{_API}{path}",
        "mediaLink": f"{_DOWNLOADS}{path}?generation={stored.generation}&alt=media",
        "name": stored.name,
        "bucket": stored.bucket,
        "generation": str(stored.generation),
        "metageneration": str(stored.metageneration),
        "storageClass": "STANDARD",
        "size": str(len(stored.data)),
        "crc32c": stored.crc32c,
        "etag": etag(stored),
        "timeCreated": timestamp(stored.created_s),
        "updated": timestamp(stored.updated_s),
        "timeStorageClassUpdated": timestamp(stored.created_s),
        "timeFinalized": timestamp(stored.created_s),
    }
    if stored.md5 is not None:
        resource["md5Hash"] = stored.md5
    if stored.components is not None:
        resource["componentCount"] = stored.components
    if stored.noncurrent_s is not None:
        resource["timeDeleted"] = timestamp(stored.noncurrent_s)
    if stored.deleted_s is not None and stored.kept_until_s is not None:
        resource["softDeleteTime"] = timestamp(stored.deleted_s)
        resource["hardDeleteTime"] = timestamp(stored.kept_until_s)
    if stored.retained_until_s is not None:
        resource["retentionExpirationTime"] = timestamp(stored.retained_until_s)
    resource.update(stored.settings)
    if full:
        extra = {"object": stored.name, "generation": str(stored.generation)}
        kind = "objectAccessControl"
        resource["acl"] = [
            entry_resource(kind, stored.bucket, entity, role, **extra)
            for entity, role in stored.acl.items()
        ]
    return resource


def entry_resource(kind: str, bucket: str, entity: str, role: str, **extra: str) -> dict[str, Any]:
    """One line of a list of who may do what."""
    return {
        "kind": f"storage#{kind}",
        "id": f"{bucket}/{entity}",
        "selfLink": f"{_API}/b/{bucket}/{kind}/{entity}",
        "bucket": bucket,
        "entity": entity,
        "role": role,
        "etag": "CAE=",
        **extra,
    }


def settings_of(metadata: Mapping[str, Any], operation: str) -> dict[str, Any]:
    """What of a resource its sender may choose; null means not set.

    Raises:
        UnmodelledError: It chooses something that is not modelled.
        RefusalError: It chooses something that cannot be.
    """
    unknown = [
        f"body.{key}"
        for key, value in metadata.items()
        if key not in _SETTINGS and key not in _GIVEN and value not in (None, {}, [], False)
    ]
    if unknown:
        raise UnmodelledError("gcs", operation, unknown, taught_in=__name__)
    settings = {key: metadata[key] for key in _SETTINGS if metadata.get(key) is not None}
    require_settings(settings)
    return settings


def patched_settings(
    stored: StoredObject, patch: Mapping[str, Any], operation: str
) -> dict[str, Any]:
    """Settings after a patch: null deletes, and ``metadata`` is merged key by key."""
    changed = {**stored.settings, **patch}
    if isinstance(patch.get("metadata"), dict):
        merged = {**stored.settings.get("metadata", {}), **patch["metadata"]}
        changed["metadata"] = {k: v for k, v in merged.items() if v is not None} or None
    settings = settings_of(changed, operation)
    require_later(stored.settings, settings)
    return settings


def require_later(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """See to it that a custom time, once it is set, goes forward only.

    Raises:
        RefusalError: It is taken away, or set back.
    """
    was, is_ = before.get("customTime"), after.get("customTime")
    if was is None:
        return
    if is_ is None or datetime.fromisoformat(is_) < datetime.fromisoformat(was):
        raise invalid("Custom time cannot be removed, or set to an earlier time.")


def etag(stored: StoredObject) -> str:
    """The entity tag: generation and metageneration, packed as Cloud Storage packs them.

    It is a protocol buffer with two numbers in Base64, hence the ``EAE=`` that so many end in.
    """
    packed = b"\x08" + _varint(stored.generation) + b"\x10" + _varint(stored.metageneration)
    return base64.b64encode(packed).decode()


def select(resource: Mapping[str, Any], fields: str | None) -> dict[str, Any]:
    """The part of a resource that the ``fields`` parameter asks for.

    Example:
        >>> listing = {"kind": "list", "items": [{"name": "a", "size": "1"}]}
        >>> select(listing, "items(name)")
        {'items': [{'name': 'a'}]}
        >>> select(listing, "items/size,kind")
        {'kind': 'list', 'items': [{'size': '1'}]}
    """
    if not fields:
        return dict(resource)
    tree = _parse(fields)
    unknown = next((name for name in _names(tree) if name not in _FIELDS), None)
    if unknown is not None:
        raise invalid(f"Invalid field selection {unknown}")
    kept = _prune(resource, tree)
    assert isinstance(kept, dict)
    return kept


def _names(tree: Tree, above: str = "") -> Iterator[str]:
    # What people put into metadata and labels has names of their own.
    if above not in {"metadata", "labels"}:
        yield from tree
        for name, inner in tree.items():
            yield from _names(inner, name)


_FIELDS = frozenset(
    {"*", *_SETTINGS, *_GIVEN}
    | {"retention", "mode", "retainUntilTime", "temporaryHold", "eventBasedHold", "kmsKeyName"}
    | {"customerEncryption", "encryptionAlgorithm", "keySha256", "retentionExpirationTime"}
    | {"contexts", "custom", "value", "createTime", "updateTime", "timeDeleted", "etag", "entity"}
    | {"entityId", "role", "email", "domain", "object", "projectTeam", "projectNumber", "team"}
    | {"items", "prefixes", "nextPageToken", "objectSize", "totalBytesRewritten", "done"}
    | {"rewriteToken", "resource", "defaultObjectAcl", "versioning", "enabled", "labels"}
    | {"location", "locationType", "iamConfiguration", "uniformBucketLevelAccess", "lockedTime"}
    | {"publicAccessPrevention", "bucketPolicyOnly", "retentionPolicy", "retentionPeriod"}
    | {"effectiveTime", "isLocked", "softDeletePolicy", "retentionDurationSeconds", "lifecycle"}
    | {"rule", "action", "condition", "cors", "website", "logging", "encryption", "billing"}
    | {"rpo", "autoclass", "hierarchicalNamespace", "objectRetention", "satisfiesPZS", "version"}
    | {"bindings", "members", "permissions", "resourceId", "accessId", "projectId", "state"}
    | {"serviceAccountEmail", "secret", "email_address", "topic", "payload_format"}
    | {"event_types", "custom_attributes", "object_name_prefix", "customPlacementConfig"}
    | {"dataLocations", "defaultEventBasedHold", "generationId", "restoreToken", "ipFilter"}
)
"""What resources have in them, whether or not the stand-in ever shows it."""


def _parse(fields: str) -> Tree:
    root: Tree = {}
    level, inner, opened = root, root, []
    for token in re.findall(r"[^,()/]+|[,()/]", fields):
        match token:
            case "(":
                opened.append(level)
                level = inner
            case ")":
                level = inner = opened.pop() if opened else root
            case ",":
                inner = level
            case "/":
                pass
            case name:
                inner = inner.setdefault(name.strip(), {})
    return root


def _prune(value: Any, tree: Tree) -> Any:  # noqa: ANN401 - JSON is anything
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [_prune(item, tree) for item in value]
    if isinstance(value, dict):
        return {key: _prune(item, tree[key]) for key, item in value.items() if key in tree}
    return value


def timestamp(unix_s: float) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:  # noqa: PLR2004 - seven bits to a byte
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
