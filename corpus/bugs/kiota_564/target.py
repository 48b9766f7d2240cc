"""Prices, through the retries that Microsoft's clients share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware.retry_handler import RetryHandler

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop


class Prices(Target):
    """Tells a price, or that it is not known now."""

    upstreams = (Shop,)
    modes = ("told", "unknown", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """A few attempts."""
        del settings
        return Promises(deadline_s=60)

    async def build(self, world: World) -> None:
        """Make a client with two connections, and the middleware that retries."""
        del world
        client = httpx.AsyncClient(timeout=5, limits=httpx.Limits(max_connections=2))
        self._client = KiotaClientFactory.create_with_custom_middleware([RetryHandler()], client)

    async def ask(self, question: str) -> Answer:
        """Ask for a price."""
        try:
            response = await self._client.get(f"{SHOP}/price/{question}")
        except httpx.HTTPError as error:
            return Answer(mode="unknown", reason=type(error).__name__)
        return Answer(mode="told" if response.is_success else "unknown", text=response.text)

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
