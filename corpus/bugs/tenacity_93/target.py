"""Prices, asked for up to three times; one object says how, for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import tenacity

from chaos.ports import Answer, Promises, RetryPolicy, Target, World
from corpus.shop import SHOP, Shop


class OneForAll(Target):
    """Tells a price, or that it is not known now."""

    upstreams = (Shop,)
    modes = ("told", "unknown", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts, a second apart."""
        del settings
        policy = RetryPolicy(attempts=3, first_backoff_s=1, max_backoff_s=1, jitter_s=0)
        return Promises(deadline_s=20, retries={Shop.name: policy})

    async def build(self, world: World) -> None:
        """Open a client."""
        del world
        self._client = httpx.AsyncClient(timeout=5)
        self._shared = self.make()

    def make(self) -> tenacity.AsyncRetrying:
        """How often, and how soon."""
        return tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(1), reraise=True
        )

    def retrying(self) -> tenacity.AsyncRetrying:
        """The one that is shared."""
        return self._shared

    async def ask(self, question: str) -> Answer:
        """Ask for the price."""
        try:
            async for attempt in self.retrying():
                with attempt:
                    price = await self._price(question)
        except httpx.HTTPError as error:
            return Answer(mode="unknown", reason=type(error).__name__)
        return Answer(mode="told", text=price)

    async def _price(self, thing: str) -> str:
        response = await self._client.get(f"{SHOP}/price/{thing}")
        response.raise_for_status()
        return response.text

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


class OneEach(OneForAll):
    """The same with an object for each question."""

    def retrying(self) -> tenacity.AsyncRetrying:
        """A new one."""
        return self.make()
