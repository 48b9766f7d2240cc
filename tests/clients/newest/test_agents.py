"""Frameworks for agents: pydantic-ai, OpenAI's own, litellm."""

from __future__ import annotations

import asyncio
from typing import Any

import agents
import litellm
import openai
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import MESSAGES, MODEL, SAID, openai_provider

_QUESTION = "How do I start it?"


def _client() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="sk-test", timeout=TIMEOUT_S, max_retries=1)


def _agent() -> Any:
    provider = OpenAIProvider(openai_client=_client())
    return Agent(OpenAIChatModel(MODEL, provider=provider))


def _run_sync() -> object:
    return _agent().run_sync(_QUESTION).output


def _run() -> object:
    async def call() -> object:
        return (await _agent().run(_QUESTION)).output

    return asyncio.run(call())


def _run_stream() -> object:
    async def call() -> object:
        async with _agent().run_stream(_QUESTION) as came:
            return await came.get_output()

    return asyncio.run(call())


def _openai_agents() -> object:
    agents.set_tracing_disabled(disabled=True)
    model = agents.OpenAIResponsesModel(model=MODEL, openai_client=_client())
    agent = agents.Agent(name="agent", instructions="Help.", model=model)
    return agents.Runner.run_sync(agent, _QUESTION).final_output


_ASKED: dict[str, Any] = {
    "model": f"openai/{MODEL}",
    "messages": MESSAGES,
    "api_key": "sk-test",
    "timeout": TIMEOUT_S,
    "max_retries": 1,
}


def _completion() -> object:
    answer: Any = litellm.completion(**_ASKED)
    return answer.choices[0].message.content


def _acompletion() -> object:
    async def call() -> object:
        answer: Any = await litellm.acompletion(**_ASKED)
        return answer.choices[0].message.content

    return asyncio.run(call())


def _row(name: str, call: Any, **options: Any) -> Row:
    return Row(name=name, call=call, upstream=openai_provider, answer=SAID, **options)


class TestAgents(ClientTests):
    """pydantic-ai, openai-agents, litellm."""

    client = Client(
        name="Frameworks for agents",
        packages=("pydantic-ai-slim", "openai-agents", "litellm", "openai"),
        rows=(
            _row("pydantic-ai, `run_sync`", _run_sync),
            _row("pydantic-ai, `run`", _run),
            _row("pydantic-ai, `run_stream`", _run_stream, streams=True),
            _row("openai-agents, `Runner.run_sync`", _openai_agents),
            _row("litellm, `completion`", _completion),
            _row("litellm, `acompletion`", _acompletion),
        ),
    )
