"""The answer to a request to the Responses API, as one object."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chaos.upstreams import tokens
from chaos.upstreams.model import Turn
from chaos.upstreams.openai import logprobs
from chaos.upstreams.openai.responses.request import LOGPROBS, ResponseRequest
from chaos.upstreams.replies import Breaks

Json = dict[str, Any]

_ENCRYPTED = "reasoning.encrypted_content"
_FAILED = "The model failed to generate a response."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model makes of a request.

    Attributes:
        id: Of the response.
        request: The request.
        turn: What the model does, as far as its tokens go.
        reasons: Whether it thinks first.
        thoughts: How many tokens it thought.
        tokens_in: How many tokens it read.
        created_at: Unix time, in seconds.
    """

    id: str
    request: ResponseRequest
    turn: Turn
    reasons: bool
    thoughts: int
    tokens_in: int
    created_at: int

    @property
    def breaks(self) -> Breaks | None:
        """How it breaks off, if it does."""
        return self.turn.breaks

    def item_id(self, prefix: str, place: int) -> str:
        """The id of an item of the output."""
        return f"{prefix}_{hashlib.sha256(f'{self.id}/{place}'.encode()).hexdigest()[:48]}"

    def output(self) -> list[Json]:
        """Thoughts, then what was said, then the calls."""
        turn = self.turn
        items: list[Json] = []
        if self.reasons:
            items.append(self._reasoning(len(items)))
        if turn.text is not None or turn.refusal is not None:
            items.append(self._message(len(items)))
        for call in turn.calls:
            place = len(items)
            call_id = f"call_{self.item_id('', place)[1:25]}"
            items.append(
                {
                    "id": self.item_id("fc", place),
                    "type": "function_call",
                    "status": self.status,
                    "arguments": call.arguments,
                    "call_id": call_id,
                    "name": call.name,
                }
            )
        return items

    def resource(self) -> Json:
        """The response once the model is done: completed, incomplete or failed."""
        if self.breaks is not None:
            return self.failed([])
        reason = "content_filter" if self.turn.filtered else "max_output_tokens"
        done = self.status == "completed"
        return self.begun(self.status) | {
            "output": self.output(),
            "incomplete_details": None if done else {"reason": reason},
            "usage": self.bill(),
            "completed_at": self.created_at if done else None,
        }

    @property
    def status(self) -> Literal["completed", "incomplete"]:
        """How it ends, unless the provider fails."""
        return "incomplete" if self.turn.cut or self.turn.filtered else "completed"

    def failed(self, output: list[Json]) -> Json:
        """The response as it is when the provider has failed, with what there was until then."""
        code = (self.breaks and self.breaks.code) or "server_error"
        return self.begun("failed") | {
            "error": {"code": code, "message": _FAILED},
            "output": output,
        }

    def begun(self, status: str) -> Json:
        """The response before the model has said anything."""
        request = self.request
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": None,
            "status": status,
            "background": bool(request.background),
            "error": None,
            "incomplete_details": None,
            "instructions": request.instructions,
            "max_output_tokens": request.max_output_tokens,
            "max_tool_calls": request.max_tool_calls,
            "model": request.model,
            "output": [],
            "parallel_tool_calls": request.parallel_tool_calls is not False,
            "previous_response_id": request.previous_response_id,
            "prompt_cache_key": request.prompt_cache_key,
            "prompt_cache_retention": request.prompt_cache_retention,
            "reasoning": {
                "effort": self._effort,
                "summary": request.reasoning.summary if request.reasoning else None,
            },
            "safety_identifier": request.safety_identifier,
            "service_tier": "default",
            "store": request.store is not False,
            "temperature": 1.0 if request.temperature is None else request.temperature,
            "text": self._text_config(),
            "tool_choice": _plain(request.tool_choice) or "auto",
            "tools": [_tool(tool) for tool in request.tools or ()],
            "top_logprobs": request.top_logprobs or 0,
            "top_p": 1.0 if request.top_p is None else request.top_p,
            "truncation": request.truncation or "disabled",
            "usage": None,
            "user": request.user,
            "metadata": request.metadata or {},
        }

    def bill(self) -> Json:
        """The ``usage`` object."""
        made = self.turn.tokens + self.thoughts
        return {
            "input_tokens": self.tokens_in,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": self.thoughts},
            "total_tokens": self.tokens_in + made,
        }

    def odds(self, token: str, place: int) -> list[Json]:
        """The probability of a token, in a list of its own; empty if it was not asked for."""
        if LOGPROBS not in (self.request.include or ()):
            return []
        return [logprobs.entry(token, place, self.request.top_logprobs or 0)]

    @property
    def _effort(self) -> str | None:
        if not self.reasons:
            return None
        return (self.request.reasoning and self.request.reasoning.effort) or "medium"

    def _reasoning(self, place: int) -> Json:
        item: Json = {"id": self.item_id("rs", place), "type": "reasoning", "summary": []}
        if self.request.reasoning and self.request.reasoning.summary:
            summary = f"Thought for {self.thoughts} tokens."
            item["summary"] = [{"type": "summary_text", "text": summary}]
        if _ENCRYPTED in (self.request.include or ()):
            item["encrypted_content"] = hashlib.sha256(item["id"].encode()).hexdigest()
        return item

    def _message(self, place: int) -> Json:
        turn = self.turn
        part: Json
        if turn.refusal is not None:
            part = {"type": "refusal", "refusal": turn.refusal}
        else:
            text = turn.text or ""
            odds = [
                entry
                for place, word in enumerate(tokens.split(text))
                for entry in self.odds(word, place)
            ]
            part = {"type": "output_text", "text": text, "annotations": [], "logprobs": odds}
        return {
            "id": self.item_id("msg", place),
            "type": "message",
            "status": self.status,
            "content": [part],
            "role": "assistant",
        }

    def _text_config(self) -> Json:
        text = self.request.text
        wanted = _plain(text.format) if text and text.format else {"type": "text"}
        return {"format": wanted, "verbosity": (text and text.verbosity) or "medium"}


def _plain(declared: Any) -> Any:  # noqa: ANN401 - a word or an object
    return declared.model_dump(by_alias=True) if hasattr(declared, "model_dump") else declared


def _tool(tool: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a declared tool
    """A tool as responses show it: strict unless the request says otherwise."""
    shown = dict(tool.model_dump())
    shown["strict"] = tool.strict is not False
    return shown
