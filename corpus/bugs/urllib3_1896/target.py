"""Prices, asked for from Tokyo; the shop says when it may be asked again."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import urllib3

from chaos.ports import Answer, Promises, RetryPolicy, Target, World
from corpus.shop import SHOP, Shop


class Prices(Target):
    """Tells a price, or that it is not known now."""

    upstreams = (Shop,)
    modes = ("told", "unknown", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts, and the pause that the shop asks for."""
        del settings
        policy = RetryPolicy(attempts=3, first_backoff_s=0, max_backoff_s=2, jitter_s=0)
        return Promises(deadline_s=300, retries={Shop.name: policy})

    def build(self, world: World) -> None:
        """Open a pool, nine hours ahead of Greenwich."""
        del world
        os.environ["TZ"] = "Asia/Tokyo"
        time.tzset()
        retries = urllib3.Retry(2, backoff_factor=1, status_forcelist=[429, 503])
        self._pool = urllib3.PoolManager(retries=retries, timeout=5)

    def ask(self, question: str) -> Answer:
        """Ask for the price."""
        del question
        response = self._pool.request("GET", f"{SHOP}/price")
        return Answer(mode="told" if response.status == HTTPStatus.OK else "unknown")
