"""Names of customers, kept in Redis; whoever does not get one in time says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import redis.asyncio

from chaos.ports import Answer, Promises, Target, World
from chaos.upstreams.redis import RedisUpstream


class Names(Target):
    """Tells the name of a customer."""

    upstreams = (RedisUpstream,)
    modes = ("told", "too_slow", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Nobody waits longer than a second for a name."""
        del settings
        return Promises(deadline_s=3)

    async def build(self, world: World) -> None:
        """Connect, and write down who the customers are."""
        del world
        self._redis: Any = redis.asyncio.Redis(host="redis", decode_responses=True)
        async with asyncio.timeout(1):
            await self._redis.set("1", "Ada")
            await self._redis.set("2", "Grace")

    async def ask(self, question: str) -> Answer:
        """Look a number up."""
        try:
            async with asyncio.timeout(1):
                name = await self._redis.get(question)
        except TimeoutError:
            return Answer(mode="too_slow")
        return Answer(mode="told", text=name or "nobody")

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.close()
