"""The models that the stand-in for OpenAI has, and what each of them can do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from chaos.http import Response
from chaos.upstreams.openai.errors import error
from chaos.upstreams.prices import FREE, Price
from chaos.upstreams.refusal import RefusalError

Kind = Literal["chat", "embedding", "moderation", "completion"]

_RELEASED_AT = 1_721_172_741
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        name: As requests call it. A dated name (``gpt-4o-2024-08-06``) is the same model.
        kind: What it is for: ``chat`` models serve chat completions and responses.
        reasons: Whether it thinks first: then its thoughts cost tokens, and it takes neither
            ``max_tokens`` nor another temperature than 1.
        dimensions: Of its embeddings, unless a request wants fewer.
        price: What its tokens cost; None if nobody has put a price on them.
    """

    name: str
    kind: Kind = "chat"
    reasons: bool = False
    dimensions: int = 1536
    price: Price | None = None

    def resource(self, name: str) -> dict[str, Any]:
        """The model as the API lists it, under the name it was asked for."""
        return {"id": name, "object": "model", "created": _RELEASED_AT, "owned_by": "system"}


DEFAULT_MODELS = (
    Model(name="gpt-4o-mini"),
    Model(name="gpt-4o"),
    Model(name="gpt-4.1-mini"),
    Model(name="gpt-4.1"),
    Model(name="o4-mini", reasons=True),
    Model(name="gpt-5", reasons=True),
    Model(name="gpt-5-mini", reasons=True),
    Model(name="gpt-3.5-turbo-instruct", kind="completion"),
    Model(name="text-embedding-3-small", kind="embedding"),
    Model(name="text-embedding-3-large", kind="embedding", dimensions=3072),
    Model(name="omni-moderation-latest", kind="moderation", price=FREE),
)
"""A few of each kind. Prices change: a test brings those that it claims something about."""


class Catalogue:
    """The models of one stand-in, by name.

    Args:
        models: Models, or names of chat models.
        any_name: Whether every other name is a chat model too, as behind a gateway.

    Example:
        >>> catalogue = Catalogue(["llama-4"])
        >>> catalogue.find("llama-4", "chat").name
        'llama-4'
    """

    def __init__(self, models: Iterable[Model | str], *, any_name: bool = False) -> None:
        known = (Model(name=each) if isinstance(each, str) else each for each in models)
        self._by_name: Mapping[str, Model] = {model.name: model for model in known}
        self._any_name = any_name

    def priced(self, prices: Mapping[str, Price]) -> Catalogue:
        """The same models at these prices; one that is not there is a chat model from now on."""
        models = dict(self._by_name)
        for name, price in prices.items():
            models[name] = replace(self.get(name) or Model(name=name), name=name, price=price)
        return Catalogue(models.values(), any_name=self._any_name)

    def __iter__(self) -> Iterator[Model]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Model | None:
        """The model of that name, dated or not; None if there is none."""
        found = self._by_name.get(name) or self._by_name.get(_DATED.sub("", name))
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

    def find(self, name: str, kind: Kind) -> Model:
        """The model of that name and kind.

        Raises:
            RefusalError: There is none: the provider's 404.
        """
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
