"""Reads a page aloud, from a copy that is revalidated each minute."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import hishel
import hishel.httpx
import httpx

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

    async def build(self, world: World) -> None:
        """Open a client with two connections, and a place for copies."""
        transport = hishel.httpx.AsyncCacheTransport(
            next_transport=httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=2)),
            storage=hishel.AsyncSqliteStorage(database_path=world.folder / "copies.db"),
        )
        self._client = httpx.AsyncClient(transport=transport, timeout=5)

    async def ask(self, question: str) -> Answer:
        """Read it."""
        del question
        try:
            # hishel does not hand the client's timeout on.
            async with asyncio.timeout(8):
                response = await self._client.get(PAGE)
        except (TimeoutError, httpx.HTTPError) as error:
            return Answer(mode="unreadable", reason=type(error).__name__)
        return Answer(mode="read", text=response.text)

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
