"""The models that the stand-in for OpenAI has, and what each of them can do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from chaos.http import Response
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.errors import error
from chaos.upstreams.prices import Price
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.unmodelled import UnmodelledError

Kind = Literal["chat", "embedding", "moderation", "completion"]

_TAUGHT_IN = "OpenAIUpstream(models=[...])"
_RELEASED_AT = 1_721_172_741
_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4}(?:-preview)?)$")
"""A release: ``gpt-4o-2024-08-06``, and as they were numbered before, ``gpt-4-0613``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        name: As requests call it. A dated name (``gpt-4o-2024-08-06``) is the same model.
        kind: What it is for: ``chat`` models serve chat completions and responses.
        reasons: Whether it thinks first: then its thoughts cost tokens, and it takes neither
            ``max_tokens`` nor another temperature than 1.
        context: Tokens that it reads and writes in all; None if nobody has said how many.
        longest: Tokens of its longest answer; None in the same way.
        sees: Whether it takes pictures.
        formats: What its answers may have to be besides prose.
        efforts: How hard it may be told to think; all if empty.
        parallels: Whether it may be told in chat how many tools it calls at once.
        dimensions: Of its embeddings, unless a request wants fewer.
        shortens: Whether a request may want fewer.
        price: What its tokens cost; None if nobody has put a price on them.
    """

    name: str
    kind: Kind = "chat"
    reasons: bool = False
    context: int | None = None
    longest: int | None = None
    sees: bool = True
    formats: frozenset[str] = frozenset({"json_object", "json_schema"})
    efforts: tuple[str, ...] = ()
    parallels: bool = True
    dimensions: int = 1536
    shortens: bool = True
    price: Price | None = None

    def resource(self, name: str) -> dict[str, Any]:
        """The model as the API lists it, under the name it was asked for."""
        return {"id": name, "object": "model", "created": _RELEASED_AT, "owned_by": "system"}


class Catalogue:
    """The models of one stand-in, by name.

    Args:
        models: Models, or names of chat models.
        unmodelled: Which names the provider has besides, for what its stand-in cannot do.
        any_name: Whether every other name is a chat model too, as behind a gateway.

    Example:
        >>> catalogue = Catalogue(["llama-4"])
        >>> catalogue.named("llama-4").name
        'llama-4'
    """

    def __init__(
        self,
        models: Iterable[Model | str],
        *,
        any_name: bool = False,
        unmodelled: re.Pattern[str] | None = None,
    ) -> None:
        known = (Model(name=each) if isinstance(each, str) else each for each in models)
        self._by_name: Mapping[str, Model] = {model.name: model for model in known}
        self._any_name = any_name
        self._unmodelled = unmodelled

    def priced(self, prices: Mapping[str, Price]) -> Catalogue:
        """The same models at these prices; one that is not there is a chat model from now on."""
        models = dict(self._by_name)
        for name, price in prices.items():
            models[name] = replace(self.get(name) or Model(name=name), name=name, price=price)
        return Catalogue(models.values(), any_name=self._any_name, unmodelled=self._unmodelled)

    def __iter__(self) -> Iterator[Model]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Model | None:
        """The model of that name, dated or not; None if there is none."""
        undated = _DATED.sub("", name)
        known = (self._by_name.get(each) for each in (name, undated, f"{undated}-latest"))
        found = next(filter(None, known), None)
        if found is None and self._any_name:
            return Model(name=name)
        return found

    def named(self, name: str) -> Model:
        """The model of that name.

        Raises:
            RefusalError: There is none: the provider's 404.
        """
        model = self.get(name)
        if model is None:
            raise RefusalError(unknown_model(name))
        return model

    def find(self, name: str, kind: Kind, asked: Asked) -> Model:
        """The model of that name and kind, for what was asked.

        Raises:
            RefusalError: There is none: the provider's 404.
            UnmodelledError: The provider has it, for what its stand-in cannot do.
        """
        model = self.get(name)
        if model is None and self._unmodelled is not None and self._unmodelled.search(name):
            part = f'model="{name}"'
            raise UnmodelledError(asked.upstream, asked.operation, [part], taught_in=_TAUGHT_IN)
        model = self.named(name)
        if model.kind != kind:
            raise RefusalError(_wrong_kind(kind))
        return model


def unknown_model(name: object) -> Response:
    """The 404 for a model that is not there."""
    return error(
        404,
        f"The model `{name}` does not exist or you do not have access to it.",
        kind="invalid_request_error",
        code="model_not_found",
    )


_NOT_FOR: Mapping[Kind, tuple[int, str, str | None]] = {
    "chat": (
        404,
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint.",
        "model",
    ),
    "completion": (
        404,
        "This is a chat model and not supported in the v1/completions endpoint.",
        "model",
    ),
    "embedding": (403, "You are not allowed to generate embeddings from this model", None),
    "moderation": (400, "Invalid value for 'model': this model does not moderate.", "model"),
}
"""What the provider says of a model that is there, but not for this; by what was wanted."""


def _wrong_kind(wanted: Kind) -> Response:
    status, message, param = _NOT_FOR[wanted]
    return error(status, message, kind="invalid_request_error", param=param)
