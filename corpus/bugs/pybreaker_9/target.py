"""Orders things, behind a breaker of pybreaker's; each order costs money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pybreaker

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop


class Orders(Target):
    """Orders, or says that it could not."""

    upstreams = (Shop,)
    modes = ("ordered", "later", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt."""
        del settings
        return Promises(deadline_s=6)

    def build(self, world: World) -> None:
        """Open for business."""
        del world
        self._client = httpx.Client(timeout=5)
        self._breaker = pybreaker.CircuitBreaker(fail_max=2, reset_timeout=30)

    def ask(self, question: str) -> Answer:
        """Order it."""
        try:
            self._breaker.call(self._order, question)
        except (httpx.HTTPError, pybreaker.CircuitBreakerError) as error:
            return Answer(mode="later", reason=type(error).__name__)
        return Answer(mode="ordered")

    def _order(self, thing: str) -> None:
        self._client.post(f"{SHOP}/orders", json={"thing": thing}).raise_for_status()
