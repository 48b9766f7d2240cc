"""The operations of chat completions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from chaos.http import Response, json_response
from chaos.upstreams.openai import errors
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.chat import streaming
from chaos.upstreams.openai.chat.answering import Completion, complete, head, whole, with_ids
from chaos.upstreams.openai.chat.request import ChatRequest
from chaos.upstreams.openai.chat.stored import StoredCompletions
from chaos.upstreams.openai.models import Catalogue, Model
from chaos.upstreams.openai.words import read_body
from chaos.upstreams.script import ReplyScript

STREAM_HEADERS = (("content-type", "text/event-stream; charset=utf-8"),)


class ChatApi:
    """Answers chat requests.

    Args:
        models: Those that can be asked.
        script: What they say.
    """

    def __init__(self, models: Catalogue, script: ReplyScript) -> None:
        self._models = models
        self._script = script
        self.stored = StoredCompletions()

    def create(self, asked: Asked) -> Response:
        """Answer a conversation, streamed if the request wants it so."""
        raw = asked.request.body
        body, request = _read(raw, asked.upstream, asked.operation)
        model = self._models.find(request.model, "chat", asked)
        completion = (
            _unscripted(raw, asked.upstream, asked.operation, model)
            if self._script.is_empty
            else complete(request, body, model, self._script)
        )
        completion = with_ids(completion, asked.number)
        top = head(body, completion, number=asked.number, created=asked.now_s)
        broken = next((c.turn.breaks for c in completion.choices if c.turn.breaks), None)
        if request.store and broken is None:
            self.stored.keep(whole(top, completion), body["messages"], request.metadata)
        if request.stream:
            stream = streaming.events(top, completion)
            return Response(status=200, headers=STREAM_HEADERS, body=stream)
        if broken is not None:
            return json_response(500, errors.in_a_stream(broken.code))
        return json_response(200, whole(top, completion))


# The same questions are asked in every run of an exploration, and all through an incident.
@lru_cache(maxsize=1024)
def _read(raw: bytes, upstream: str, operation: str) -> tuple[Mapping[str, Any], ChatRequest]:
    request = read_body(ChatRequest, raw, upstream=upstream, operation=operation)
    return json.loads(raw), request


@lru_cache(maxsize=1024)
def _unscripted(raw: bytes, upstream: str, operation: str, model: Model) -> Completion:
    body, request = _read(raw, upstream, operation)
    return complete(request, body, model, ReplyScript())
