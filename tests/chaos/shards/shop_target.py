"""The shop with defects that can be planted in it."""

from __future__ import annotations

from tests.chaos.prove.shop_target import Shop


class Guarded(Shop):
    """The same shop."""

    defects = "tests.chaos.shards.shop_defects"
