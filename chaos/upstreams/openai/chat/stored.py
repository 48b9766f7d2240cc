"""Completions that were made with ``store``: retrieved, listed, changed and deleted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, model_validator

from chaos.http import Response, json_response
from chaos.upstreams.declared import Declared
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.chat.request import Metadata
from chaos.upstreams.openai.listing import OrderedPageQuery, not_found, page
from chaos.upstreams.refusal import RefusalError

OBJECT = "chat.completion"

_KEY = re.compile(r"metadata\[(.+)\]")


class MetadataChange(Declared):
    """``POST /chat/completions/{id}``."""

    metadata: Metadata | None = Field(description="Takes the place of what was there.")


class StoredQuery(OrderedPageQuery):
    """``GET /chat/completions``."""

    model: str | None = Field(default=None, description="Only completions of this model.")
    metadata: dict[str, str] = Field(default={}, description="Only completions with all of these.")

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, sent: dict[str, Any]) -> dict[str, Any]:
        """Clients write ``metadata[key]=value``, once for each key."""
        found = {_KEY.fullmatch(name): value for name, value in sent.items()}
        metadata = {match[1]: value for match, value in found.items() if match is not None}
        rest = {name: value for name, value in sent.items() if not _KEY.fullmatch(name)}
        return rest | ({"metadata": metadata} if metadata else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A completion that is kept, with the messages that led to it."""

    completion: Mapping[str, Any]
    messages: tuple[Mapping[str, Any], ...]
    metadata: Mapping[str, str]

    @property
    def resource(self) -> dict[str, Any]:
        """The completion as it is retrieved."""
        return {**self.completion, "metadata": dict(self.metadata)}


class StoredCompletions:
    """Keeps completions for one run."""

    def __init__(self) -> None:
        self._by_id: dict[str, Stored] = {}

    def keep(
        self,
        completion: Mapping[str, Any],
        messages: list[Mapping[str, Any]],
        metadata: Mapping[str, str] | None,
    ) -> None:
        """Keep a completion."""
        self._by_id[completion["id"]] = Stored(
            completion=completion, messages=tuple(messages), metadata=metadata or {}
        )

    def retrieve(self, asked: Asked) -> Response:
        """One completion."""
        return json_response(200, self._named(asked).resource)

    def update(self, asked: Asked) -> Response:
        """Give a completion other metadata."""
        stored = self._named(asked)
        changed = replace(stored, metadata=asked.body(MetadataChange).metadata or {})
        self._by_id[asked.ids["id"]] = changed
        return json_response(200, changed.resource)

    def delete(self, asked: Asked) -> Response:
        """Forget a completion."""
        self._named(asked)
        del self._by_id[asked.ids["id"]]
        deleted = {"id": asked.ids["id"], "object": f"{OBJECT}.deleted", "deleted": True}
        return json_response(200, deleted)

    def list(self, asked: Asked) -> Response:
        """Completions, oldest first unless asked otherwise."""
        query = asked.query(StoredQuery)
        listed = [
            stored.resource
            for stored in self._by_id.values()
            if query.model in (None, stored.completion["model"])
            and query.metadata.items() <= stored.metadata.items()
        ]
        return page(listed[::-1] if query.order == "desc" else listed, query)

    def messages(self, asked: Asked) -> Response:
        """The messages that led to a completion."""
        stored, query = self._named(asked), asked.query(OrderedPageQuery)
        listed = [
            {"id": f"{asked.ids['id']}-{number}", **message}
            for number, message in enumerate(stored.messages)
        ]
        return page(listed[::-1] if query.order == "desc" else listed, query)

    def _named(self, asked: Asked) -> Stored:
        stored = self._by_id.get(asked.ids["id"])
        if stored is None:
            raise RefusalError(not_found(asked.ids["id"]))
        return stored
