"""What a Redis remembers: values under keys, until they expire."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from chaos.upstreams.redis import globs


@dataclass(slots=True)
class _Entry:
    value: bytes | dict[bytes, bytes]
    expires_s: float


class Keys:
    """One database. Time is that of the run.

    Example:
        >>> keys = Keys()
        >>> keys.put(b"a", b"1")
        >>> keys.get(b"a"), keys.get(b"b"), keys.left_s(b"a")
        (b'1', None, inf)
    """

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}
        self._changes: dict[bytes, int] = {}

    def get(self, key: bytes) -> bytes | dict[bytes, bytes] | None:
        """The value; None if there is none, or it has expired."""
        entry = self._entry(key)
        return None if entry is None else entry.value

    def put(
        self, key: bytes, value: bytes | dict[bytes, bytes], expires_s: float = math.inf
    ) -> None:
        """Keep a value until the wall clock shows ``expires_s``."""
        self._entries[key] = _Entry(value, expires_s)
        self._changed(key)

    def delete(self, key: bytes) -> bool:
        """Forget a key; returns whether it was there."""
        there = self._entry(key) is not None
        self._entries.pop(key, None)
        if there:
            self._changed(key)
        return there

    def left_s(self, key: bytes) -> float | None:
        """Seconds until it expires; infinite for never, None if it is not there."""
        entry = self._entry(key)
        return None if entry is None else entry.expires_s - time.time()

    def expires_s(self, key: bytes) -> float:
        """The wall clock at which it expires; infinite for never."""
        entry = self._entry(key)
        return math.inf if entry is None else entry.expires_s

    def expire(self, key: bytes, expires_s: float) -> bool:
        """Let it expire then; returns whether it is there."""
        entry = self._entry(key)
        if entry is None:
            return False
        entry.expires_s = expires_s
        self._changed(key)
        return True

    def matching(self, pattern: bytes) -> list[bytes]:
        """The keys that fit a pattern, in the order in which they came."""
        wanted = globs.compiled(pattern)
        return [
            key
            for key in list(self._entries)
            if self._entry(key) is not None and wanted.fullmatch(key)
        ]

    def clear(self) -> None:
        """Forget everything."""
        for key in self._entries:
            self._changed(key)
        self._entries.clear()

    def changes(self, key: bytes) -> int:
        """How often it has changed: somebody did it, or it expired."""
        self._entry(key)
        return self._changes.get(key, 0)

    def _changed(self, key: bytes) -> None:
        self._changes[key] = self._changes.get(key, 0) + 1

    def _entry(self, key: bytes) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.expires_s <= time.time():
            del self._entries[key]
            self._changed(key)
            return None
        return entry
