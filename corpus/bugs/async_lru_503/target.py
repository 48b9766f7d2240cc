"""Prices, kept with async-lru; whoever knows that they have changed has them forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import async_lru
import httpx

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop

CHANGED = "prices have changed"


class Prices(Target):
    """Tells a price, or forgets them all."""

    upstreams = (Shop,)
    modes = ("told", "forgotten", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt."""
        del settings
        return Promises(deadline_s=6)

    async def build(self, world: World) -> None:
        """Open a client, and keep what it brings."""
        del world
        self._client = httpx.AsyncClient(timeout=5)
        self._kept = async_lru.alru_cache(self._price)

    async def ask(self, question: str) -> Answer:
        """Ask for a price, or have them forgotten."""
        if question == CHANGED:
            self._kept.cache_clear()
            return Answer(mode="forgotten")
        return Answer(mode="told", text=await self._kept(question))

    async def _price(self, thing: str) -> str:
        response = await self._client.get(f"{SHOP}/price/{thing}")
        response.raise_for_status()
        return response.text

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
