"""The one request of these benchmarks, and what is answered."""

from __future__ import annotations

import json
from functools import lru_cache

import openai

from chaos.http import Request, Response
from chaos.upstreams.openai import OpenAIUpstream

QUESTION = [{"role": "user", "content": "How do I reset my password?"}]


@lru_cache(maxsize=1)
def the_answer() -> Response:
    """What the stand-in says to it."""
    return OpenAIUpstream().handle(
        Request(
            method="POST",
            url="https://api.openai.com/v1/chat/completions",
            headers={"authorization": "Bearer sk-bench"},
            body=json.dumps({"model": "gpt-4o-mini", "messages": QUESTION}).encode(),
        )
    )


def ask(client: openai.OpenAI) -> None:
    """One call."""
    client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)  # type: ignore[arg-type]  # of one role


async def ask_async(client: openai.AsyncOpenAI) -> None:
    """The same call by the asynchronous client."""
    await client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)  # type: ignore[arg-type]  # of one role
