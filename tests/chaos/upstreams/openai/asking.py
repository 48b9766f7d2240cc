"""What the tests of the stand-in for OpenAI share: clients, requests, and a clock to turn."""

from __future__ import annotations

import json
import time
from typing import Any

import openai
import pytest

from chaos.http import Request
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.upstreams.sdk import openai_client

QUESTION = "How do I reset my password when the portal is down?"
REFUND = {
    "type": "object",
    "properties": {"order": {"type": "integer"}, "why": {"type": "string"}},
}


def strict(**options: Any) -> openai.OpenAI:
    """A client of a new stand-in that checks every field of every response."""
    return client_of(OpenAIUpstream(**options))


def client_of(upstream: OpenAIUpstream) -> openai.OpenAI:
    """The same for a stand-in that the test keeps."""
    return openai_client(upstream.handle, _strict_response_validation=True)


def user(text: str) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": text}


def chat(client: openai.OpenAI, question: str = QUESTION, **options: Any) -> Any:
    """One chat completion."""
    arguments: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [user(question)]}
    return client.chat.completions.create(**(arguments | options))


def respond(client: openai.OpenAI, question: Any = QUESTION, **options: Any) -> Any:
    """One response."""
    arguments: dict[str, Any] = {"model": "gpt-4o-mini", "input": question}
    return client.responses.create(**(arguments | options))


def told(error: openai.APIStatusError) -> str:
    """What the server said was wrong; each version of the SDK shows it in its own way."""
    assert isinstance(error.body, dict)
    message = error.body["message"]
    assert isinstance(message, str)
    return message


def function(name: str, parameters: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A tool of a chat request."""
    declared = {"name": name, **({"parameters": parameters} if parameters else {}), **more}
    return {"type": "function", "function": declared}


def post(path: str, body: object, **headers: str) -> Request:
    """A request as raw HTTP."""
    return Request(
        method="POST",
        url=f"https://api.openai.com/v1{path}",
        headers={"authorization": "Bearer sk-test", **headers},
        body=json.dumps(body).encode(),
    )


class Clock:
    """Turns the time of day, by which the stand-ins go."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_s = 1_767_225_600.0
        patch.setattr(time, "time", lambda: self.now_s)
        patch.setattr(time, "monotonic", lambda: self.now_s)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds
