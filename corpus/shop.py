"""Stand-ins that services of the corpus share: a shop, and a gateway that takes orders."""

from __future__ import annotations

from typing import ClassVar

from chaos.upstreams.simple import JsonUpstream

SHOP = "https://shop.example"


class Shop(JsonUpstream):
    """Has a price for everything, and takes orders, each of which costs money."""

    name = "shop"
    hosts = ("shop.example",)
    routes: ClassVar = {
        "price.get": ("GET", "/price(/(?P<object>[a-z]+))?", {"price": "3"}),
        "orders.create": ("POST", "/orders", {"order": 1}),
    }
    effects = ("orders.create",)


class Other(JsonUpstream):
    """Another host, which has nothing to do with the shop."""

    name = "other"
    hosts = ("other.example",)
    routes: ClassVar = {"weather.get": ("GET", "/weather", {"text": "sunny"})}
