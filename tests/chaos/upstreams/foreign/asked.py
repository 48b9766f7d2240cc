"""What both are asked, and what both are told to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaos.upstreams.replies import Calls

_ARGUMENTS = {"type": "object", "properties": {"order": {"type": "integer"}}}
_CHAT_TOOL = {"type": "function", "function": {"name": "refund", "parameters": _ARGUMENTS}}
_FLAT_TOOL = {"type": "function", "name": "refund", "parameters": _ARGUMENTS, "strict": False}
_MESSAGES_TOOL = {"name": "refund", "input_schema": _ARGUMENTS}
HELLO, REFUND = "Say hello", "Refund order 7"

ANSWERS: Mapping[str, Any] = {REFUND: Calls("refund", order=7), HELLO: "Hello there, friend."}
"""For ours."""

FIXTURES = json.dumps(
    {
        "fixtures": [
            {
                "match": {"userMessage": REFUND},
                "response": {"toolCalls": [{"name": "refund", "arguments": '{"order": 7}'}]},
            },
            {"match": {"userMessage": HELLO}, "response": {"content": "Hello there, friend."}},
            {"match": {"inputText": "vpn"}, "response": {"embedding": [0.6, 0.8]}},
        ]
    }
)
"""For theirs, which is aimock."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as raw HTTP."""

    path: str
    body: Mapping[str, Any] | None
    method: str = "POST"

    @property
    def is_for_anthropic(self) -> bool:
        """Which of our stand-ins it is for."""
        return self.path.startswith("/v1/messages")

    @property
    def headers(self) -> dict[str, str]:
        """Headers that either provider wants."""
        return {
            "authorization": "Bearer sk-test",
            "x-api-key": "sk-test",
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        }


def _chat(question: str, **more: Any) -> Asked:
    messages = [{"role": "user", "content": question}]
    return Asked("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": messages, **more})


def _respond(question: str, **more: Any) -> Asked:
    return Asked("/v1/responses", {"model": "gpt-4o-mini", "input": question, **more})


def _message(question: str, **more: Any) -> Asked:
    messages = [{"role": "user", "content": question}]
    body = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": messages, **more}
    return Asked("/v1/messages", body)


ASKED: Mapping[str, Asked] = {
    "chat": _chat(HELLO),
    "chat, streamed": _chat(HELLO, stream=True, stream_options={"include_usage": True}),
    "chat, tools": _chat(REFUND, tools=[_CHAT_TOOL]),
    "chat, tools streamed": _chat(REFUND, tools=[_CHAT_TOOL], stream=True),
    "responses": _respond(HELLO),
    "responses, streamed": _respond(HELLO, stream=True),
    "responses, tools": _respond(REFUND, tools=[_FLAT_TOOL]),
    "responses, tools streamed": _respond(REFUND, tools=[_FLAT_TOOL], stream=True),
    "embeddings": Asked("/v1/embeddings", {"model": "text-embedding-3-small", "input": "vpn"}),
    "moderations": Asked("/v1/moderations", {"model": "omni-moderation-latest", "input": "vpn"}),
    "models": Asked("/v1/models", None, "GET"),
    "messages": _message(HELLO),
    "messages, streamed": _message(HELLO, stream=True),
    "messages, tools": _message(REFUND, tools=[_MESSAGES_TOOL]),
    "messages, tools streamed": _message(REFUND, tools=[_MESSAGES_TOOL], stream=True),
}
"""By what they are about."""
