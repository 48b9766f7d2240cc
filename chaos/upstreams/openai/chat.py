"""Chat completions as OpenAI writes them, with a text that can be recognised again.

The text quotes the question and ends in a hash of all messages, so that whoever shows it can be
held to it: no two conversations get the same text, and half a text is not the text.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaos.http import Response, json_response
from chaos.upstreams import sse

_QUOTED_WORDS = 8


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model makes of a request.

    Attributes:
        text: The answer; cut short if ``finish_reason`` is "length".
        finish_reason: "stop", or "length" when ``max_tokens`` ran out.
        prompt_tokens: Words in, which is near enough.
        completion_tokens: Words out.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int

    @property
    def usage(self) -> dict[str, int]:
        """The ``usage`` object of the response."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


def complete(body: Mapping[str, Any]) -> Completion:
    """Answer a valid request; the same messages always get the same answer.

    Example:
        >>> complete({"messages": [{"role": "user", "content": "Is the VPN down?"}]}).text
        'You asked: "Is the VPN down?" Here is what usually helps, step by step. [ref 677201740f]'
    """
    messages = body["messages"]
    asked = [_plain(message) for message in messages if message["role"] == "user"]
    quote = " ".join(asked[-1].split()[:_QUOTED_WORDS]) if asked else ""
    reference = hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()[:10]
    text = f'You asked: "{quote}" Here is what usually helps, step by step. [ref {reference}]'

    words = _words(text)
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or len(words)
    return Completion(
        text="".join(words[:limit]),
        finish_reason="length" if limit < len(words) else "stop",
        prompt_tokens=sum(len(_plain(message).split()) for message in messages),
        completion_tokens=min(limit, len(words)),
    )


def chat_response(body: Mapping[str, Any], completion: Completion, *, number: int) -> Response:
    """The response that carries ``completion``, streamed if the request asks for that.

    ``number`` tells the answers of a run apart: the provider never gives one id twice.
    """
    head = {
        "id": f"chatcmpl-{hashlib.sha256(f'{number}{completion.text}'.encode()).hexdigest()[:29]}",
        "created": int(time.time()),
        "model": body["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }
    if body.get("stream"):
        usage_wanted = bool((body.get("stream_options") or {}).get("include_usage"))
        return Response(
            status=200,
            headers=(("content-type", "text/event-stream; charset=utf-8"),),
            body=sse.encode_events(_chunks(head, completion, usage_wanted=usage_wanted)),
        )
    message: dict[str, Any] = {
        "role": "assistant",
        "content": completion.text,
        "refusal": None,
        "annotations": [],
    }
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": completion.finish_reason,
    }
    payload = head | {"object": "chat.completion", "choices": [choice], "usage": completion.usage}
    return json_response(200, payload)


def read_completion(response: Response) -> tuple[str | None, str | None]:
    """Text and finish reason that a 200 carries, streamed or not.

    Raises:
        ValueError: It is not a completion.
    """
    try:
        if not sse.is_event_stream(response):
            choice = response.json()["choices"][0]
            return choice["message"]["content"], choice["finish_reason"]
        choices = [choice for chunk in sse.payloads(response.body) for choice in chunk["choices"]]
        pieces = [choice["delta"].get("content") for choice in choices]
        reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a completion: {error}") from error
    if not choices:
        raise ValueError("not a completion: no choices")
    return "".join(piece or "" for piece in pieces), reasons[-1] if reasons else None


def _chunks(
    head: Mapping[str, Any], completion: Completion, *, usage_wanted: bool
) -> list[dict[str, Any]]:
    """A role, the words one by one, the reason to stop; then the usage, if wanted."""
    usage = {"usage": None} if usage_wanted else {}

    def chunk(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**head, "object": "chat.completion.chunk", "choices": [choice], **usage}

    chunks = [chunk({"role": "assistant", "content": "", "refusal": None})]
    chunks += [chunk({"content": word}) for word in _words(completion.text)]
    chunks += [chunk({}, completion.finish_reason)]
    if usage_wanted:
        chunks += [chunk({}) | {"choices": [], "usage": completion.usage}]
    return chunks


def _words(text: str) -> list[str]:
    """The text in pieces that join up to it again, each a word with its space."""
    return re.findall(r"\s*\S+", text)


def _plain(message: Mapping[str, Any]) -> str:
    """The text of a message whose content may come in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
