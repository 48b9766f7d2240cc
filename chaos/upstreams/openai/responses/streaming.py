"""A response as the events by which it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from chaos.upstreams import sse, tokens
from chaos.upstreams.openai.responses.answering import Answer, Json

_BROKEN = "The server had an error while processing your request. Sorry about that!"


def events(answer: Answer) -> list[Json]:
    """The events of a response, numbered from 0.

    If the provider breaks off, ``response.failed`` or a bare ``error`` comes instead of the rest.
    """
    numbered: list[Json] = []
    said = 0
    for event in _events(answer):
        if answer.breaks is not None and event["type"].endswith(".delta"):
            if said == answer.breaks.after:
                break
            said += 1
        numbered.append(event)
    if answer.breaks is not None:
        numbered = [event for event in numbered if event["type"] not in _DONE]
        numbered.append(_break(answer))
    return [event | {"sequence_number": number} for number, event in enumerate(numbered)]


def encode(listed: list[Json]) -> bytes:
    """The body of the stream; there is no ``[DONE]`` here."""
    return b"".join(sse.encode_named(event["type"], event) for event in listed)


_DONE = frozenset({"response.completed", "response.incomplete"})


def _break(answer: Answer) -> Json:
    if answer.breaks is not None and answer.breaks.abrupt:
        code = answer.breaks.code or "server_error"
        return {"type": "error", "code": code, "message": _BROKEN, "param": None}
    return {"type": "response.failed", "response": answer.failed([])}


def _events(answer: Answer) -> Iterator[Json]:
    if answer.request.background:
        yield {"type": "response.created", "response": answer.begun("queued")}
        yield {"type": "response.queued", "response": answer.begun("queued")}
    else:
        yield {"type": "response.created", "response": answer.begun("in_progress")}
    yield {"type": "response.in_progress", "response": answer.begun("in_progress")}
    for place, item in enumerate(answer.output()):
        yield from _item(answer, place, item)
    done = answer.begun("failed") if answer.breaks else answer.resource()
    yield {"type": f"response.{answer.status}", "response": done}


def _item(answer: Answer, place: int, item: Json) -> Iterator[Json]:
    """One item: it is added, filled, and done."""
    match item["type"]:
        case "message":
            empty = item | {"status": "in_progress", "content": []}
            inside = _content(answer, place, item)
        case "function_call":
            empty = item | {"status": "in_progress", "arguments": ""}
            inside = _arguments(answer, place, item)
        case _:
            empty = item | {"summary": []}
            inside = _summary(place, item)
    yield {"type": "response.output_item.added", "output_index": place, "item": empty}
    yield from inside
    yield {"type": "response.output_item.done", "output_index": place, "item": item}


def _content(answer: Answer, place: int, item: Json) -> Iterator[Json]:
    where = {"item_id": item["id"], "output_index": place, "content_index": 0}
    (part,) = item["content"]
    kind = part["type"]
    text = part["text"] if kind == "output_text" else part["refusal"]
    name = "text" if kind == "output_text" else "refusal"
    empty: Json = part | {name: ""} | ({"logprobs": []} if "logprobs" in part else {})
    yield {"type": "response.content_part.added", **where, "part": empty}
    for number, word in enumerate(tokens.split(text)):
        odds = {"logprobs": answer.odds(word, number)} if kind == "output_text" else {}
        delta = {"type": f"response.{kind}.delta", **where, "delta": word, **odds}
        yield delta | _veil(answer, f"{item['id']}/{number}")
    odds = {"logprobs": part["logprobs"]} if kind == "output_text" else {}
    yield {"type": f"response.{kind}.done", **where, name: text, **odds}
    yield {"type": "response.content_part.done", **where, "part": part}


def _arguments(answer: Answer, place: int, item: Json) -> Iterator[Json]:
    where = {"item_id": item["id"], "output_index": place}
    kind = "response.function_call_arguments"
    for number, piece in enumerate(tokens.split(item["arguments"])):
        delta = {"type": f"{kind}.delta", **where, "delta": piece}
        yield delta | _veil(answer, f"{item['id']}/{number}")
    done = {"arguments": item["arguments"], "name": item["name"]}
    yield {"type": f"{kind}.done", **where, **done}


def _summary(place: int, item: Json) -> Iterator[Json]:
    for number, part in enumerate(item["summary"]):
        where: dict[str, Any] = {"item_id": item["id"], "output_index": place}
        where["summary_index"] = number
        kind = "response.reasoning_summary"
        yield {"type": f"{kind}_part.added", **where, "part": part | {"text": ""}}
        yield {"type": f"{kind}_text.delta", **where, "delta": part["text"]}
        yield {"type": f"{kind}_text.done", **where, "text": part["text"]}
        yield {"type": f"{kind}_part.done", **where, "part": part}


def _veil(answer: Answer, salt: str) -> dict[str, str]:
    """Random letters, so that the length of an event does not tell the length of its token."""
    options = answer.request.stream_options
    if options is not None and options.include_obfuscation is False:
        return {}
    digest = hashlib.sha256(salt.encode()).hexdigest()
    return {"obfuscation": digest[: 4 + int(digest[0], 16) % 12]}
