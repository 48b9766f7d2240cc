"""Writes the page of all that the stand-ins take: ``python -m chaos.upstreams.reference PAGE``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from chaos.upstreams.anthropic import request as anthropic
from chaos.upstreams.declared import Declared
from chaos.upstreams.gcs.routes import ROUTES
from chaos.upstreams.openai.batches import BatchRequest
from chaos.upstreams.openai.chat.request import ChatRequest
from chaos.upstreams.openai.chat.stored import MetadataChange, StoredQuery
from chaos.upstreams.openai.completions import CompletionRequest
from chaos.upstreams.openai.embeddings import EmbeddingRequest
from chaos.upstreams.openai.files import FileForm, FilesQuery
from chaos.upstreams.openai.listing import OrderedPageQuery, PageQuery
from chaos.upstreams.openai.moderations import ModerationRequest
from chaos.upstreams.openai.responses.request import ResponseRequest, RetrieveQuery

_OPENAI: Mapping[str, type[Declared]] = {
    "chat.completions": ChatRequest,
    "chat.completions.list": StoredQuery,
    "chat.completions.update": MetadataChange,
    "responses.create": ResponseRequest,
    "responses.retrieve": RetrieveQuery,
    "responses.input_items": OrderedPageQuery,
    "embeddings": EmbeddingRequest,
    "moderations": ModerationRequest,
    "completions": CompletionRequest,
    "files.create": FileForm,
    "files.list": FilesQuery,
    "batches.create": BatchRequest,
    "batches.list": PageQuery,
}
_ANTHROPIC: Mapping[str, type[Declared]] = {
    "messages": anthropic.MessageRequest,
    "messages.count_tokens": anthropic.CountRequest,
}

_HEAD = """\
# What the stand-ins take

Generated from the declarations; `python -m chaos.upstreams.reference PAGE` writes it anew. A
parameter that is not in here is not modelled: a request with it ends the run as inconclusive, and
the message says which it was. [Stand-ins](stand-ins.md) says how to teach one.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for title, operations in (("OpenAI", _OPENAI), ("Anthropic", _ANTHROPIC)):
        parts.append(f"## {title}\n")
        parts += [_operation(name, kind) for name, kind in operations.items()]
    parts.append(_storage())
    return "\n".join(parts)


def _operation(name: str, kind: type[Declared]) -> str:
    # Several kinds of a thing have parameters in common.
    rows = dict.fromkeys(f"| `{place}` | {what} |" for place, what in _parameters(kind, "", ()))
    head = ("| parameter | what becomes of it |", "| --- | --- |")
    return "\n".join((f"### {name}\n", *head, *rows, ""))


def _parameters(
    kind: type[BaseModel], before: str, outer: tuple[type[BaseModel], ...]
) -> Iterator[tuple[str, str]]:
    """Each parameter of a declaration, then those inside it; of several kinds, all together."""
    for name, field in kind.model_fields.items():
        place = f"{before}{field.alias or name}"
        yield place, field.description or ""
        for inner in dict.fromkeys(_classes(field.annotation)):
            # Declarations are trees, but nothing says that they have to be.
            if inner not in outer:
                yield from _parameters(inner, f"{place}.", (*outer, kind))


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - an annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _classes(inner)


def _storage() -> str:
    rows: dict[str, frozenset[str]] = {}
    for route in ROUTES:
        own = route.takes | route.query.keys()
        rows[route.operation] = rows.get(route.operation, frozenset()) | own
    lines = [
        f"| {operation} | {', '.join(f'`{name}`' for name in sorted(takes)) or 'nothing'} |"
        for operation, takes in rows.items()
    ]
    head = "Every operation of the JSON API takes `alt`, `fields`, `key`, `prettyPrint` and "
    head += "`quotaUser` besides."
    table = ("| operation | query |", "| --- | --- |")
    return "\n".join(("## Cloud Storage\n", head, "", *table, *lines, ""))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
