"""Frameworks that need version 2 of OpenAI's SDK: instructor and llama-index."""

from __future__ import annotations

import asyncio
from typing import Any

import instructor
import openai
from llama_index.llms.openai import OpenAI
from pydantic import BaseModel

from chaos.upstreams.openai import OpenAIUpstream
from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import MESSAGES, MODEL, SAID, openai_provider


class Weather(BaseModel):
    """What the model is asked for."""

    city: str


def _json_provider() -> OpenAIUpstream:
    return OpenAIUpstream(answers='{"city": "Oslo"}')


def _instructor() -> object:
    plain = openai.OpenAI(api_key="sk-test", timeout=TIMEOUT_S, max_retries=1)
    client: Any = instructor.from_openai(plain, mode=instructor.Mode.JSON)
    asked = {"model": MODEL, "messages": MESSAGES, "max_retries": 1}
    return client.chat.completions.create(**asked, response_model=Weather).city


def _llama() -> Any:
    return OpenAI(
        model=MODEL, api_key="sk-test", timeout=TIMEOUT_S, max_retries=2, reuse_client=False
    )


def _complete() -> object:
    return str(_llama().complete("How do I start it?"))


def _acomplete() -> object:
    async def call() -> object:
        return str(await _llama().acomplete("How do I start it?"))

    return asyncio.run(call())


def _stream_complete() -> object:
    return "".join(each.delta or "" for each in _llama().stream_complete("How?"))


class TestFrameworks(ClientTests):
    """instructor and llama-index."""

    client = Client(
        name="instructor and llama-index",
        packages=("instructor", "llama-index-llms-openai", "openai"),
        rows=(
            Row(name="instructor", call=_instructor, upstream=_json_provider, answer="Oslo"),
            Row(
                name="llama-index, `complete`",
                call=_complete,
                upstream=openai_provider,
                answer=SAID,
            ),
            Row(
                name="llama-index, `acomplete`",
                call=_acomplete,
                upstream=openai_provider,
                answer=SAID,
            ),
            Row(
                name="llama-index, `stream_complete`",
                call=_stream_complete,
                upstream=openai_provider,
                answer=SAID,
                streams=True,
            ),
        ),
    )
