"""Anthropic's SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import MESSAGES, SAID, anthropic_provider

_ASKED: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": MESSAGES}
_OPTIONS: dict[str, Any] = {"api_key": "sk-test", "timeout": TIMEOUT_S}


def _blocking(act: Callable[[anthropic.Anthropic], object]) -> Callable[[], object]:
    def call() -> object:
        with anthropic.Anthropic(**_OPTIONS) as client:
            return act(client)

    return call


def _later(act: Callable[[anthropic.AsyncAnthropic], Awaitable[object]]) -> Callable[[], object]:
    async def call() -> object:
        async with anthropic.AsyncAnthropic(**_OPTIONS, max_retries=1) as client:
            return await act(client)

    return lambda: asyncio.run(call())


def _create(client: anthropic.Anthropic) -> object:
    message: Any = client.messages.create(**_ASKED)
    return message.content[0].text


def _stream(client: anthropic.Anthropic) -> object:
    with client.messages.stream(**_ASKED) as stream:
        return "".join(stream.text_stream)


async def _create_later(client: anthropic.AsyncAnthropic) -> object:
    message: Any = await client.messages.create(**_ASKED)
    return message.content[0].text


async def _stream_later(client: anthropic.AsyncAnthropic) -> object:
    async with client.messages.stream(**_ASKED) as stream:
        return "".join([each async for each in stream.text_stream])


def _row(name: str, call: Callable[[], object], **options: Any) -> Row:
    return Row(name=name, call=call, upstream=anthropic_provider, answer=SAID, **options)


class TestAnthropic(ClientTests):
    """anthropic."""

    client = Client(
        name="anthropic",
        packages=("anthropic",),
        rows=(
            _row("message", _blocking(_create)),
            _row("message, streamed", _blocking(_stream), streams=True),
            _row("async message", _later(_create_later)),
            _row("async message, streamed", _later(_stream_later), streams=True),
        ),
    )
