"""Prices, asked for through requests; a shop that wants an hour of quiet is not waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from chaos.ports import Answer, Promises, Target, World
from corpus.shop import SHOP, Shop


class Prices(Target):
    """Tells a price, or that it is not known now."""

    upstreams = (Shop,)
    modes = ("told", "unknown", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three short waits, and four attempts of 5 s."""
        del settings
        return Promises(deadline_s=30)

    def build(self, world: World) -> None:
        """Open a session that never waits longer than its own backoff."""
        del world
        retry = Retry(
            total=3,
            backoff_factor=0.5,
            status_forcelist=[429],
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(max_retries=retry))

    def ask(self, question: str) -> Answer:
        """Ask for the price."""
        del question
        response = self._session.get(f"{SHOP}/price", timeout=5)
        return Answer(mode="told" if response.ok else "unknown")
