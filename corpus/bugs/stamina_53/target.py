"""Orders things, with retries that were switched off because each order costs money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import stamina

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
        """Switch retries off."""
        del world
        stamina.set_active(False)
        self._client = httpx.Client(timeout=5)

    def ask(self, question: str) -> Answer:
        """Order it."""
        try:
            for attempt in stamina.retry_context(on=httpx.HTTPError, attempts=3):
                with attempt:
                    response = self._client.post(f"{SHOP}/orders", json={"thing": question})
                    response.raise_for_status()
        except httpx.HTTPError as error:
            return Answer(mode="later", reason=type(error).__name__)
        return Answer(mode="ordered")
