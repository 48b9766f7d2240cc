"""Prices, behind a breaker of pyfailsafe's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import failsafe
import httpx

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop


class Prices(Target):
    """Tells a price, or that it is not known now."""

    upstreams = (Shop,)
    modes = ("told", "unknown", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt."""
        del settings
        return Promises(deadline_s=6)

    async def build(self, world: World) -> None:
        """Make a breaker that opens after three failures, for half a minute."""
        del world
        self._client = httpx.AsyncClient(timeout=5)
        self._failsafe = failsafe.Failsafe(
            circuit_breaker=failsafe.CircuitBreaker(maximum_failures=3, reset_timeout_seconds=30)
        )

    async def ask(self, question: str) -> Answer:
        """Ask for the price."""
        del question
        try:
            await self._failsafe.run(self._price)
        except failsafe.FailsafeError as error:
            return Answer(mode="unknown", reason=type(error).__name__)
        return Answer(mode="told")

    async def _price(self) -> None:
        response = await self._client.get(f"{SHOP}/price")
        response.raise_for_status()

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
