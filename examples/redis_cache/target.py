"""The service under test: its provider, its cache, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chaos.ports import Answer, Promises, Target, World
from chaos.upstreams.redis import RedisUpstream
from chaos.upstreams.simple import JsonUpstream
from examples.redis_cache.service import AsyncRates, Rate, RateError, Rates


class RatesUpstream(JsonUpstream):
    """The provider: one rate for every currency."""

    name = "rates"
    hosts = ("rates.example",)
    routes: ClassVar = {"rates.get": ("GET", "/v1/rates/(?P<object>[a-z]+)", {"rate": 1.25})}


class RatesTarget(Target):
    """Exchange rates, each question a currency."""

    name = "rates"
    upstreams = (RatesUpstream, RedisUpstream)
    modes = ("asked", "cached", "unknown", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Whatever the cache does, it costs at most one timeout: 0.5 s beside the provider's 5 s.

        A cache that answers the first command late, and the last one never, costs two of them.
        """
        del settings
        return Promises(deadline_s=6)

    def build(self, world: World) -> None:
        """Start the service."""
        del world
        self._rates = Rates()

    def ask(self, question: str) -> Answer:
        """Ask for a rate."""
        try:
            return _answer(self._rates.of(question))
        except RateError as error:
            return Answer(mode="unknown", reason=str(error))


class AsyncRatesTarget(Target):
    """The same in an event loop."""

    name = "async-rates"
    upstreams = RatesTarget.upstreams
    modes = RatesTarget.modes

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """The same."""
        return RatesTarget.promises(settings)

    async def build(self, world: World) -> None:
        """Start the service."""
        del world
        self._rates = AsyncRates()

    async def ask(self, question: str) -> Answer:
        """Ask for a rate."""
        try:
            return _answer(await self._rates.of(question))
        except RateError as error:
            return Answer(mode="unknown", reason=str(error))

    async def close(self) -> None:
        """Close its connections."""
        await self._rates.close()


def _answer(rate: Rate) -> Answer:
    mode = {"cache": "cached", "provider": "asked"}[rate.source]
    return Answer(mode=mode, text=f"{rate.value:g}")
