"""Prices, asked for with as many tries as the settings say; zero was meant to switch them off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import backoff
import httpx

from chaos.ports import Answer, Promises, RetryPolicy, Target, World
from corpus.shop import SHOP, Shop


class NoTries(Target):
    """Tells a price, or that it is not known now."""

    upstreams = (Shop,)
    modes = ("told", "unknown", "error")
    tries: ClassVar[int] = 0

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt."""
        del settings
        policy = RetryPolicy(attempts=1, first_backoff_s=5, max_backoff_s=5, jitter_s=0)
        return Promises(deadline_s=10, retries={Shop.name: policy})

    def build(self, world: World) -> None:
        """Open a client."""
        del world
        self._client = httpx.Client(timeout=5)
        self._guarded = backoff.on_exception(
            backoff.constant, httpx.HTTPError, max_tries=self.tries, interval=5, jitter=None
        )(self._price)

    def ask(self, question: str) -> Answer:
        """Ask for the price."""
        del question
        try:
            self._guarded()
        except httpx.HTTPError as error:
            return Answer(mode="unknown", reason=type(error).__name__)
        return Answer(mode="told")

    def _price(self) -> None:
        self._client.get(f"{SHOP}/price").raise_for_status()


class OnceAtLeast(NoTries):
    """The same, where nobody can ask for less than one try."""

    tries = 1
