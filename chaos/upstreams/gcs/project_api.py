"""What belongs to a project or a bucket besides objects: keys, notifications, its own account."""

from __future__ import annotations

import hashlib
import re
import time
from typing import Any

from chaos.http import Request, Response
from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.conditions import page_size
from chaos.upstreams.gcs.listing import is_true
from chaos.upstreams.gcs.resource import timestamp
from chaos.upstreams.gcs.routes import Names
from chaos.upstreams.gcs.showing import nothing, shown
from chaos.upstreams.gcs.store import Store
from chaos.upstreams.gcs.uploads import read_json
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.unmodelled import UnmodelledError

Json = dict[str, Any]

_NOTIFICATION = {
    *("topic", "payload_format", "event_types", "custom_attributes", "object_name_prefix"),
    *("kind", "id", "etag", "selfLink"),
}
_EVENTS = ("OBJECT_FINALIZE", "OBJECT_METADATA_UPDATE", "OBJECT_DELETE", "OBJECT_ARCHIVE")
_TOPIC = re.compile(
    r"//pubsub\.googleapis\.com/projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/topics/[A-Za-z][\w.~+%-]{2,254}"
)
_TOPIC_FORM = "//pubsub.googleapis.com/projects/*/topics/*"
_PAYLOADS = ("JSON_API_V1", "NONE")
_STATES = ("ACTIVE", "INACTIVE")


class KeysApi:
    """Answers requests about HMAC keys, and about the service's own account."""

    def __init__(self) -> None:
        self._keys: dict[str, Json] = {}

    def account(self, request: Request, names: Names) -> Response:
        """The account by which Cloud Storage acts for a project."""
        address = f"service-{names['project']}@gs-project-accounts.iam.gserviceaccount.com"
        return shown(request, {"kind": "storage#serviceAccount", "email_address": address})

    def create(self, request: Request, names: Names) -> Response:
        """Make a key; its secret is shown this once."""
        email = request.query.get("serviceAccountEmail")
        if not email:
            message = "Required parameter: serviceAccountEmail"
            raise RefusalError(errors.error(400, message, "required"))
        digest = hashlib.sha256(f"{len(self._keys)}/{email}".encode()).hexdigest()
        now_s = time.time()
        key: Json = {
            "kind": "storage#hmacKeyMetadata",
            "id": f"{names['project']}/GOOG1E{digest[:55].upper()}",
            "accessId": f"GOOG1E{digest[:55].upper()}",
            "projectId": names["project"],
            "serviceAccountEmail": email,
            "state": "ACTIVE",
            "timeCreated": timestamp(now_s),
            "updated": timestamp(now_s),
            "etag": _tag(digest, 0),
        }
        self._keys[key["accessId"]] = key
        secret = {"kind": "storage#hmacKey", "metadata": key, "secret": digest[:40]}
        return shown(request, secret)

    def get(self, request: Request, names: Names) -> Response:
        """What is known of a key."""
        return shown(request, self._named(names))

    def list(self, request: Request, names: Names) -> Response:
        """A page of the keys of a project that are not deleted."""
        email = request.query.get("serviceAccountEmail")
        deleted = is_true(request.query, "showDeletedKeys")
        items = [
            key
            for key in self._keys.values()
            if key["projectId"] == names["project"]
            and email in (None, key["serviceAccountEmail"])
            and (deleted or key["state"] != "DELETED")
        ]
        limit, after = page_size(request), request.query.get("pageToken", "")
        begin = next((i + 1 for i, key in enumerate(items) if key["accessId"] == after), 0)
        if after and not begin:
            raise errors.invalid("Invalid page token.")
        listing: Json = {"kind": "storage#hmacKeysMetadata", "items": items[begin:][:limit]}
        if len(items) > begin + limit:
            listing["nextPageToken"] = listing["items"][-1]["accessId"]
        return shown(request, listing)

    def update(self, request: Request, names: Names) -> Response:
        """Switch a key on or off."""
        key, body = self._named(names), read_json(request.body)
        if body.get("etag") not in (None, key["etag"]):
            raise RefusalError(errors.failed(412))
        if body.get("state") not in _STATES:
            raise errors.invalid(f"Invalid state: {body.get('state')}")
        key["state"] = body["state"]
        key["updated"] = timestamp(time.time())
        key["etag"] = _tag(key["accessId"], key["etag"])
        return shown(request, key)

    def delete(self, request: Request, names: Names) -> Response:
        """Delete a key that is switched off."""
        del request
        key = self._named(names)
        if key["state"] != "INACTIVE":
            raise errors.invalid("Cannot delete keys in 'ACTIVE' state.")
        key["state"] = "DELETED"
        return nothing()

    def _named(self, names: Names) -> Json:
        key = self._keys.get(names["id"])
        if key is None or key["state"] == "DELETED":
            raise RefusalError(errors.error(404, "Access ID not found.", "notFound"))
        return key


class NotificationsApi:
    """Answers requests about notifications; nobody is ever notified."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def insert(self, request: Request, names: Names) -> Response:
        """Add a configuration."""
        bucket, body = self._store.bucket(names["bucket"]), read_json(request.body)
        unknown = [f"body.{key}" for key in body if key not in _NOTIFICATION]
        if unknown:
            raise UnmodelledError("gcs", "notifications.insert", unknown, taught_in=__name__)
        if not body.get("topic"):
            raise RefusalError(errors.error(400, "Required", "required"))
        _require_notification(body)
        number = str(max((int(each) for each in bucket.notifications), default=0) + 1)
        bucket.notifications[number] = {
            "kind": "storage#notification",
            "id": number,
            "etag": number,
            "payload_format": "JSON_API_V1",
            **{key: value for key, value in body.items() if value is not None},
        }
        return shown(request, bucket.notifications[number])

    def list(self, request: Request, names: Names) -> Response:
        """All configurations."""
        items = list(self._store.bucket(names["bucket"]).notifications.values())
        return shown(request, {"kind": "storage#notifications", "items": items})

    def get(self, request: Request, names: Names) -> Response:
        """One configuration."""
        return shown(request, self._named(names))

    def delete(self, request: Request, names: Names) -> Response:
        """Take a configuration away."""
        del request
        self._named(names)
        del self._store.bucket(names["bucket"]).notifications[names["id"]]
        return nothing()

    def _named(self, names: Names) -> Json:
        found = self._store.bucket(names["bucket"]).notifications.get(names["id"])
        if found is None:
            raise RefusalError(errors.error(404, "The notification is not found.", "notFound"))
        return found


def _require_notification(body: Json) -> None:
    """See to it that a configuration is one.

    Raises:
        RefusalError: It is not.
    """
    if body.get("payload_format", "JSON_API_V1") not in _PAYLOADS:
        raise errors.invalid(f"Invalid payload format: {body['payload_format']}")
    if not isinstance(body["topic"], str) or not _TOPIC.fullmatch(body["topic"]):
        message = f"Invalid Google Cloud Pub/Sub topic. It should look like '{_TOPIC_FORM}', "
        raise errors.invalid(f"{message}found: '{body['topic']}'.")
    events = body.get("event_types") or []
    if not isinstance(events, list) or any(each not in _EVENTS for each in events):
        raise errors.invalid(f"Invalid value for event_types: {events!r}")
    attributes = body.get("custom_attributes") or {}
    are_texts = isinstance(attributes, dict) and all(
        isinstance(value, str) for value in attributes.values()
    )
    if not are_texts:
        raise errors.invalid("Invalid value for custom_attributes: expected an object of texts")
    if not isinstance(body.get("object_name_prefix") or "", str):
        raise errors.invalid("Invalid value for object_name_prefix: expected a text")


def _tag(salt: str, before: object) -> str:
    return hashlib.sha256(f"{salt}/{before}".encode()).hexdigest()[:12]
