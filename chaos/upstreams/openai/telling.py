"""What a trace remembers of an answer of OpenAI's, and what laws may know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.trace.events import Scalar
from chaos.upstreams.openai import completions, errors
from chaos.upstreams.openai.chat import reading as of_chat
from chaos.upstreams.openai.chat.prompting import tokens_of
from chaos.upstreams.openai.chat.request import ChatRequest
from chaos.upstreams.openai.models import Catalogue
from chaos.upstreams.openai.reading import Read
from chaos.upstreams.openai.responses import reading as of_responses
from chaos.upstreams.prices import Usage, cost
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.said import Said

_READERS: Mapping[str, Callable[[Response], Read]] = {
    "chat.completions": of_chat.read,
    "responses.create": of_responses.read,
    "responses.retrieve": of_responses.read,
    "completions": completions.read,
}
"""How the operations in which a model speaks are read."""


# Of one answer, the trace wants to know what it says, and laws want to know it too.
@lru_cache(maxsize=64)
def _read(operation: str, response: Response) -> Read:
    return _READERS[operation](response)


_HOPELESS_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes of a 429 that does not go away by itself."""

_RETRYABLE = frozenset({408, 409, 425, 429})
"""Statuses below 500 that may go better next time: those that the SDK retries, and too early."""


def describe(operation: Operation, response: Response, models: Catalogue) -> Mapping[str, Scalar]:
    """The facts that a trace keeps; empty if there are none that can be read."""
    if response.status != HTTPStatus.OK:
        code = errors.code_of(response)
        return {} if code is None else {"code": code}
    if operation.name == "embeddings":
        return _of_embeddings(response, models)
    if operation.name not in _READERS:
        return {}
    try:
        read = _read(operation.name, response)
    except ValueError:
        return {}
    text = {"text": read.text, "finish_reason": read.finish_reason}
    return text | _bill(read.model, read.tokens_in, read.tokens_out, models)


def said(operation: Operation, request: Request, response: Response) -> Said | None:
    """What the model said; None for operations without a model, and for what cannot be read.

    A stream of a chat tells its bill only if it was asked to. What it cost to read follows from
    the request all the same.
    """
    if operation.name not in _READERS:
        return None
    if response.status != HTTPStatus.OK:
        return failure(response)
    try:
        found = _read(operation.name, response).said
    except ValueError:
        return None
    if found.tokens_in is None and operation.name == "chat.completions":
        return replace(found, tokens_in=_tokens_in(request))
    return found


def _tokens_in(request: Request) -> int | None:
    try:
        return tokens_of(ChatRequest.model_validate_json(request.body))
    except (ValidationError, RefusalError):
        return None


def failure(response: Response) -> Said:
    """What an error says: nothing, and whether it is worth another try.

    Example:
        >>> failure(errors.rate_limited("insufficient_quota")).retry_can_help
        False
    """
    transient = (
        response.status in _RETRYABLE or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    hopeless = errors.code_of(response) in _HOPELESS_CODES
    # A redirect is no refusal, and where it leads, nobody knows.
    is_redirect = response.status < HTTPStatus.BAD_REQUEST
    return Said(
        text=None,
        whole=False,
        ended="failed",
        retry_can_help=None if is_redirect else transient and not hopeless,
        had_effect=False,
    )


def _bill(
    name: str | None, tokens_in: int | None, tokens_out: int | None, models: Catalogue
) -> dict[str, Scalar]:
    """Tokens and dollars, as far as the response tells them."""
    bill: dict[str, Scalar] = {}
    if tokens_in is not None:
        bill["tokens_in"] = tokens_in
    if tokens_out is not None:
        bill["tokens_out"] = tokens_out
    model = models.get(name) if name else None
    if model is not None and tokens_in is not None:
        usage = Usage(tokens_in=tokens_in, tokens_out=tokens_out or 0)
        bill["cost"] = cost(usage, model.price)
    return bill


def _of_embeddings(response: Response, models: Catalogue) -> dict[str, Scalar]:
    try:
        body: Any = response.json()
        return _bill(body["model"], body["usage"]["prompt_tokens"], None, models)
    except (ValueError, LookupError, TypeError):
        return {}
