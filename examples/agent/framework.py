"""The same desk on pydantic-ai, which makes the loop, the schema of the tool and its messages.

The framework is taken as it comes. What it cannot know stays ours: that money must not be given
back twice, and by which key the bank recognises a refund.
"""

from __future__ import annotations

import httpx
import openai
from pydantic_ai import Agent, RunContext
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

from examples.agent.conversation import INSTRUCTIONS, MODEL, Refund, UnusableError
from examples.agent.service import MOST_TURNS, AsyncBank, Reply

_OURS = (httpx.HTTPError, UnusableError)
# The framework lets out a LookupError at an answer without any choice.
_FAILED = (AgentRunError, openai.OpenAIError, ValueError, LookupError, *_OURS)


class FrameworkDesk:
    """Answers customers; each question is a run of the agent."""

    def __init__(self, model: openai.AsyncOpenAI, bank: AsyncBank) -> None:
        self._bank = bank
        self._agent = Agent(
            OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=model)),
            instructions=INSTRUCTIONS,
        )
        self._agent.tool(self.refund)

    async def ask(self, question: str) -> Reply:
        """Do what a customer wants, or hand it on to a person."""
        try:
            done = await self._agent.run(
                question, usage_limits=UsageLimits(request_limit=MOST_TURNS)
            )
        except _FAILED as error:
            return Reply(None, reason=f"{type(error).__name__}: {error}")
        # To the framework, an answer that was cut off is one like any other.
        if done.response.finish_reason != "stop":
            return Reply(None, reason=f"the model stopped for {done.response.finish_reason!r}")
        return Reply(done.output)

    async def refund(self, context: RunContext[None], order: int) -> str:
        """Give a customer the money for an order back."""
        wanted = Refund(context.tool_call_id or "", order)
        return await self._bank.refund(wanted.order, self.key_of(wanted))

    def key_of(self, refund: Refund) -> str:
        """By which the bank knows it again."""
        return refund.key


class CallKeyedDesk(FrameworkDesk):
    """A mistake, planted here: each call of the tool is another refund to the bank.

    The framework hands the tool an id of its call, which looks like the key that is needed. But a
    model that asks once more has another one.
    """

    def key_of(self, refund: Refund) -> str:
        """The id of the call."""
        return f"refund-{refund.call}"
