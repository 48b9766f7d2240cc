"""What Cloud Storage holds: buckets, objects, and the generations of each object."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import google_crc32c

from chaos.upstreams.gcs.errors import no_such_bucket

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


class Store:
    """Buckets in memory.

    Without ``versioning``, a generation that was overwritten or deleted is gone; with it, it can
    still be read by its number.

    Example:
        >>> store = Store(versioning=False)
        >>> store.add_bucket("kb")
        >>> first = store.put("kb", "a.txt", b"one", {})
        >>> second = store.put("kb", "a.txt", b"two", {})
        >>> second.generation > first.generation, store.find("kb", "a.txt", first.generation)
        (True, None)
    """

    def __init__(self, *, versioning: bool) -> None:
        self.versioning = versioning
        self.created_s = time.time()
        self._buckets: dict[str, dict[str, list[StoredObject]]] = {}
        # The last of an object's generations is live, unless its name is in here.
        self._deleted: set[tuple[str, str]] = set()
        self._last_generation = 0

    def add_bucket(self, bucket: str) -> None:
        """Make a bucket; nothing happens if it is there."""
        self._buckets.setdefault(bucket, {})

    def names(self, bucket: str) -> list[str]:
        """Names in the bucket, in the order of the API: by their UTF-8 bytes."""
        return sorted(self._of(bucket), key=str.encode)

    def generations(self, bucket: str, name: str) -> tuple[StoredObject, ...]:
        """All generations that can be read, oldest first."""
        return tuple(self._of(bucket).get(name, ()))

    def find(self, bucket: str, name: str, generation: int | None = None) -> StoredObject | None:
        """That generation, or the live one; None if it is not there."""
        held = self._of(bucket).get(name, [])
        if generation is not None:
            return next((each for each in held if each.generation == generation), None)
        return held[-1] if held and (bucket, name) not in self._deleted else None

    def put(
        self,
        bucket: str,
        name: str,
        data: bytes,
        settings: Mapping[str, Any],
        *,
        components: int | None = None,
    ) -> StoredObject:
        """Add a generation, which becomes the live one."""
        now_s = time.time()
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
            settings=dict(settings),
            components=components,
        )
        held = self._of(bucket).setdefault(name, [])
        if not self.versioning:
            held.clear()
        held.append(stored)
        self._deleted.discard((bucket, name))
        return stored

    def change(self, stored: StoredObject, settings: Mapping[str, Any]) -> StoredObject:
        """Give a generation other settings, and one more metageneration."""
        changed = replace(
            stored,
            settings=dict(settings),
            metageneration=stored.metageneration + 1,
            updated_s=time.time(),
        )
        held = self._of(stored.bucket)[stored.name]
        held[held.index(stored)] = changed
        return changed

    def delete(self, stored: StoredObject, *, for_good: bool) -> None:
        """Delete a generation; with versioning it is only retired, unless ``for_good``."""
        if self.versioning and not for_good:
            self._deleted.add((stored.bucket, stored.name))
            return
        held = self._of(stored.bucket)[stored.name]
        if stored is held[-1]:
            # The generation before it must not come back to life.
            self._deleted.add((stored.bucket, stored.name))
        held.remove(stored)
        if not held:
            del self._of(stored.bucket)[stored.name]

    def _of(self, bucket: str) -> dict[str, list[StoredObject]]:
        if bucket not in self._buckets:
            raise no_such_bucket()
        return self._buckets[bucket]


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
