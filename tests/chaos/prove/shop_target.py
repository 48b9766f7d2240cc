"""The shop as a target."""

from __future__ import annotations

from chaos.ports import Answer, Target
from tests.chaos.prove import shop


class Shop(Target):
    """Says what things cost; it needs no provider."""

    isolation = "shared"

    service = ("tests.chaos.prove.shop",)
    modes = ("told", "error")

    def ask(self, question: str) -> Answer:
        """Answer with a price."""
        return Answer(mode="told", text=str(shop.cost(1 if question == "one" else 3)))
