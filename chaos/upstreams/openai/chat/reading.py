"""What a chat completion says, as far as it can still be read."""

from __future__ import annotations

from typing import Any

from chaos.http import Response
from chaos.upstreams import sse
from chaos.upstreams.openai.reading import Read, text_of


def read(response: Response) -> Read:
    """What a 200 says, streamed or not; of several choices, the first.

    Raises:
        ValueError: It is not a completion.
    """
    try:
        if sse.is_event_stream(response):
            return _streamed(sse.payloads(response.body))
        return _whole(response.json())
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a completion: {error}") from error


def _whole(completion: Any) -> Read:  # noqa: ANN401 - JSON is anything
    choice = completion["choices"][0]
    message = choice["message"]
    usage = completion.get("usage") or {}
    return Read(
        text=text_of(message["content"]),
        refusal=message.get("refusal"),
        calls=len(message.get("tool_calls") or ()),
        finish_reason=choice["finish_reason"],
        model=completion.get("model"),
        tokens_in=usage.get("prompt_tokens"),
        tokens_out=usage.get("completion_tokens"),
    )


def _streamed(chunks: list[Any]) -> Read:
    failure = next((chunk["error"] for chunk in chunks if "error" in chunk), None)
    # Gateways send chunks without choices, and choices without a delta; neither says anything.
    choices = [choice for chunk in chunks for choice in chunk.get("choices") or ()]
    if not choices and failure is None:
        raise ValueError("not a completion: no choices")
    mine = [choice for choice in choices if choice.get("index", 0) == 0]
    deltas = [choice["delta"] for choice in mine if choice.get("delta")]
    texts = [text_of(delta.get("content")) for delta in deltas]
    said = [text for text in texts if text is not None]
    refusal = "".join(delta.get("refusal") or "" for delta in deltas)
    calls = {call.get("index") for delta in deltas for call in delta.get("tool_calls") or ()}
    reasons = [choice["finish_reason"] for choice in mine if choice.get("finish_reason")]
    usage: dict[str, int] = next((each["usage"] for each in chunks[::-1] if each.get("usage")), {})
    return Read(
        text="".join(said) if said or not calls else None,
        refusal=refusal or None,
        calls=len(calls),
        finish_reason=reasons[-1] if reasons else None,
        error=failure and str(failure.get("code") or failure.get("type") or "error"),
        model=next((chunk["model"] for chunk in chunks if chunk.get("model")), None),
        tokens_in=usage.get("prompt_tokens"),
        tokens_out=usage.get("completion_tokens", sum(map(_weight, deltas))),
    )


def _weight(delta: dict[str, Any]) -> int:
    """How many tokens went into a delta: one, if it says anything."""
    return 1 if any(delta.get(key) for key in ("content", "refusal", "tool_calls")) else 0
