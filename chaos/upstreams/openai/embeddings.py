"""Embeddings: vectors of unit length that depend on their text alone."""

from __future__ import annotations

import base64
import json
import random
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from chaos.http import Response, json_response
from chaos.upstreams import tokens
from chaos.upstreams.declared import Declared
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.errors import error, invalid_request
from chaos.upstreams.openai.models import Catalogue, Model
from chaos.upstreams.refusal import RefusalError

MOST_TOKENS = 300_000
"""Tokens that all inputs of a request may have together."""

Text = Annotated[str, Field(min_length=1)]
Numbers = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=8192)]
"""A text that was taken apart by the client: numbers of tokens, which nobody can read back."""


def _form(sent: object) -> str:
    if not isinstance(sent, list):
        return "<text>"
    match sent[:1]:
        case [int()]:
            return "<numbers>"
        case [list()]:
            return "<lists>"
        case _:
            return "<texts>"


Input = Annotated[
    Annotated[Text, Tag("<text>")]
    | Annotated[list[Text], Field(min_length=1, max_length=2048), Tag("<texts>")]
    | Annotated[Numbers, Tag("<numbers>")]
    | Annotated[list[Numbers], Field(max_length=2048), Tag("<lists>")],
    Discriminator(_form),
]


class EmbeddingRequest(Declared):
    """``POST /embeddings``."""

    model: Annotated[str, Field(min_length=1)] = Field(description="One of the models it has.")
    input: Input = Field(description="A text or several, in words or in numbers of tokens.")
    dimensions: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="The vectors have so many, at most those of the model."
    )
    encoding_format: Literal["float", "base64"] | None = Field(
        default=None, description="Numbers, or Base64 of single-precision floats."
    )
    user: str | None = Field(
        default=None, description="Checked; nothing that an answer shows depends on it."
    )

    @property
    def inputs(self) -> Sequence[str | list[int]]:
        """What is to be embedded, one by one."""
        match self.input:
            case str(text):
                return [text]
            case [int(), *_]:
                return [self.input]  # type: ignore[list-item]  # numbers of one text
            case _:
                return self.input  # type: ignore[return-value]  # a list of texts


class EmbeddingsApi:
    """Answers requests for embeddings."""

    def __init__(self, models: Catalogue) -> None:
        self._models = models

    def create(self, asked: Asked) -> Response:
        """A vector for each input."""
        request = asked.body(EmbeddingRequest)
        model = self._models.find(request.model, "embedding", asked)
        if request.dimensions is not None and not model.shortens:
            message = "This model does not support specifying dimensions."
            raise RefusalError(invalid_request(message, "dimensions"))
        dimensions = request.dimensions or model.dimensions
        if dimensions > model.dimensions:
            message = f"Invalid value for 'dimensions' = {dimensions}. Must be less than or equal "
            message += f"to {model.dimensions}."
            raise RefusalError(invalid_request(message, "dimensions"))
        _require_short(request, model)
        data = [
            {"object": "embedding", "index": index, "embedding": _sent(each, dimensions, request)}
            for index, each in enumerate(request.inputs)
        ]
        spent = sum(_tokens(each) for each in request.inputs)
        usage = {"prompt_tokens": spent, "total_tokens": spent}
        payload = {"object": "list", "data": data, "model": request.model, "usage": usage}
        return json_response(200, payload)


def _require_short(request: EmbeddingRequest, model: Model) -> None:
    """Hold the inputs to what a model reads, each by itself and all together."""
    counted = [_tokens(each) for each in request.inputs]
    total = sum(counted)
    for place, length in enumerate(counted):
        if model.context is not None and length > model.context:
            # One input, in words or in numbers, is told without its place.
            is_list = request.inputs is request.input
            where = f"input[{place}]" if is_list else "input"
            message = f"Invalid '{where}': maximum input length is {model.context} tokens."
            raise RefusalError(invalid_request(message))
    if total > MOST_TOKENS:
        message = f"Requested {total} tokens, max {MOST_TOKENS} tokens per request"
        raise RefusalError(error(400, message, kind="max_tokens_per_request"))


def _sent(each: str | list[int], dimensions: int, request: EmbeddingRequest) -> Any:  # noqa: ANN401 - one of two forms
    vector = vector_of(each if isinstance(each, str) else json.dumps(each), dimensions)
    if request.encoding_format == "base64":
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return vector


def _tokens(each: str | list[int]) -> int:
    return tokens.count(each) if isinstance(each, str) else len(each)


def vector_of(text: str, dimensions: int) -> list[float]:
    """The vector of a text.

    Example:
        >>> vector_of("vpn", 2) == vector_of("vpn", 2) != vector_of("printer", 2)
        True
    """
    draw = random.Random(text)  # noqa: S311 - a hash of the text, the same in every process
    raw = [draw.gauss(0.0, 1.0) for _ in range(dimensions)]
    length = sum(x * x for x in raw) ** 0.5
    return [x / length for x in raw]
