"""Prices, asked for up to three times, one and two seconds apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import tenacity

from chaos.ports import Answer, Promises, RetryPolicy, Target, World
from corpus.shop import SHOP, Shop


class Prices(Target):
    """Tells a price, or that it is not known now."""

    upstreams = (Shop,)
    modes = ("told", "unknown", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts, and the waits between them."""
        del settings
        policy = RetryPolicy(attempts=3, first_backoff_s=1, max_backoff_s=4, jitter_s=0)
        return Promises(deadline_s=20, retries={Shop.name: policy})

    async def build(self, world: World) -> None:
        """Open a client."""
        del world
        self._client = httpx.AsyncClient(timeout=5)

    async def ask(self, question: str) -> Answer:
        """Ask for the price."""
        del question
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(3),
            wait=tenacity.wait_exponential(multiplier=1, max=4),
            reraise=True,
        )
        try:
            await self._ask(retrying)
        except httpx.HTTPError as error:
            return Answer(mode="unknown", reason=type(error).__name__)
        return Answer(mode="told")

    async def _ask(self, retrying: Any) -> None:  # noqa: ANN401 - has no __iter__ any more
        try:
            attempts = iter(retrying)
        except TypeError:
            # Without a plain loop, there is the one that was meant.
            async for attempt in retrying:
                with attempt:
                    await self._price()
            return
        for attempt in attempts:
            with attempt:
                await self._price()

    async def _price(self) -> None:
        response = await self._client.get(f"{SHOP}/price")
        response.raise_for_status()

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
