"""OpenAI's API: chat completions, embeddings and the list of models."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import random
import re
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from chaos.http import Request, Response, json_response
from chaos.ports import Operation, Upstream
from chaos.trace.events import Scalar
from chaos.upstreams.openai import chat, errors, validation

_ROUTES = (
    ("POST", re.compile(r"/v1/chat/completions"), "chat.completions"),
    ("POST", re.compile(r"/v1/embeddings"), "embeddings"),
    ("GET", re.compile(r"/v1/models"), "models.list"),
    ("GET", re.compile(r"/v1/models/(?P<model>[^/]+)"), "models.retrieve"),
)

_CHAT_MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-4.1")
_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
_RELEASED_AT = 1_721_172_741


class OpenAIUpstream(Upstream):
    """Stands in for ``api.openai.com``.

    Any key is good, except one that begins with ``sk-invalid``. Answers depend on the request
    alone, apart from their ids (numbered) and ``created`` (the clock).

    Example:
        >>> request = Request(
        ...     method="GET",
        ...     url="https://api.openai.com/v1/models/gpt-4o-mini",
        ...     headers={"authorization": "Bearer sk-test"},
        ... )
        >>> OpenAIUpstream().handle(request).json()["owned_by"]
        'system'
    """

    name: ClassVar[str] = "openai"
    hosts: ClassVar[tuple[str, ...]] = ("api.openai.com",)
    operations: ClassVar[tuple[str, ...]] = tuple(name for _, _, name in _ROUTES)

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def classify(self, request: Request) -> Operation | None:
        """The operation; for one model, its name is the object."""
        for method, path, name in _ROUTES:
            if request.method == method and (match := path.fullmatch(request.path)):
                return Operation(name, match.groupdict().get("model"))
        return None

    def handle(self, request: Request) -> Response:
        """Answer as OpenAI would."""
        number = next(self._numbers)
        response = self._answer(request, number)
        return response.with_headers(
            [
                ("openai-version", "2020-10-01"),
                ("x-request-id", f"req_{hashlib.md5(str(number).encode()).hexdigest()}"),  # noqa: S324 - a name, not a secret
            ]
        )

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """``text`` and ``finish_reason`` of a completion, or the ``code`` of an error.

        As this response carries them; empty if a fault left nothing of it that can be read.
        """
        if response.status != 200:  # noqa: PLR2004 - OK
            code = errors.code_of(response)
            return {} if code is None else {"code": code}
        if operation.name != "chat.completions":
            return {}
        try:
            text, finish_reason = chat.read_completion(response)
        except ValueError:
            return {}
        return {"text": text, "finish_reason": finish_reason}

    def rate_limited(self, code: str) -> Response:
        """OpenAI's 429; see `chaos.upstreams.openai.errors.rate_limited`."""
        return errors.rate_limited(code)

    def failed(self, status: int) -> Response:
        """OpenAI's usual error; see `chaos.upstreams.openai.errors.failed`."""
        return errors.failed(status)

    def _answer(self, request: Request, number: int) -> Response:
        operation = self.classify(request)
        if operation is None:
            return errors.error(
                404,
                f"Invalid URL ({request.method} {request.path})",
                kind="invalid_request_error",
            )
        refusal = _problem_with_key(request.headers.get("authorization", ""))
        if refusal is not None:
            return refusal
        match operation.name:
            case "chat.completions":
                return _chat(request, number)
            case "embeddings":
                return _embed(request)
            case "models.list":
                models = [_model(name) for name in (*_CHAT_MODELS, *_DIMENSIONS)]
                return json_response(200, {"object": "list", "data": models})
            case _:
                assert operation.object is not None
                known = operation.object in (*_CHAT_MODELS, *_DIMENSIONS)
                return (
                    json_response(200, _model(operation.object))
                    if known
                    else _unknown_model(operation.object)
                )


def _chat(request: Request, number: int) -> Response:
    read = _read_chat(request.body)
    if isinstance(read, Response):
        return read
    body, completion = read
    return chat.chat_response(body, completion, number=number)


# The same questions are asked in every run of an exploration, and all through an incident.
@lru_cache(maxsize=1024)
def _read_chat(raw: bytes) -> Response | tuple[Mapping[str, Any], chat.Completion]:
    """What is asked for, and the model's answer to it; or why there is none."""
    problem = validation.problem_with(raw)
    if problem is not None:
        return problem
    body = json.loads(raw)
    if body["model"] not in _CHAT_MODELS:
        return _unknown_model(body["model"])
    return body, chat.complete(body)


def _embed(request: Request) -> Response:
    """Vectors of unit length that depend on the text alone."""
    try:
        body = request.json()
        model, texts = body["model"], body["input"]
    except (ValueError, TypeError, KeyError):
        return errors.invalid_request("you must provide a model and an input parameter")
    if model not in _DIMENSIONS:
        return _unknown_model(model)
    texts = [texts] if isinstance(texts, str) else texts
    dimensions = body.get("dimensions") or _DIMENSIONS[model]
    as_base64 = body.get("encoding_format") == "base64"
    vectors = [_vector(str(text), dimensions) for text in texts]
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _packed(vector) if as_base64 else vector,
        }
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(len(str(text).split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_response(200, {"object": "list", "data": data, "model": model, "usage": usage})


def _vector(text: str, dimensions: int) -> list[float]:
    draw = random.Random(text)  # noqa: S311 - a hash of the text, the same in every process
    raw = [draw.gauss(0.0, 1.0) for _ in range(dimensions)]
    length = sum(x * x for x in raw) ** 0.5
    return [x / length for x in raw]


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _RELEASED_AT, "owned_by": "system"}


def _problem_with_key(authorization: str) -> Response | None:
    key = authorization.removeprefix("Bearer").strip()
    if not key:
        return errors.error(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            kind="invalid_request_error",
        )
    if key.startswith("sk-invalid"):
        return errors.failed(401)
    return None


def _unknown_model(name: object) -> Response:
    return errors.error(
        404,
        f"The model `{name}` does not exist or you do not have access to it.",
        kind="invalid_request_error",
        code="model_not_found",
    )
