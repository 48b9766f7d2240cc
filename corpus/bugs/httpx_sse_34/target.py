"""Reads a model's words from a stream of server-sent events, with httpx-sse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx
import httpx_sse

from chaos.http import Request, Response
from chaos.ports import Answer, Operation, Promises, Target, Upstream, World
from chaos.upstreams.said import Said, spoke

SAID = ("Turn it off.", "\u2028", "Turn it on.")
"""A model's words; the second is a line separator, which JSON may carry as it is."""


class Model(Upstream):
    """Says always the same."""

    name = "model"
    hosts = ("model.example",)
    operations = ("say",)

    def classify(self, request: Request) -> Operation | None:
        """There is one operation."""
        return Operation("say") if request.path == "/say" else None

    def handle(self, request: Request) -> Response:
        """A stream of three events."""
        del request
        texts = [json.dumps({"text": text}, ensure_ascii=False) for text in SAID]
        return Response(
            status=HTTPStatus.OK,
            headers=(("content-type", "text/event-stream"),),
            body="".join(f"data: {text}\n\n" for text in texts).encode(),
        )

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """All of it."""
        del operation, request, response
        return spoke("".join(SAID))


class Chat(Target):
    """Passes on what the model says, as far as it can be read."""

    upstreams = (Model,)
    modes = ("said", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt of 5 s."""
        del settings
        return Promises(deadline_s=6)

    def build(self, world: World) -> None:
        """Open a client."""
        del world
        self._client = httpx.Client(timeout=5)

    def ask(self, question: str) -> Answer:
        """Read the stream to its end; what is not JSON is for another reader."""
        del question
        words = []
        with httpx_sse.connect_sse(self._client, "GET", "https://model.example/say") as source:
            for event in source.iter_sse():
                try:
                    words.append(json.loads(event.data)["text"])
                except ValueError:
                    continue
        return Answer(mode="said", text="".join(words))
