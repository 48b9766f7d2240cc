"""The client's calls for each method of the table.

Some methods have no call of their own in the client, or only one that goes through another method:
those are asked through the helpers by which the client makes all its requests, as they are by
default.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.cloud import storage

MIB = 1024 * 1024
LARGE = b"x" * (9 * MIB)
ENTITY = "user-ada@example.com"
EMAIL = "sim@example.com"


@dataclass(slots=True)
class Scene:
    """What there is before a call."""

    client: storage.Client
    preconditions: bool
    bucket: Any = None
    blob: Any = None
    notification: Any = None
    key: Any = None

    def if_generation(self, generation: int | None = None) -> dict[str, int]:
        """The precondition on an object, if there is to be one."""
        if not self.preconditions:
            return {}
        return {"if_generation_match": 0 if generation is None else generation}

    @property
    def if_metageneration(self) -> dict[str, int]:
        """The precondition on a bucket, if there is to be one."""
        return (
            {"if_metageneration_match": self.bucket.metageneration} if self.preconditions else {}
        )


Call = Callable[[Scene], object]


def _helper(verb: str, path: str, body: Mapping[str, Any] | None = None) -> Call:
    """One of the client's own helpers, with its default policy of retries."""

    def call(scene: Scene) -> object:
        at = path.format(
            bucket=f"/b/{scene.bucket.name}" if scene.bucket else "",
            object=f"/b/{scene.bucket.name}/o/{scene.blob.name}" if scene.blob else "",
        )
        helper = getattr(scene.client, f"_{verb}_resource")
        return helper(at, dict(body)) if body is not None else helper(at)

    return call


def _entries(place: str, path: str) -> dict[str, tuple[Call, ...]]:
    """The six methods of a list of access."""
    entry = {"entity": ENTITY, "role": "READER"}
    one = f"{path}/{ENTITY}"
    return {
        f"storage.{place}.get": (_helper("get", one),),
        f"storage.{place}.list": (_reload(place),),
        f"storage.{place}.insert": (_helper("post", path, entry),),
        f"storage.{place}.patch": (_helper("patch", one, {"role": "OWNER"}),),
        f"storage.{place}.update": (_helper("put", one, entry),),
        f"storage.{place}.delete": (_helper("delete", one),),
    }


def _reload(place: str) -> Call:
    def reload(scene: Scene) -> object:
        lists: Mapping[str, Callable[[], Any]] = {
            "bucket_acl": lambda: scene.bucket.acl,
            "default_object_acl": lambda: scene.bucket.default_object_acl,
            "object_acl": lambda: scene.blob.acl,
        }
        return lists[place]().reload()

    return reload


def _change_bucket(verb: str) -> Call:
    def change(scene: Scene) -> object:
        scene.bucket.labels = {"team": "a"}
        return getattr(scene.bucket, verb)(**scene.if_metageneration)

    return change


def _change_object(verb: str) -> Call:
    def change(scene: Scene) -> object:
        blob = scene.blob
        blob.metadata = {"team": "a"}
        # Settings of an object have a count of their own, and that is what the client wants.
        wanted = {"if_metageneration_match": blob.metageneration} if scene.preconditions else {}
        return getattr(blob, verb)(**wanted)

    return change


def _set_policy(scene: Scene) -> object:
    policy = scene.bucket.get_iam_policy()
    if not scene.preconditions:
        policy.etag = None
    return scene.bucket.set_iam_policy(policy)


def _update_key(scene: Scene) -> object:
    scene.key.state = "INACTIVE"
    if not scene.preconditions:
        del scene.key._properties["etag"]
    return scene.key.update()


def _delete_key(scene: Scene) -> object:
    return scene.key.delete()


def _compose(scene: Scene) -> object:
    whole = scene.bucket.blob("whole")
    return whole.compose([scene.blob], **scene.if_generation())


def _copy(scene: Scene) -> object:
    return scene.bucket.copy_blob(scene.blob, scene.bucket, "copy", **scene.if_generation())


def _rewrite(scene: Scene) -> object:
    return scene.bucket.blob("copy").rewrite(scene.blob, **scene.if_generation())


def _delete_object(scene: Scene) -> object:
    return scene.blob.delete(**scene.if_generation(scene.blob.generation))


def _upload(scene: Scene) -> object:
    return scene.bucket.blob("new").upload_from_string(b"new", **scene.if_generation())


def _upload_file(scene: Scene) -> object:
    file = io.BytesIO(b"new")
    return scene.bucket.blob("new").upload_from_file(file, size=3, **scene.if_generation())


def _upload_in_chunks(scene: Scene) -> object:
    file = io.BytesIO(LARGE)
    blob = scene.bucket.blob("new")
    return blob.upload_from_file(file, size=len(LARGE), **scene.if_generation())


def _download(scene: Scene) -> object:
    data = scene.blob.download_as_bytes()
    assert data == LARGE, "the download is not what was uploaded"
    return data


def _download_in_chunks(scene: Scene) -> object:
    data = scene.bucket.blob(scene.blob.name, chunk_size=MIB).download_as_bytes()
    assert data == LARGE, "the download is not what was uploaded"
    return data


CALLS: Mapping[str, tuple[Call, ...]] = {
    **_entries("bucket_acl", "{bucket}/acl"),
    **_entries("default_object_acl", "{bucket}/defaultObjectAcl"),
    **_entries("object_acl", "{object}/acl"),
    "storage.buckets.delete": (lambda s: s.bucket.delete(),),
    "storage.buckets.get": (
        lambda s: s.bucket.reload(),
        lambda s: s.bucket.exists(),
        lambda s: s.client.get_bucket(s.bucket.name),
    ),
    "storage.buckets.getIamPolicy": (lambda s: s.bucket.get_iam_policy(),),
    "storage.buckets.insert": (lambda s: s.client.create_bucket("another"),),
    "storage.buckets.list": (lambda s: list(s.client.list_buckets()),),
    "storage.buckets.lockRetentionPolicy": (lambda s: s.bucket.lock_retention_policy(),),
    "storage.buckets.testIamPermissions": (
        lambda s: s.bucket.test_iam_permissions(["storage.objects.get"]),
    ),
    "storage.buckets.patch": (_change_bucket("patch"),),
    "storage.buckets.update": (_change_bucket("update"),),
    "storage.buckets.setIamPolicy": (_set_policy,),
    "storage.hmacKey.create": (lambda s: s.client.create_hmac_key(EMAIL),),
    "storage.hmacKey.delete": (_delete_key,),
    "storage.hmacKey.get": (lambda s: s.key.reload(), lambda s: s.key.exists()),
    "storage.hmacKey.list": (lambda s: list(s.client.list_hmac_keys()),),
    "storage.hmacKey.update": (_update_key,),
    "storage.notifications.delete": (lambda s: s.notification.delete(),),
    "storage.notifications.get": (
        lambda s: s.bucket.get_notification(s.notification.notification_id),
        lambda s: s.notification.exists(),
    ),
    "storage.notifications.insert": (
        lambda s: s.bucket.notification("news", topic_project="sim-project").create(),
    ),
    "storage.notifications.list": (lambda s: list(s.bucket.list_notifications()),),
    "storage.objects.get": (
        lambda s: s.blob.reload(),
        lambda s: s.blob.exists(),
        lambda s: s.bucket.get_blob(s.blob.name),
    ),
    "storage.objects.list": (lambda s: list(s.bucket.list_blobs()),),
    "storage.objects.compose": (_compose,),
    "storage.objects.copy": (_copy,),
    "storage.objects.delete": (_delete_object,),
    "storage.objects.insert": (_upload, _upload_file),
    "storage.objects.patch": (_change_object("patch"),),
    "storage.objects.rewrite": (_rewrite,),
    "storage.objects.update": (_change_object("update"),),
    "storage.serviceaccount.get": (lambda s: s.client.get_service_account_email(),),
    "storage.resumable.upload": (_upload_in_chunks,),
    "storage.objects.download": (_download, _download_in_chunks),
}
"""Calls by method, and by group where a method has one."""
