"""Prices, asked for over one connection; whoever does not get it in time says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop


class Prices(Target):
    """Tells a price, or that there was no time to ask."""

    upstreams = (Shop,)
    modes = ("told", "busy", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Five seconds in the queue, and three for the shop."""
        del settings
        return Promises(deadline_s=8)

    async def build(self, world: World) -> None:
        """Open a client with one connection."""
        del world
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(3, pool=5), limits=httpx.Limits(max_connections=1)
        )

    async def ask(self, question: str) -> Answer:
        """Ask for the price."""
        try:
            response = await self._client.get(f"{SHOP}/price/{question}")
        except httpx.TimeoutException as error:
            return Answer(mode="busy", reason=type(error).__name__)
        return Answer(mode="told", text=response.text)

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
