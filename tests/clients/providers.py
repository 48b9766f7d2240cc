"""The providers that clients ask, and what comes while all is well."""

from __future__ import annotations

from typing import Any, ClassVar

from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.simple import JsonUpstream


class Weather(JsonUpstream):
    """A small JSON API."""

    name = "weather"
    hosts = ("api.weather.test",)
    routes: ClassVar = {"now": ("GET", "/v1/now", {"text": "sunny"})}


URL = "https://api.weather.test/v1/now"
SUNNY = "sunny"

SAID = "Press the green button."
MODEL = "gpt-4o-mini"
MESSAGES: list[Any] = [{"role": "user", "content": "How do I start it?"}]


def openai_provider() -> OpenAIUpstream:
    """OpenAI, with a model that always says the same."""
    return OpenAIUpstream(answers=SAID)
