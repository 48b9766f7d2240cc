"""An agent that orders things, with a tool; each order costs money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from agno.agent import Agent
from agno.models.openai import OpenAIChat

from chaos.ports import Answer, Promises, StandIn, Target, World
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.replies import Calls
from corpus.shop import SHOP, Shop

DONE = "It is ordered."


class OrdersThings(Target):
    """Orders what it is asked for."""

    upstreams = (OpenAIUpstream, Shop)
    modes = ("ordered", "failed", "error")

    @classmethod
    def make_upstreams(cls) -> Sequence[StandIn]:
        """A model that calls the tool, and then says that it is done."""
        return (OpenAIUpstream(answers=[Calls("order", thing="lamp"), DONE]), Shop())

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts of the agent."""
        del settings
        return Promises(deadline_s=120)

    def build(self, world: World) -> None:
        """Make an agent that tries again."""
        del world
        self._client = httpx.Client(timeout=5)
        model = OpenAIChat(id="gpt-4o-mini", api_key="test", max_retries=0, timeout=10)
        self._agent = Agent(
            model=model, tools=[self.order], retries=2, delay_between_retries=1, telemetry=False
        )

    def order(self, thing: str) -> str:
        """Order a thing."""
        self._client.post(f"{SHOP}/orders", json={"thing": thing}).raise_for_status()
        return "ordered"

    def ask(self, question: str) -> Answer:
        """Let the agent do it."""
        run = self._agent.run(question)
        text = str(run.content)
        return Answer(mode="ordered" if text == DONE else "failed", text=text)


class OncePerQuestion(OrdersThings):
    """The same with a tool that remembers what it has done."""

    def ask(self, question: str) -> Answer:
        """Begin a question with nothing done."""
        self._done: dict[str, str] = {}
        return super().ask(question)

    def order(self, thing: str) -> str:
        """Order a thing."""
        if thing not in self._done:
            self._done[thing] = super().order(thing)
        return self._done[thing]
