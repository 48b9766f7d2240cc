"""Reads a page aloud, and an old copy of it while the library is closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
import requests_cache

from chaos.ports import Answer, CachePolicy, Promises, Target, World
from corpus.library import PAGE, Library


class Reader(Target):
    """Reads the page, or says that it cannot be had."""

    upstreams = (Library,)
    modes = ("read", "unreadable", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt, and a copy that is fresh for a minute."""
        del settings
        return Promises(deadline_s=10, caches={Library.name: CachePolicy(fresh_for_s=60)})

    def build(self, world: World) -> None:
        """Open a session that keeps what it has read."""
        del world
        self._session = requests_cache.CachedSession(
            backend="memory", cache_control=True, stale_if_error=True
        )

    def ask(self, question: str) -> Answer:
        """Read it."""
        del question
        try:
            response = self._session.get(PAGE, timeout=5)
        except requests.RequestException as error:
            return Answer(mode="unreadable", reason=type(error).__name__)
        # What comes over the network is a response of requests, which does not expire.
        is_old = bool(getattr(response, "is_expired", False))
        return Answer(mode="read", text=response.text, stale=is_old)
