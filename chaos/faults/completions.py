"""The fault by which a valid completion is of no use; and how to take completions apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from chaos.faults.behaviour import AlteringFault
from chaos.http import Response, json_bytes
from chaos.scenario.faults import CompletionFault
from chaos.upstreams import sse
from chaos.upstreams.openai.reading import text_of

Payload = dict[str, Any]
"""A completion, or a chunk of one, parsed."""


class Completion(AlteringFault[CompletionFault]):
    """A valid completion that cannot be used.

    If the fault does not give a ``content``, the content is null, as after a filter or a refusal;
    with "length" it is the first half of the true text.
    """

    model = CompletionFault

    def alter(self, response: Response) -> Response:
        """Change content and finish reason of a completion, streamed or not."""
        objects = completion_objects(response)
        if sse.is_event_stream(response):
            return with_objects(response, list(self._streamed(objects)))
        return with_objects(response, [self._whole(each) for each in objects])

    def _whole(self, completion: Payload) -> Payload:
        return completion | {"choices": [self._spoiled(each) for each in completion["choices"]]}

    def _spoiled(self, choice: Payload) -> Payload:
        # Whoever asks for a tool has not stopped for any of the reasons that this fault gives.
        kept = {key: value for key, value in choice["message"].items() if key != "tool_calls"}
        message = kept | {"content": self._content(text_of(kept["content"]))}
        return choice | {"message": message, "finish_reason": self.fault.finish_reason}

    def _streamed(self, chunks: Sequence[Payload]) -> Iterator[Payload]:
        texts: dict[int, str] = {}
        for chunk in chunks:
            texts[_index(chunk)] = texts.get(_index(chunk), "") + _said(chunk)
        words = {
            index: re.findall(r"\s*\S+|\s+", self._content(text) or "")
            for index, text in texts.items()
        }
        for chunk in chunks:
            choice = chunk["choices"][0] if chunk["choices"] else {}
            if choice.get("finish_reason"):
                finished = choice | {"finish_reason": self.fault.finish_reason}
                yield chunk | {"choices": [finished]}
            elif (choice.get("delta") or {}).get("tool_calls"):
                continue
            elif not _said(chunk):
                yield chunk
            else:
                # The first chunk that said something serves as the form for all that is said.
                for word in words.pop(_index(chunk), ()):
                    yield chunk | {"choices": [choice | {"delta": {"content": word}}]}

    def _content(self, text: str | None) -> str | None:
        if "content" in self.fault.model_fields_set:
            return self.fault.content
        if self.fault.finish_reason == "length" and text is not None:
            return text[: len(text) // 2]
        return None


def completion_objects(response: Response) -> list[Payload]:
    """The completion that a response carries, or its chunks; none if it carries neither."""
    if response.status != HTTPStatus.OK:
        return []
    try:
        if sse.is_event_stream(response):
            objects = sse.payloads(response.body)
        else:
            objects = [response.json()]
    except ValueError:
        return []
    known = {"chat.completion", "chat.completion.chunk"}
    if not all(isinstance(each, dict) and each.get("object") in known for each in objects):
        return []
    # Without any choice left, an earlier fault was here, and there is nothing more to spoil.
    return objects if any(each["choices"] for each in objects) else []


def with_objects(response: Response, objects: Sequence[Payload]) -> Response:
    """The response with these in place of what it carries; as it was if there are none."""
    if not objects:
        return response
    if sse.is_event_stream(response):
        return replace(response, body=sse.encode_events(objects))
    return replace(response, body=json_bytes(objects[0]))


def _index(chunk: Payload) -> int:
    """Which of several choices a chunk is of."""
    return int(chunk["choices"][0]["index"]) if chunk["choices"] else -1


def _said(chunk: Payload) -> str:
    """The text of one chunk."""
    delta = (chunk["choices"][0].get("delta") if chunk["choices"] else None) or {}
    return text_of(delta.get("content")) or ""
