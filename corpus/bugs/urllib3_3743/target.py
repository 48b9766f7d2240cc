"""Fetches the price list over night; it may take until the next evening."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import urllib3

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop


class PriceList(Target):
    """Has the list, or that of yesterday."""

    upstreams = (Shop,)
    modes = ("new", "old", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """A day is soon enough."""
        del settings
        return Promises(deadline_s=24 * 3600)

    def build(self, world: World) -> None:
        """Open a pool."""
        del world
        self._pool = urllib3.PoolManager(retries=urllib3.Retry(2), timeout=5)

    def ask(self, question: str) -> Answer:
        """Fetch it."""
        del question
        try:
            response = self._pool.request("GET", f"{SHOP}/price")
        except urllib3.exceptions.HTTPError as error:
            return Answer(mode="old", reason=str(error))
        return Answer(mode="new", text=response.data.decode())
