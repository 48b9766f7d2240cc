"""Calls that every major version of the SDK can make; each returns the objects that came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import openai

from chaos.upstreams.replies import Breaks, Calls, Refuses

MODEL = "gpt-4o-mini"
MESSAGES: list[Any] = [{"role": "user", "content": "Please refund order 7, and answer in JSON."}]
ARGUMENTS = {"type": "object", "properties": {"order": {"type": "integer"}}}
TOOLS: list[Any] = [{"type": "function", "function": {"name": "refund", "parameters": ARGUMENTS}}]
FLAT_TOOLS: list[Any] = [
    {"type": "function", "name": "refund", "parameters": ARGUMENTS, "strict": False}
]
SHAPE: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}

Call = Callable[[openai.OpenAI], list[Any]]


def _chat(**options: Any) -> Call:
    def call(client: openai.OpenAI) -> list[Any]:
        arguments: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
        answer: Any = client.chat.completions.create(**(arguments | options))
        return list(answer) if options.get("stream") else [answer]

    return call


def _respond(**options: Any) -> Call:
    def call(client: openai.OpenAI) -> list[Any]:
        arguments: dict[str, Any] = {"model": MODEL, "input": "Please refund order 7."}
        answer: Any = client.responses.create(**(arguments | options))
        return list(answer) if options.get("stream") else [answer]

    return call


def _kept(client: openai.OpenAI) -> list[Any]:
    response = client.responses.create(model=MODEL, input="Hi", background=True)
    retrieved = client.responses.retrieve(response.id)
    return [response, retrieved, client.responses.cancel(response.id)]


def _followed(client: openai.OpenAI) -> list[Any]:
    first = client.responses.create(model=MODEL, input="Hi")
    second = client.responses.create(model=MODEL, input="And?", previous_response_id=first.id)
    items = client.responses.input_items.list(second.id)
    return [first, second, *items]


def _batch(client: openai.OpenAI) -> list[Any]:
    file = client.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/embeddings", completion_window="24h"
    )
    listed = [*client.files.list(), *client.batches.list()]
    return [file, batch, *listed, client.batches.retrieve(batch.id), client.files.delete(file.id)]


CALLS: Mapping[str, Call] = {
    "chat": _chat(),
    "chat, streamed": _chat(stream=True, stream_options={"include_usage": True}),
    "chat, tools": _chat(tools=TOOLS),
    "chat, tools streamed": _chat(tools=TOOLS, stream=True),
    "chat, shape": _chat(
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": SHAPE}}
    ),
    "chat, JSON": _chat(response_format={"type": "json_object"}),
    "chat, several choices": _chat(n=3, stop=["."]),
    "chat, probabilities": _chat(logprobs=True, top_logprobs=2),
    "chat, probabilities streamed": _chat(logprobs=True, top_logprobs=2, stream=True),
    "chat, reasoning": _chat(model="o4-mini", reasoning_effort="low"),
    "responses": _respond(),
    "responses, streamed": _respond(stream=True),
    "responses, tools": _respond(tools=FLAT_TOOLS),
    "responses, tools streamed": _respond(tools=FLAT_TOOLS, stream=True),
    "responses, shape": _respond(
        text={"format": {"type": "json_schema", "name": "x", "schema": SHAPE}}
    ),
    "responses, reasoning": _respond(
        model="gpt-5", reasoning={"effort": "low", "summary": "auto"}
    ),
    "responses, reasoning streamed": _respond(
        model="gpt-5", reasoning={"effort": "low", "summary": "auto"}, stream=True
    ),
    "responses, incomplete": _respond(max_output_tokens=16, stream=True),
    "responses, kept": _kept,
    "responses, followed": _followed,
    "embeddings": lambda c: [
        c.embeddings.create(
            model="text-embedding-3-small", input=["vpn"], dimensions=8, encoding_format="float"
        )
    ],
    "moderations": lambda c: [
        c.moderations.create(model="omni-moderation-latest", input="violence")
    ],
    "legacy completions": lambda c: [
        c.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once", n=2, logprobs=2)
    ],
    "models": lambda c: [*c.models.list(), c.models.retrieve(MODEL)],
    "files and batches": _batch,
}
"""Calls by what they are about, to a stand-in that says whatever it likes."""

SCRIPTED: Mapping[str, tuple[Any, Call]] = {
    "chat, refusal": (Refuses("No."), _chat()),
    "chat, refusal streamed": (Refuses("No."), _chat(stream=True)),
    "chat, two calls": (
        Calls("refund", order=7) & Calls("refund", order=8),
        _chat(tools=TOOLS),
    ),
    "responses, refusal": (Refuses("No."), _respond(stream=True)),
    "responses, failed": (Breaks(code="server_error"), _respond()),
    "responses, failed streamed": (Breaks(code="server_error"), _respond(stream=True)),
    "responses, error streamed": (Breaks(abrupt=True), _respond(stream=True)),
}
"""The same to one that was told what to say."""
