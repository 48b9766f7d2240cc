"""Three mistakes that somebody could make in the shop; of one nobody takes notice."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_SHOP = "tests.chaos.prove.shop"

DEFECTS = (
    Defect(
        name="price-of-nothing",
        doc="One costs nothing.",
        edits=(Rewrite(f"{_SHOP}:cost", "- return PRICE\n+ return 0"),),
    ),
    Defect(
        name="many-at-the-price-of-one",
        doc="Many cost what one does.",
        edits=(
            Rewrite(
                f"{_SHOP}:cost",
                "- return counted_off(amount * PRICE)\n+ return counted_off(PRICE)",
            ),
        ),
    ),
    Defect(
        name="nothing-comes-back",
        doc="A refund is nothing.",
        edits=(Rewrite(f"{_SHOP}:refund", "- return amount - 1\n+ return 0"),),
    ),
)
