"""Tells exchange rates: from Redis if they are there, from the provider if not.

A cache is there to make things better. So it gets little time, and it may fail in any way: then
the provider is asked, and the cache is left alone for a while.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Literal

import httpx
import redis
import redis.asyncio
from redis.backoff import NoBackoff

PROVIDER = "https://rates.example"
CACHE_HOST = "redis"

KEPT_S = 60
PROVIDER_TIMEOUT_S = 5.0
CACHE_TIMEOUT_S = 0.5
LEFT_ALONE_S = 10.0

logger = logging.getLogger(__name__)

_FAILED = (redis.RedisError, OSError)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, and where it is from."""

    value: float
    source: Literal["cache", "provider"]


class RateError(Exception):
    """Nobody knows the rate now."""


class _Pause:
    """Whether the cache is left alone because it has failed a moment ago."""

    def __init__(self) -> None:
        self._until_s = 0.0

    @property
    def is_on(self) -> bool:
        return time.monotonic() < self._until_s

    def begin(self, error: Exception) -> None:
        logger.warning("the cache failed, and is left alone: %s", error)
        self._until_s = time.monotonic() + LEFT_ALONE_S


def _rate_in(response: httpx.Response) -> float:
    if not response.is_success:
        raise RateError(f"the provider answered HTTP {response.status_code}")
    try:
        return float(response.json()["rate"])
    except (ValueError, LookupError, TypeError) as error:
        raise RateError("the provider's answer has no rate") from error


class Rates:
    """Exchange rates; safe to share between threads."""

    def __init__(self) -> None:
        self._provider = httpx.Client(base_url=PROVIDER, timeout=PROVIDER_TIMEOUT_S)
        self._cache = redis.Redis(
            CACHE_HOST,
            socket_timeout=CACHE_TIMEOUT_S,
            socket_connect_timeout=CACHE_TIMEOUT_S,
            # Its own retries would cost the caller more than the cache saves.
            retry=redis.retry.Retry(NoBackoff(), 0),
        )
        self._pause = _Pause()

    def of(self, currency: str) -> Rate:
        """The rate of a currency.

        Raises:
            RateError: The provider does not tell.
        """
        kept = self._kept(currency)
        if kept is not None:
            return Rate(float(kept), "cache")
        try:
            rate = _rate_in(self._provider.get(f"/v1/rates/{currency}"))
        except httpx.HTTPError as error:
            raise RateError(f"the provider cannot be reached: {error!r}") from error
        self._keep(currency, rate)
        return Rate(rate, "provider")

    def _kept(self, currency: str) -> bytes | None:
        if self._pause.is_on:
            return None
        try:
            found = self._cache.get(f"rate:{currency}")
        except _FAILED as error:
            self._pause.begin(error)
            return None
        assert found is None or isinstance(found, bytes), "responses are not decoded"
        return found

    def _keep(self, currency: str, rate: float) -> None:
        if self._pause.is_on:
            return
        try:
            self._cache.set(f"rate:{currency}", str(rate), ex=KEPT_S)
        except _FAILED as error:
            self._pause.begin(error)


class AsyncRates:
    """The same in an event loop."""

    def __init__(self) -> None:
        self._provider = httpx.AsyncClient(base_url=PROVIDER, timeout=PROVIDER_TIMEOUT_S)
        self._cache = redis.asyncio.Redis(
            host=CACHE_HOST,
            socket_timeout=CACHE_TIMEOUT_S,
            socket_connect_timeout=CACHE_TIMEOUT_S,
            retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
        )
        self._pause = _Pause()

    async def of(self, currency: str) -> Rate:
        """See `Rates.of`."""
        kept = await self._kept(currency)
        if kept is not None:
            return Rate(float(kept), "cache")
        try:
            rate = _rate_in(await self._provider.get(f"/v1/rates/{currency}"))
        except httpx.HTTPError as error:
            raise RateError(f"the provider cannot be reached: {error!r}") from error
        await self._keep(currency, rate)
        return Rate(rate, "provider")

    async def close(self) -> None:
        """Close its connections."""
        await self._cache.aclose()
        await self._provider.aclose()

    async def _kept(self, currency: str) -> bytes | None:
        if self._pause.is_on:
            return None
        try:
            found = await self._cache.get(f"rate:{currency}")
        except _FAILED as error:
            self._pause.begin(error)
            return None
        assert found is None or isinstance(found, bytes), "responses are not decoded"
        return found

    async def _keep(self, currency: str, rate: float) -> None:
        if self._pause.is_on:
            return
        try:
            await self._cache.set(f"rate:{currency}", str(rate), ex=KEPT_S)
        except _FAILED as error:
            self._pause.begin(error)
