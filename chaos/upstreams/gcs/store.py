"""What Cloud Storage holds: buckets, objects, and the generations of each object."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import google_crc32c

from chaos.upstreams.gcs.buckets import Bucket
from chaos.upstreams.gcs.errors import error, no_such_bucket
from chaos.upstreams.refusal import RefusalError

_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One generation of an object, whole.

    Attributes:
        generation: Microseconds since 1970 at its creation; later ones are always larger.
        metageneration: 1, and one more for each change of its settings.
        crc32c: As the API writes it: Base64 of the big-endian sum.
        md5: The same for MD5; None for a composed object.
        created_s: Unix time of this generation.
        updated_s: Unix time of the last change of its settings.
        settings: What uploaders choose: ``contentType``, ``cacheControl``, ``metadata``, …
        components: How many objects it was composed from; None if it was uploaded.
        acl: Entity to role.
        home: The bucket that it is in; None for one that was made by itself.
        noncurrent_s: Unix time at which a later one took its place, or it was deleted, where
            buckets keep such generations; None for a live one.
        deleted_s: Unix time at which it was deleted, for one that can still be restored.
        kept_until_s: Unix time until which that is so.
    """

    bucket: str
    name: str
    data: bytes = field(repr=False)
    generation: int
    metageneration: int = 1
    crc32c: str
    md5: str | None
    created_s: float
    updated_s: float
    settings: Mapping[str, Any]
    components: int | None = None
    acl: Mapping[str, str] = field(default_factory=dict)
    home: Bucket | None = field(default=None, repr=False, compare=False)
    noncurrent_s: float | None = None
    deleted_s: float | None = None
    kept_until_s: float | None = None

    @property
    def retained_until_s(self) -> float | None:
        """Unix time before which it cannot be deleted; None if its bucket does not mind."""
        if self.home is None or not self.home.retention_s:
            return None
        return self.created_s + self.home.retention_s


class Store:
    """Buckets in memory.

    Without ``versioning``, a generation that was overwritten or deleted is gone, but for the time
    in which it can be restored; with it, it can still be read by its number.

    Args:
        versioning: What buckets are made with.

    Example:
        >>> store = Store(versioning=False)
        >>> bucket = store.add_bucket("kb")
        >>> first = store.put("kb", "a.txt", b"one", {})
        >>> second = store.put("kb", "a.txt", b"two", {})
        >>> second.generation > first.generation, store.find("kb", "a.txt", first.generation)
        (True, None)
    """

    def __init__(self, *, versioning: bool) -> None:
        self._versioning = versioning
        self._buckets: dict[str, Bucket] = {}
        self._objects: dict[str, dict[str, list[StoredObject]]] = {}
        self._restorable: dict[str, list[StoredObject]] = {}
        # The last of an object's generations is live, unless its name is in here.
        self._deleted: set[tuple[str, str]] = set()
        self._last_generation = 0

    @property
    def buckets(self) -> list[Bucket]:
        """Every bucket, by name."""
        return [self._buckets[name] for name in sorted(self._buckets)]

    def add_bucket(self, name: str, settings: dict[str, Any] | None = None) -> Bucket:
        """Make a bucket; one that is there stays as it is."""
        if name not in self._buckets:
            now_s = time.time()
            wanted = {"versioning": {"enabled": self._versioning}, **(settings or {})}
            made = Bucket(name=name, created_s=now_s, updated_s=now_s, settings=wanted)
            self._buckets[name] = made
            self._objects[name] = {}
            self._restorable[name] = []
        return self._buckets[name]

    def bucket(self, name: str) -> Bucket:
        """The bucket of that name.

        Raises:
            RefusalError: There is none.
        """
        found = self._buckets.get(name)
        if found is None:
            raise no_such_bucket()
        return found

    def has_bucket(self, name: str) -> bool:
        """Whether there is a bucket of that name."""
        return name in self._buckets

    def remove_bucket(self, name: str) -> None:
        """Delete an empty bucket.

        Raises:
            RefusalError: There is none, or it has something in it.
        """
        self.bucket(name)
        if any(self._objects[name].values()):
            message = "The bucket you tried to delete is not empty."
            raise RefusalError(error(409, message, "conflict"))
        del self._buckets[name], self._objects[name], self._restorable[name]

    def names(self, bucket: str) -> list[str]:
        """Names in the bucket, in the order of the API: by their UTF-8 bytes."""
        return sorted(self._of(bucket), key=str.encode)

    def generations(self, bucket: str, name: str) -> tuple[StoredObject, ...]:
        """All generations that can be read, oldest first."""
        return tuple(self._of(bucket).get(name, ()))

    def restorable(self, bucket: str) -> Iterator[StoredObject]:
        """What was deleted and can still be restored, in the order in which it was deleted."""
        self.bucket(bucket)
        now_s = time.time()
        yield from (each for each in self._restorable[bucket] if (each.kept_until_s or 0) > now_s)

    def find(self, bucket: str, name: str, generation: int | None = None) -> StoredObject | None:
        """That generation, or the live one; None if it is not there."""
        held = self._of(bucket).get(name, [])
        if generation is not None:
            return next((each for each in held if each.generation == generation), None)
        return held[-1] if held and (bucket, name) not in self._deleted else None

    def put(  # noqa: PLR0913 - what an object consists of
        self,
        bucket: str,
        name: str,
        data: bytes,
        settings: Mapping[str, Any],
        *,
        components: int | None = None,
        acl: Mapping[str, str] | None = None,
    ) -> StoredObject:
        """Add a generation, which becomes the live one.

        Raises:
            RefusalError: The one that is there has to be kept for some time yet.
        """
        now_s = time.time()
        held = self._of(bucket).setdefault(name, [])
        live = self.find(bucket, name)
        if live is not None and self.bucket(bucket).versioning:
            self._retire(live)
        elif live is not None:
            self._discard(live)
        # A frozen clock would otherwise give two generations one number.
        self._last_generation = max(int(now_s * _US), self._last_generation + 1)
        stored = StoredObject(
            bucket=bucket,
            name=name,
            data=data,
            generation=self._last_generation,
            crc32c=crc32c_of(data),
            md5=None if components else md5_of(data),
            created_s=now_s,
            updated_s=now_s,
            settings=self.bucket(bucket).class_of_new_objects | dict(settings),
            components=components,
            acl=dict(self.bucket(bucket).default_acl if acl is None else acl),
            home=self.bucket(bucket),
        )
        # Discarding the last generation has forgotten the name.
        held = self._of(bucket).setdefault(name, held)
        held.append(stored)
        self._deleted.discard((bucket, name))
        return stored

    def change(
        self,
        stored: StoredObject,
        settings: Mapping[str, Any],
        *,
        acl: Mapping[str, str] | None = None,
    ) -> StoredObject:
        """Give a generation other settings or another list, and one more metageneration."""
        changed = replace(
            stored,
            settings=dict(settings),
            acl=stored.acl if acl is None else dict(acl),
            metageneration=stored.metageneration + 1,
            updated_s=time.time(),
        )
        held = self._of(stored.bucket)[stored.name]
        held[held.index(stored)] = changed
        return changed

    def delete(self, stored: StoredObject, *, for_good: bool) -> None:
        """Delete a generation; with versioning it is only retired, unless ``for_good``.

        Raises:
            RefusalError: It has to be kept for some time yet.
        """
        if self.bucket(stored.bucket).versioning and not for_good:
            self._deleted.add((stored.bucket, stored.name))
            self._retire(stored)
            return
        self._discard(stored)

    def require_deletable(self, stored: StoredObject) -> None:
        """See to it that an object can be deleted, before anything else is done.

        Raises:
            RefusalError: It has to be kept for some time yet.
        """
        if not self.bucket(stored.bucket).versioning:
            self._require_old_enough(stored)

    def restore(self, stored: StoredObject) -> StoredObject:
        """Bring back what was deleted, as a new generation."""
        self._restorable[stored.bucket].remove(stored)
        return self.put(stored.bucket, stored.name, stored.data, stored.settings)

    def _retire(self, stored: StoredObject) -> None:
        """Keep a generation that is not the live one any more."""
        held = self._of(stored.bucket)[stored.name]
        held[held.index(stored)] = replace(stored, noncurrent_s=time.time())

    def _discard(self, stored: StoredObject) -> None:
        self._require_old_enough(stored)
        bucket, now_s = self.bucket(stored.bucket), time.time()
        held = self._of(stored.bucket)[stored.name]
        if stored is held[-1]:
            # The generation before it must not come back to life.
            self._deleted.add((stored.bucket, stored.name))
        held.remove(stored)
        if not held:
            del self._of(stored.bucket)[stored.name]
        if bucket.kept_for_s:
            kept = replace(stored, deleted_s=now_s, kept_until_s=now_s + bucket.kept_for_s)
            self._restorable[stored.bucket].append(kept)

    def _require_old_enough(self, stored: StoredObject) -> None:
        until_s = stored.retained_until_s
        if until_s is not None and time.time() < until_s:
            message = (
                f"Object '{stored.bucket}/{stored.name}' is subject to bucket's retention policy "
                "and cannot be deleted, overwritten or archived until it is old enough."
            )
            raise RefusalError(error(403, message, "retentionPolicyNotMet"))

    def _of(self, bucket: str) -> dict[str, list[StoredObject]]:
        self.bucket(bucket)
        return self._objects[bucket]


def crc32c_of(data: bytes) -> str:
    """The CRC32C of ``data`` as the API writes it.

    Example:
        >>> crc32c_of(b"123456789")
        '4waSgw=='
    """
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def md5_of(data: bytes) -> str:
    """The MD5 of ``data`` as the API writes it."""
    return base64.b64encode(hashlib.md5(data).digest()).decode()  # noqa: S324 - the API's own
