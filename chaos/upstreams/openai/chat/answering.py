"""The answer to a chat request, its choices and its bill, however it travels then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from chaos.upstreams import model as imitation
from chaos.upstreams.model import Turn
from chaos.upstreams.openai import logprobs
from chaos.upstreams.openai.chat.prompting import prompt_of, stops_of, tokens_of
from chaos.upstreams.openai.chat.request import ChatRequest, FunctionChoice
from chaos.upstreams.openai.models import Model
from chaos.upstreams.openai.windows import require_short_answer, require_short_prompt
from chaos.upstreams.prices import Usage
from chaos.upstreams.replies import ToolCall
from chaos.upstreams.script import ReplyScript

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]

THOUGHTS: Mapping[str, int] = {
    "none": 0,
    "minimal": 0,
    "low": 64,
    "medium": 192,
    "high": 512,
    "xhigh": 1024,
    "max": 2048,
}
"""Tokens that a reasoning model spends before it speaks, by effort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the answers.

    Attributes:
        turn: What the model does, as far as its tokens go.
        ids: Of its calls, in their order.
        was_named: Whether the request named the function that had to be called.
    """

    turn: Turn
    ids: tuple[str, ...] = ()
    was_named: bool = False

    @property
    def finish_reason(self) -> FinishReason:
        """Why the model stopped."""
        if self.turn.filtered:
            return "content_filter"
        if self.turn.cut:
            return "length"
        # The one case in which the API calls a tool without saying so here: the caller knows.
        return "tool_calls" if self.turn.calls and not self.was_named else "stop"

    @property
    def calls(self) -> list[tuple[str, ToolCall]]:
        """The calls with their ids."""
        return list(zip(self.ids, self.turn.calls, strict=True))


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What the model makes of a request.

    Attributes:
        request: The request.
        choices: As many as it wanted.
        prompt_tokens: What it costs to read.
        reasoning_tokens: What the model thought, for all choices.
    """

    request: ChatRequest
    choices: tuple[Choice, ...]
    prompt_tokens: int
    reasoning_tokens: int

    @cached_property
    def usage(self) -> Usage:
        """The tokens to be paid."""
        said = sum(choice.turn.tokens for choice in self.choices)
        return Usage(tokens_in=self.prompt_tokens, tokens_out=said + self.reasoning_tokens)

    @cached_property
    def said(self) -> str:
        """All that the model wrote, in one text that no other completion has."""
        return json.dumps([choice.turn.said for choice in self.choices])

    @property
    def bill(self) -> dict[str, Any]:
        """The ``usage`` object of the response."""
        usage = self.usage
        return {
            "prompt_tokens": usage.tokens_in,
            "completion_tokens": usage.tokens_out,
            "total_tokens": usage.tokens_in + usage.tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


def complete(
    request: ChatRequest, body: Mapping[str, Any], model: Model, script: ReplyScript
) -> Completion:
    """Answer a request that has been read; the same request always says the same.

    Raises:
        RefusalError: Its parts contradict each other.
        ScriptError: The script wants what the request does not allow.
        SchemaError: One of its schemas has keywords that are not modelled.
    """
    prompt = prompt_of(request, body, model)
    thoughts = THOUGHTS[request.reasoning_effort or "medium"] if model.reasons else 0
    limit, said = request.max_completion_tokens, "max_completion_tokens"
    if request.max_tokens is not None:
        limit, said = request.max_tokens, "max_tokens"
    tokens_in = tokens_of(request)
    require_short_answer(model, limit, said)
    require_short_prompt(model, tokens_in, limit, "messages")
    # A model that runs out of tokens while it still thinks has said nothing at all.
    left = None if limit is None else max(limit - thoughts, 0)
    was_named = isinstance(request.tool_choice, FunctionChoice)
    choices = []
    for number in range(request.n or 1):
        turn = imitation.take_turn(prompt, script, choice=number)
        turn = imitation.end(turn, stops=stops_of(request), limit=left)
        choices.append(Choice(turn=turn, was_named=was_named))
    spent = thoughts if limit is None else min(thoughts, limit)
    return Completion(
        request=request,
        choices=tuple(choices),
        prompt_tokens=tokens_in,
        reasoning_tokens=spent * len(choices),
    )


def with_ids(completion: Completion, number: int) -> Completion:
    """The same, its calls of tools with ids: new ones in each answer, as the provider gives them.

    A service that takes an id for the name of a deed does the deed twice when it asks anew.
    """
    if not any(choice.turn.calls for choice in completion.choices):
        return completion
    choices = tuple(
        replace(choice, ids=_call_ids(f"{number}/{place}", len(choice.turn.calls)))
        for place, choice in enumerate(completion.choices)
    )
    return replace(completion, choices=choices)


def head(
    body: Mapping[str, Any], completion: Completion, *, number: int, created: int
) -> dict[str, Any]:
    """The part that a completion and all its chunks have in common.

    ``number`` tells the answers of a run apart: the provider never gives one id twice.
    """
    digest = hashlib.sha256(f"{number}{completion.said}".encode()).hexdigest()
    return {
        "id": f"chatcmpl-{digest[:29]}",
        "created": created,
        "model": body["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }


def whole(head: Mapping[str, Any], completion: Completion) -> dict[str, Any]:
    """The completion as one object."""
    choices = [_whole(index, each, completion) for index, each in enumerate(completion.choices)]
    return {**head, "object": "chat.completion", "choices": choices, "usage": completion.bill}


def _whole(index: int, choice: Choice, completion: Completion) -> dict[str, Any]:
    turn = choice.turn
    message: dict[str, Any] = {
        "role": "assistant",
        "content": turn.text,
        "refusal": turn.refusal,
        "annotations": [],
    }
    if turn.calls:
        message["tool_calls"] = [call_object(id_, call) for id_, call in choice.calls]
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(turn, completion.request),
        "finish_reason": choice.finish_reason,
    }


def _logprobs(turn: Turn, request: ChatRequest) -> dict[str, Any] | None:
    if not request.logprobs or turn.text is None:
        return None
    listed = logprobs.entries(turn.text, request.top_logprobs or 0)
    return {"content": listed, "refusal": None}


def call_object(call_id: str, call: ToolCall) -> dict[str, Any]:
    """A call as messages carry it."""
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call_id, "type": "function", "function": function}


def _call_ids(salt: str, count: int) -> tuple[str, ...]:
    digests = (hashlib.sha256(f"{salt}/{each}".encode()).hexdigest() for each in range(count))
    return tuple(f"call_{digest[:24]}" for digest in digests)
