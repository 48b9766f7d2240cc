"""langchain-openai."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import MODEL, SAID, openai_provider

_QUESTION = "How do I start it?"


def _model() -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL,
        api_key=SecretStr("sk-test"),
        timeout=TIMEOUT_S,
        max_retries=1,
        # Otherwise one is kept for the whole process, with connections that belong to an event
        # loop: a second `asyncio.run` fails, in the world as elsewhere.
        http_async_client=httpx2.AsyncClient(),
    )


def _invoke() -> object:
    return _model().invoke(_QUESTION).content


def _with_retry() -> object:
    model = _model().with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
    return model.invoke(_QUESTION).content


def _with_fallbacks() -> object:
    return _model().with_fallbacks([_model()]).invoke(_QUESTION).content


def _stream() -> object:
    return "".join(str(chunk.content) for chunk in _model().stream(_QUESTION))


def _ainvoke() -> object:
    async def call() -> object:
        return (await _model().ainvoke(_QUESTION)).content

    return asyncio.run(call())


def _astream() -> object:
    async def call() -> object:
        return "".join([str(chunk.content) async for chunk in _model().astream(_QUESTION)])

    return asyncio.run(call())


def _abatch() -> object:
    async def call() -> object:
        came = await _model().abatch([_QUESTION, _QUESTION])
        return [each.content for each in came]

    return asyncio.run(call())


def _row(name: str, call: Any, answer: object = SAID, **options: Any) -> Row:
    return Row(name=name, call=call, upstream=openai_provider, answer=answer, **options)


class TestLangchain(ClientTests):
    """langchain-openai."""

    client = Client(
        name="langchain-openai",
        packages=("langchain-openai", "langchain-core", "openai"),
        rows=(
            _row("`invoke`", _invoke),
            _row("`with_retry`", _with_retry),
            _row("`with_fallbacks`", _with_fallbacks),
            _row("`stream`", _stream, streams=True),
            _row("`ainvoke`", _ainvoke),
            _row("`astream`", _astream, streams=True),
            _row("`abatch` of two", _abatch, [SAID, SAID], latency_s=0.2),
        ),
    )
