"""Prices, behind a breaker of circuitbreaker's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import circuitbreaker
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

    def build(self, world: World) -> None:
        """Make a breaker that opens after two failures, for half a minute."""
        del world
        self._client = httpx.Client(timeout=5)
        self._breaker = circuitbreaker.CircuitBreaker(failure_threshold=2, recovery_timeout=30)
        self._guarded = self._breaker.decorate(self._price)

    def ask(self, question: str) -> Answer:
        """Ask for the price."""
        del question
        try:
            self._guarded()
        except (httpx.HTTPError, circuitbreaker.CircuitBreakerError) as error:
            return Answer(mode="unknown", reason=type(error).__name__)
        return Answer(mode="told")

    def _price(self) -> None:
        self._client.get(f"{SHOP}/price").raise_for_status()
