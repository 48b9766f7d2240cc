"""Prices, kept for a minute; many ask for the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import async_lru
import asyncache
import cachetools
import httpx

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop


class Prices(Target):
    """Tells a price, which the shop is asked for once a minute."""

    upstreams = (Shop,)
    modes = ("told", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt."""
        del settings
        return Promises(deadline_s=6)

    async def build(self, world: World) -> None:
        """Open a client, and keep what it brings."""
        del world
        self._client = httpx.AsyncClient(timeout=5)
        self._kept = self.keep(self._price)

    def keep(self, ask: Any) -> Any:  # noqa: ANN401 - a decorator of the library's
        """The same function, with a memory."""
        return asyncache.cached(cachetools.TTLCache(maxsize=100, ttl=60))(ask)

    async def ask(self, question: str) -> Answer:
        """Ask for a price."""
        return Answer(mode="told", text=await self._kept(question))

    async def _price(self, thing: str) -> str:
        response = await self._client.get(f"{SHOP}/price/{thing}")
        response.raise_for_status()
        return response.text

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


class OneCall(Prices):
    """The same with a memory that has room for calls under way."""

    def keep(self, ask: Any) -> Any:  # noqa: ANN401 - a decorator of the library's
        """As async-lru does it."""
        return async_lru.alru_cache(maxsize=100, ttl=60)(ask)
