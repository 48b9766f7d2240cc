"""What the documentation says of a fault, the provider does: take effect, or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx2
import pytest

from chaos.faults.effects import effect_in_words, takes_effect
from chaos.ports import Answer, Target, Upstream, Vocabulary, World
from chaos.runner.life import play
from chaos.scenario.faults import FAULTS
from chaos.scenario.loader import load_text
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import ResponseEvent
from chaos.upstreams.simple import JsonUpstream

WITH: dict[str, str] = {
    "http_error": "status: 503",
    "rate_limit": "retry_after: 1s",
    "latency": "latency: 9s",
    "timeout": "",
    "timeout, not done": "takes_effect: false",
    "reset_peer": "",
    "reset_peer, not done": "takes_effect: false",
    "dns_failure": "",
    "connect_timeout": "",
    "connection_refused": "",
    "tls_failure": "reason: expired",
    "limit_data": "bytes: 3B",
    "bandwidth": "rate: 1B",
    "malformed": "as: html",
}


class Shop(JsonUpstream):
    """Takes orders."""

    name = "shop"
    hosts = ("api.shop.test",)
    routes: ClassVar[Mapping[str, Any]] = {"orders.create": ("POST", "/orders", {"ordered": True})}
    effects = ("orders.create",)

    def __init__(self) -> None:
        self.orders = 0

    def handle(self, request: Any) -> Any:
        """One more."""
        self.orders += 1
        return super().handle(request)


class Customer(Target):
    """Orders once, whatever comes of it."""

    isolation = "shared"

    shops: ClassVar[list[Shop]] = []

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """One upstream."""
        return Vocabulary(upstreams={"shop": Shop.operations}, observables={}, settings={})

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """One shop, kept for the test."""
        cls.shops.append(Shop())
        return cls.shops[-1:]

    def build(self, world: World) -> None:
        """Make a client."""
        self.client = httpx2.Client(timeout=5)

    def ask(self, question: str) -> Answer:
        """One order."""
        try:
            self.client.post("https://api.shop.test/orders", json={}).json()
        except (httpx2.HTTPError, ValueError):
            return Answer(mode="fallback")
        return Answer(mode="llm")


@pytest.mark.parametrize("case", WITH)
def test_request_takes_effect_as_documented(case: str) -> None:
    """The provider has done it exactly if the documentation says so, and the trace knows."""
    kind, _, _ = case.partition(",")
    model = FAULTS[kind]
    more = f", {WITH[case]}" if WITH[case] else ""
    text = (
        "version: 1\nname: effects\nhypothesis: It is known.\ntarget: customer\nmethod:\n"
        f"  - inject: {{upstream: shop, fault: {kind}{more}}}\n  - ask: Order!\n"
    )
    loaded = load_text(text, "effects.yaml", lambda _: Customer.vocabulary())

    with SimulatedTier() as simulation:
        result = play(loaded, Customer, simulation)

    done = takes_effect(model)
    if done is None:
        by_default = model.model_fields["takes_effect"].default
        done = "true" in WITH[case] or (not WITH[case] and by_default)
    assert Customer.shops[-1].orders == int(done), result.problems
    deeds = [event.deed for event in result.trace.of(ResponseEvent) if event.deed is not None]
    assert len(deeds) == int(done)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_says_whether_the_request_takes_effect(kind: str) -> None:
    """One sentence each."""
    assert effect_in_words(FAULTS[kind]).endswith(".")
