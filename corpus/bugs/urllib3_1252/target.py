"""Prices and the weather, through one pool manager that has room for one host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import urllib3

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Other, Shop


class PricesAndWeather(Target):
    """Tells either."""

    upstreams = (Shop, Other)
    modes = ("told", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts, with a second between them."""
        del settings
        return Promises(deadline_s=20)

    def build(self, world: World) -> None:
        """Open a manager; one host at a time is kept."""
        del world
        retries = urllib3.Retry(2, backoff_factor=1, status_forcelist=[503])
        self._pools = urllib3.PoolManager(num_pools=1, retries=retries, timeout=5)

    def ask(self, question: str) -> Answer:
        """Ask the host that knows."""
        url = "https://other.example/weather" if question == "weather" else f"{SHOP}/price"
        response = self._pools.request("GET", url)
        return Answer(mode="told", text=response.data.decode())
