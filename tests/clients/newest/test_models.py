"""SDKs of other models: Google's, Mistral's, Cohere's."""

from __future__ import annotations

import asyncio
from typing import Any

import cohere
from google import genai
from google.genai import types
from mistralai.client import Mistral as MistralClient

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import MESSAGES, SAID, Cohere, Gemini, mistral_provider

_MILLISECONDS = int(TIMEOUT_S * 1000)


def _genai() -> Any:
    options = types.HttpOptions(timeout=_MILLISECONDS)
    return genai.Client(api_key="key", http_options=options)


def _gemini() -> object:
    client = _genai()
    return client.models.generate_content(model="gemini-2.5-flash", contents="How?").text


def _gemini_later() -> object:
    async def call() -> object:
        client = _genai()
        asked = client.aio.models.generate_content(model="gemini-2.5-flash", contents="How?")
        return (await asked).text

    return asyncio.run(call())


def _mistral() -> object:
    with MistralClient(api_key="key", timeout_ms=_MILLISECONDS) as client:
        answer: Any = client.chat.complete(model="mistral-small-latest", messages=MESSAGES)
        return answer.choices[0].message.content


def _cohere() -> object:
    client = cohere.ClientV2(api_key="key", timeout=TIMEOUT_S)
    answer: Any = client.chat(model="command-a-03-2025", messages=MESSAGES)
    return answer.message.content[0].text


class TestModels(ClientTests):
    """google-genai, mistralai, cohere."""

    client = Client(
        name="Other models",
        packages=("google-genai", "mistralai", "cohere"),
        rows=(
            Row(name="google-genai", call=_gemini, upstream=Gemini, answer=SAID),
            Row(name="google-genai, async", call=_gemini_later, upstream=Gemini, answer=SAID),
            Row(name="mistralai", call=_mistral, upstream=mistral_provider, answer=SAID),
            Row(name="cohere", call=_cohere, upstream=Cohere, answer=SAID),
        ),
    )
