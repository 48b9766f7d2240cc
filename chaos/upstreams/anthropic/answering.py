"""The answer to a request to the messages API: as one object, and as the events of a stream."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chaos.upstreams import sse, tokens
from chaos.upstreams.anthropic import errors
from chaos.upstreams.anthropic.request import MessageRequest
from chaos.upstreams.model import Turn
from chaos.upstreams.prices import Usage

Json = dict[str, Any]

_THOUGHT = "Let me think about this step by step."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model makes of a request.

    Attributes:
        id: Of the message.
        request: The request.
        turn: What the model does, as far as its tokens go.
        thoughts: How many tokens it thought; 0 if it did not think.
        tokens_in: How many tokens it read.
    """

    id: str
    request: MessageRequest
    turn: Turn
    thoughts: int
    tokens_in: int

    @property
    def usage(self) -> Usage:
        """The tokens to be paid."""
        return Usage(tokens_in=self.tokens_in, tokens_out=self.turn.tokens + self.thoughts)

    @property
    def stop_reason(self) -> str:
        """Why the model stopped."""
        if self.turn.refusal is not None or self.turn.filtered:
            return "refusal"
        if self.turn.cut:
            return "max_tokens"
        if self.turn.stop is not None:
            return "stop_sequence"
        return "tool_use" if self.turn.calls else "end_turn"

    def content(self) -> list[Json]:
        """Thoughts, then what was said, then the calls."""
        turn = self.turn
        blocks: list[Json] = []
        if self.thoughts:
            signature = _digest(self.id)
            blocks.append({"type": "thinking", "thinking": _THOUGHT, "signature": signature})
        said = turn.text if turn.refusal is None else turn.refusal
        if said:
            blocks.append({"type": "text", "text": said, "citations": None})
        for place, call in enumerate(turn.calls):
            blocks.append(
                {
                    "type": "tool_use",
                    "id": f"toolu_{_digest(f'{self.id}/{place}')[:24]}",
                    "name": call.name,
                    "input": _parsed(call.arguments),
                }
            )
        return blocks

    def message(self) -> Json:
        """The whole message."""
        return self._begun() | {
            "content": self.content(),
            "stop_reason": self.stop_reason,
            "stop_sequence": self.turn.stop,
            "usage": self._bill(self.usage.tokens_out),
        }

    def stream(self) -> bytes:
        """The body of the stream."""
        return b"".join(sse.encode_named(event["type"], event) for event in self._until_broken())

    def _until_broken(self) -> Iterator[Json]:
        """The events; if the provider breaks off, its error comes instead of the rest."""
        breaks, said = self.turn.breaks, 0
        for event in self._events():
            if breaks is not None and event["type"] == "content_block_delta":
                if said == breaks.after:
                    break
                said += 1
            if breaks is not None and event["type"] == "message_delta":
                break
            yield event
        if breaks is not None:
            yield errors.by_type(breaks.code or "overloaded_error")[1]

    def _events(self) -> Iterator[Json]:
        yield {"type": "message_start", "message": self._begun()}
        written = iter(self.turn.calls)
        for index, block in enumerate(self.content()):
            # A call is streamed as the model wrote it, which need not be JSON.
            raw = next(written).arguments if block["type"] == "tool_use" else ""
            yield from _block(index, block, raw)
            if index == 0:
                yield {"type": "ping"}
        delta = {"stop_reason": self.stop_reason, "stop_sequence": self.turn.stop}
        usage = {"output_tokens": self.usage.tokens_out}
        yield {"type": "message_delta", "delta": delta, "usage": usage}
        yield {"type": "message_stop"}

    def _begun(self) -> Json:
        """The message before anything was said."""
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.request.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._bill(1),
        }

    def _bill(self, tokens_out: int) -> Json:
        return {
            "input_tokens": self.tokens_in,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": tokens_out,
            "service_tier": "standard",
        }


def _block(index: int, block: Json, raw: str) -> Iterator[Json]:
    """One block: it starts empty, is filled, and stops."""
    match block["type"]:
        case "text":
            empty, words = block | {"text": ""}, tokens.split(block["text"])
            deltas = [{"type": "text_delta", "text": word} for word in words]
        case "thinking":
            empty = block | {"thinking": "", "signature": ""}
            words = tokens.split(block["thinking"])
            deltas = [{"type": "thinking_delta", "thinking": word} for word in words]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        case _:
            empty = block | {"input": {}}
            words = ["", *tokens.split(raw)]
            deltas = [{"type": "input_json_delta", "partial_json": word} for word in words]
    yield {"type": "content_block_start", "index": index, "content_block": empty}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(arguments: str) -> Json:
    """Arguments as an object; what is no object is none here, since the API promises one."""
    try:
        value = json.loads(arguments)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}
