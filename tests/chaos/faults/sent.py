"""Requests as the SDKs send them, and faults as scenarios write them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from chaos.choices import Choices, Seeded
from chaos.faults.decision import Decision
from chaos.faults.injector import Injector
from chaos.http import Request
from chaos.ports import Operation, Upstream
from chaos.scenario.faults import AnyFault, Fault
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream

CHAT = Operation("chat.completions")
MEDIA = Operation("objects.media", "index.faiss")
DATA = bytes(range(256)) * 4

_FAULTS: TypeAdapter[Fault] = TypeAdapter(AnyFault)


def fault(kind: str, upstream: str = "openai", **parameters: Any) -> Fault:
    """A fault from what would stand in YAML."""
    return _FAULTS.validate_python({"fault": kind, "upstream": upstream, **parameters})


def chat_request(*, stream: bool = False, **more: Any) -> Request:
    """A chat completion."""
    body = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "How do I reset my password?"}],
        "stream": stream,
        **more,
    }
    return Request(
        method="POST",
        url="https://api.openai.com/v1/chat/completions",
        headers={"authorization": "Bearer sk-test"},
        body=json.dumps(body).encode(),
    )


def media_request() -> Request:
    """A download of the object that `store` holds."""
    return Request(
        method="GET",
        url="https://storage.googleapis.com/download/storage/v1/b/kb/o/index.faiss?alt=media",
    )


def store() -> GcsUpstream:
    """Cloud Storage with one object."""
    upstream = GcsUpstream()
    upstream.put("kb", "index.faiss", DATA)
    return upstream


def injector(*faults: Fault, choices: Choices | None = None) -> Injector:
    """An injector with these faults in force."""
    made = Injector(choices or Seeded(7))
    for each in faults:
        made.inject(each, now_s=0.0)
    return made


def decide(
    *faults: Fault, upstream: Upstream | None = None, choices: Choices | None = None
) -> Decision:
    """What these faults make of one call: a chat completion, or of a store a download."""
    upstream = upstream or OpenAIUpstream()
    operation = MEDIA if upstream.name == "gcs" else CHAT
    return injector(*faults, choices=choices).decide(upstream, operation, call=1)
