"""A completion in chunks: a role, what is said token by token, a reason to stop, and the bill."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from chaos.upstreams import sse, tokens
from chaos.upstreams.openai import logprobs
from chaos.upstreams.openai.chat.answering import Choice, Completion
from chaos.upstreams.openai.errors import in_a_stream

Delta = dict[str, Any]


def events(head: Mapping[str, Any], completion: Completion) -> bytes:
    """The body of the stream: an event for each chunk, then ``[DONE]``.

    If the provider breaks off, its error comes in place of the rest.
    """
    broken = next((c.turn.breaks for c in completion.choices if c.turn.breaks), None)
    chunks = list(_chunks(head, completion))
    if broken is None:
        return sse.encode_events(chunks)
    said = [chunk for chunk in chunks if _says_something(chunk)]
    kept = chunks[: chunks.index(said[broken.after])] if broken.after < len(said) else chunks
    return b"".join(map(sse.encode_event, [*kept, in_a_stream(broken.code)]))


def _chunks(head: Mapping[str, Any], completion: Completion) -> Iterator[dict[str, Any]]:
    options = completion.request.stream_options
    usage_wanted = options is not None and bool(options.include_usage)
    veiled = options is None or options.include_obfuscation is not False
    usage = {"usage": None} if usage_wanted else {}
    number = 0
    # Choices are made side by side, so their chunks come in turns.
    for row in zip_longest(*(_deltas(choice, completion) for choice in completion.choices)):
        for index, each in enumerate(row):
            if each is None:
                continue
            delta, reason, odds = each
            sent = {"index": index, "delta": delta, "logprobs": odds, "finish_reason": reason}
            chunk = {**head, "object": "chat.completion.chunk", "choices": [sent], **usage}
            if veiled:
                chunk["obfuscation"] = _veil(f"{head['id']}/{number}")
            number += 1
            yield chunk
    if usage_wanted:
        last = {"choices": [], "usage": completion.bill}
        yield {**head, "object": "chat.completion.chunk", **last}


def _deltas(
    choice: Choice, completion: Completion
) -> Iterator[tuple[Delta, str | None, Delta | None]]:
    """What each chunk adds, why the model stopped, and how likely its tokens were."""
    turn, request = choice.turn, completion.request
    content = None if turn.text is None else ""
    yield {"role": "assistant", "content": content, "refusal": None}, None, None
    for place, word in enumerate(tokens.split(turn.text or "")):
        odds = None
        if request.logprobs:
            entry = logprobs.entry(word, place, request.top_logprobs or 0)
            odds = {"content": [entry], "refusal": None}
        yield {"content": word}, None, odds
    for word in tokens.split(turn.refusal or ""):
        yield {"refusal": word}, None, None
    for index, (call_id, call) in enumerate(choice.calls):
        begun = {
            "id": call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        yield {"tool_calls": [{"index": index, **begun}]}, None, None
        for piece in tokens.split(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None, None
    yield {}, choice.finish_reason, None


def _says_something(chunk: Mapping[str, Any]) -> bool:
    """Whether the model had to make a token for this chunk."""
    delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
    return bool(delta) and "role" not in delta


def _veil(salt: str) -> str:
    """Random letters, so that the length of a chunk does not tell the length of its token."""
    digest = hashlib.sha256(salt.encode()).hexdigest()
    return digest[: 4 + int(digest[0], 16) % 12]
