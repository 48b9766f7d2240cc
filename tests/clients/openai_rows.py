"""Ways to use OpenAI's SDK, of any major version."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai

from tests.clients.frame.row import TIMEOUT_S, Row
from tests.clients.providers import MESSAGES, MODEL, SAID, openai_provider

_ASKED: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}


def _blocking(act: Callable[[openai.OpenAI], object], **options: Any) -> Callable[[], object]:
    def call() -> object:
        with openai.OpenAI(api_key="sk-test", timeout=TIMEOUT_S, **options) as client:
            return act(client)

    return call


def _asynchronous(
    act: Callable[[openai.AsyncOpenAI], Awaitable[object]], **options: Any
) -> Callable[[], object]:
    async def call() -> object:
        async with openai.AsyncOpenAI(api_key="sk-test", timeout=TIMEOUT_S, **options) as client:
            return await act(client)

    return lambda: asyncio.run(call())


def _chat(client: openai.OpenAI) -> object:
    return client.chat.completions.create(**_ASKED).choices[0].message.content


def _raw(client: openai.OpenAI) -> object:
    response = client.chat.completions.with_raw_response.create(**_ASKED)
    return response.status_code, response.parse().choices[0].message.content


def _streamed(client: openai.OpenAI) -> object:
    chunks = client.chat.completions.create(**_ASKED, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def _responses(client: openai.OpenAI) -> object:
    return client.responses.create(model=MODEL, input="How do I start it?").output_text


def _embeddings(client: openai.OpenAI) -> object:
    found = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    return len(found.data)


def _crowd(client: openai.OpenAI) -> object:
    with ThreadPoolExecutor(3) as pool:
        return set(pool.map(_chat, [client] * 3))


async def _chat_later(client: openai.AsyncOpenAI) -> object:
    return (await client.chat.completions.create(**_ASKED)).choices[0].message.content


async def _streamed_later(client: openai.AsyncOpenAI) -> object:
    chunks = await client.chat.completions.create(**_ASKED, stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])


async def _together(client: openai.AsyncOpenAI) -> object:
    return set(await asyncio.gather(*[_chat_later(client) for _ in range(3)]))


def _row(name: str, call: Callable[[], object], answer: object = SAID, **options: Any) -> Row:
    return Row(name=name, call=call, upstream=openai_provider, answer=answer, **options)


ROWS = (
    _row("chat", _blocking(_chat)),
    _row("chat, `max_retries=0`", _blocking(_chat, max_retries=0)),
    _row("chat, raw response", _blocking(_raw, max_retries=1), (200, SAID)),
    _row("chat, streamed", _blocking(_streamed, max_retries=1), streams=True),
    _row("Responses API", _blocking(_responses, max_retries=1)),
    _row("embeddings", _blocking(_embeddings, max_retries=1), 2),
    _row(
        "three chats in a pool of threads", _blocking(_crowd, max_retries=0), {SAID}, latency_s=0.3
    ),
    _row("async chat", _asynchronous(_chat_later)),
    _row("async chat, streamed", _asynchronous(_streamed_later, max_retries=1), streams=True),
    _row(
        "three async chats together",
        _asynchronous(_together, max_retries=0),
        {SAID},
        latency_s=0.3,
    ),
)
