"""The providers that clients ask, and what comes while all is well."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx

from chaos.http import Request, Response
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.simple import JsonUpstream
from tests.clients.frame.row import TIMEOUT_S


class Weather(JsonUpstream):
    """A small JSON API."""

    name = "weather"
    hosts = ("api.weather.test",)
    routes: ClassVar = {"now": ("GET", "/v1/now", {"text": "sunny"})}


URL = "https://api.weather.test/v1/now"
SUNNY = "sunny"


def weather() -> object:
    """Ask for the weather, with httpx."""
    response = httpx.get(URL, timeout=TIMEOUT_S)
    response.raise_for_status()
    return response.json()["text"]


async def weather_later() -> object:
    """The same, in an event loop."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        response = await client.get(URL)
    response.raise_for_status()
    return response.json()["text"]


SAID = "Press the green button."
MODEL = "gpt-4o-mini"
MESSAGES: list[Any] = [{"role": "user", "content": "How do I start it?"}]


def openai_provider() -> OpenAIUpstream:
    """OpenAI, with a model that always says the same."""
    return OpenAIUpstream(answers=SAID)


def anthropic_provider() -> AnthropicUpstream:
    """Anthropic, likewise."""
    return AnthropicUpstream(answers=SAID)


OBJECT = b"0123456789" * 200


def storage_provider() -> GcsUpstream:
    """Cloud Storage, with two objects in a bucket."""
    storage = GcsUpstream()
    storage.put("bucket", "object", OBJECT)
    storage.put("bucket", "other", OBJECT)
    return storage


class S3(JsonUpstream):
    """A bucket of S3's, with an object."""

    name = "s3"
    hosts = ("bucket.s3.amazonaws.com",)
    routes: ClassVar = {"get": ("GET", "/(?P<object>.+)", {}), "put": ("PUT", "/.+", {})}

    def handle(self, request: Request) -> Response:
        """The object, or nothing."""
        body = OBJECT if request.method == "GET" else b""
        return Response(status=200, headers=(("etag", '"1"'),), body=body)

    def rate_limited(self, code: str) -> Response:
        """Too many requests."""
        return _xml(429, "SlowDown")

    def failed(self, status: int) -> Response:
        """Trouble inside."""
        return _xml(status, "ServiceUnavailable")


class Blobs(JsonUpstream):
    """A container of Azure's, with a blob."""

    name = "azure"
    hosts = ("account.blob.core.windows.net",)
    routes: ClassVar = {"get": ("GET", "/(?P<object>.+)", {})}

    def handle(self, request: Request) -> Response:
        """The blob, which is asked for by range."""
        last = len(OBJECT) - 1
        headers = (
            ("content-range", f"bytes 0-{last}/{len(OBJECT)}"),
            ("content-type", "application/octet-stream"),
            ("etag", '"1"'),
            ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("x-ms-blob-type", "BlockBlob"),
            ("x-ms-version", "2025-01-05"),
        )
        return Response(status=206, headers=headers, body=OBJECT)

    def rate_limited(self, code: str) -> Response:
        """Too many requests."""
        return _xml(429, "ServerBusy")

    def failed(self, status: int) -> Response:
        """Trouble inside."""
        return _xml(status, "ServerBusy")


class Mistral(OpenAIUpstream):
    """Mistral's API, as far as it is OpenAI's."""

    name = "mistral"
    hosts = ("api.mistral.ai",)


def mistral_provider() -> Mistral:
    """Mistral, with a model that always says the same."""
    return Mistral(answers=SAID, any_model=True)


class Gemini(JsonUpstream):
    """A model of Google's."""

    name = "gemini"
    hosts = ("generativelanguage.googleapis.com",)
    routes: ClassVar = {
        "generate": (
            "POST",
            "/v1(?:beta)?/models/(?P<object>[^:]+):generateContent",
            {
                "candidates": [
                    {
                        "content": {"role": "model", "parts": [{"text": SAID}]},
                        "finishReason": "STOP",
                        "index": 0,
                    }
                ],
                "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 9},
                "modelVersion": "gemini-2.5-flash",
            },
        )
    }


class Cohere(JsonUpstream):
    """A model of Cohere's."""

    name = "cohere"
    hosts = ("api.cohere.com",)
    routes: ClassVar = {
        "chat": (
            "POST",
            "/v2/chat",
            {
                "id": "chat-1",
                "finish_reason": "COMPLETE",
                "message": {"role": "assistant", "content": [{"type": "text", "text": SAID}]},
            },
        )
    }


def _xml(status: int, code: str) -> Response:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>later</Message></Error>"
    return Response(
        status=status, headers=(("content-type", "application/xml"),), body=body.encode()
    )
