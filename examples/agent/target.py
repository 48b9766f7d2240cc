"""The agent under test: its model, its bank, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar

import httpx
import openai

from chaos.http import Request, Response, json_response
from chaos.ports import Answer, Operation, Promises, StandIn, Target, Upstream, World
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.replies import Calls
from chaos.upstreams.said import Said, of_status
from examples.agent.careless import RestartingDesk, TrustingAsyncBank, TrustingBank
from examples.agent.service import AsyncBank, AsyncDesk, Bank, Desk, Reply

SCRIPT = {
    "lamp": [Calls("refund", order=7), "You have your money back."],
    # A model may lose the thread, and ask for what it has been told is done.
    "vase": [Calls("refund", order=9), Calls("refund", order=9), "You have your money back."],
    "": "How may I help?",
}
"""What the model does, by what the customer writes about."""


@cache
def _model() -> openai.OpenAI:
    """One client for all runs; making one takes longer than a run."""
    return openai.OpenAI(api_key="test", timeout=5, max_retries=2)


@cache
def _client() -> httpx.Client:
    """The same for the bank."""
    return httpx.Client()


class BankUpstream(Upstream):
    """The bank: a refund it has made for a key, it does not make again."""

    name = "bank"
    hosts = ("bank.example",)
    operations = ("refunds.create",)

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._made = 0

    def classify(self, request: Request) -> Operation | None:
        """There is one operation."""
        is_refund = (request.method, request.path) == ("POST", "/refunds")
        return Operation("refunds.create") if is_refund else None

    def handle(self, request: Request) -> Response:
        """Refund, or say that it was done before."""
        key = request.headers.get("idempotency-key")
        if key is not None and key in self._words:
            return json_response(HTTPStatus.OK, {"refund": self._words[key], "is_new": False})
        self._made += 1
        word = f"R-{self._made}"
        if key is not None:
            self._words[key] = word
        return json_response(HTTPStatus.OK, {"refund": word, "is_new": True})

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """Money was given back, unless it had been before."""
        del operation
        try:
            is_new = response.json()["is_new"]
        except (ValueError, LookupError, TypeError):
            is_new = False
        return of_status(response, deed=request.body.decode() if is_new else None)


class Agent(Target):
    """A desk that gives money back; to ask is to write to it."""

    name = "agent"
    upstreams = (OpenAIUpstream, BankUpstream)
    modes = ("answered", "handed_on", "error")
    service: ClassVar[tuple[str, ...]] = ("examples.agent.service", "examples.agent.conversation")
    desk: ClassVar[type[Desk]] = Desk
    bank: ClassVar[type[Bank]] = Bank

    @classmethod
    def warm_up(cls) -> None:
        """Make the clients."""
        _model()
        _client()

    @classmethod
    def make_upstreams(cls) -> Sequence[StandIn]:
        """A model that follows the script, and a bank."""
        return (OpenAIUpstream(answers=SCRIPT), BankUpstream())

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three turns of the model and two refunds, of three attempts each.

        At most 3 x 3 x 5 s + 2 x (3 x 5 s + 3 s), and six waits of the SDK: 8 s at most, or what
        the provider asks for, which it never waits for longer than two minutes.
        """
        del settings
        return Promises(deadline_s=900, requests_per_ask={"openai": 9, "bank": 6})

    def build(self, world: World) -> None:
        """Open the desk."""
        del world
        self._desk = self.desk(_model(), self.bank(_client()))

    def ask(self, question: str) -> Answer:
        """Write to the desk."""
        return answer_of(self._desk.ask(question))


class AsyncAgent(Target):
    """The same in an event loop."""

    name = "async-agent"
    upstreams = Agent.upstreams
    modes = Agent.modes
    service: ClassVar[tuple[str, ...]] = Agent.service
    bank: ClassVar[type[AsyncBank]] = AsyncBank

    @classmethod
    def make_upstreams(cls) -> Sequence[StandIn]:
        """The same."""
        return Agent.make_upstreams()

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """The same."""
        return Agent.promises(settings)

    async def build(self, world: World) -> None:
        """Open the desk."""
        del world
        self._model = openai.AsyncOpenAI(api_key="test", timeout=5, max_retries=2)
        self._client = httpx.AsyncClient()
        self._desk = AsyncDesk(self._model, self.bank(self._client))

    async def ask(self, question: str) -> Answer:
        """Write to the desk."""
        return answer_of(await self._desk.ask(question))

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()
        await self._client.aclose()


class TrustingAgent(Agent):
    """The agent whose bank is asked again without a key."""

    bank = TrustingBank


class TrustingAsyncAgent(AsyncAgent):
    """The same in an event loop."""

    bank = TrustingAsyncBank


class RestartingAgent(Agent):
    """The agent that begins anew when the model fails."""

    desk = RestartingDesk


def answer_of(reply: Reply) -> Answer:
    """What a customer got, in the words of scenarios."""
    if reply.text is None:
        return Answer(mode="handed_on", reason=reply.reason)
    return Answer(mode="answered", text=reply.text)
