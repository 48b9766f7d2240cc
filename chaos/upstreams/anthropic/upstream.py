"""Anthropic's API: messages, plain and streamed, the count of their tokens, and the models."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from chaos.http import Request, Response, json_bytes, json_response
from chaos.ports import Operation, Upstream
from chaos.scenario.circumstances import Circumstance
from chaos.trace.bill import Bill
from chaos.trace.events import Scalar
from chaos.upstreams import model as imitation
from chaos.upstreams.anthropic import errors, reading, words
from chaos.upstreams.anthropic.answering import Answer
from chaos.upstreams.anthropic.prompting import check, prompt_of, tokens_of, undated
from chaos.upstreams.anthropic.request import (
    CountRequest,
    MessageRequest,
    ModelsQuery,
    ThinkingEnabled,
)
from chaos.upstreams.bodies import parsed
from chaos.upstreams.declared import Declared, MistakenError, read
from chaos.upstreams.given import MODEL, ModelGiven
from chaos.upstreams.prices import Price, Usage, cost
from chaos.upstreams.rates import Meter, Meters, RateLimits
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.said import Said
from chaos.upstreams.script import ReplyScript, Written
from chaos.upstreams.unmodelled import UnmodelledError

D = TypeVar("D", bound=Declared)

_ROUTES = (
    ("POST", re.compile(r"/v1/messages"), "messages"),
    ("POST", re.compile(r"/v1/messages/count_tokens"), "messages.count_tokens"),
    ("GET", re.compile(r"/v1/models"), "models.list"),
    ("GET", re.compile(r"/v1/models/(?P<model>[^/]+)"), "models.retrieve"),
)
DEFAULT_MODELS = (
    *("claude-haiku-4-5", "claude-haiku-5-5"),
    *("claude-sonnet-4-5", "claude-sonnet-4-6", "claude-sonnet-5", "claude-sonnet-5-5"),
    *("claude-opus-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8"),
    *("claude-opus-5", "claude-opus-5-5", "claude-mythos-preview"),
    *("claude-mythos-5", "claude-mythos-5-1", "claude-mythos-5-2"),
    *("claude-fable-5", "claude-fable-5-1", "claude-fable-5-2"),
)
"""Those that the SDK names. Prices change: a test brings those that it claims something about."""

WINDOWS: Mapping[str, tuple[int, int]] = dict.fromkeys(
    ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"), (200_000, 64_000)
)
"""Tokens that a model reads and writes at most; models that are not in here have no limits."""

_VERSIONS = ("2023-06-01", "2026-10-21")
_GONE = ("temperature", "top_p", "top_k")
"""Parameters that the second version does not have any more."""

_ORGANIZATION = "00000000-0000-4000-8000-000000000000"
_THOUGHT_SHARE = 10
_LARGEST_BODY = 32 * 1024 * 1024


class AnthropicUpstream(Upstream):
    """Stands in for ``api.anthropic.com``.

    Both versions of the API are there, 2023-06-01 and 2026-10-21. Any key is good, except one that
    begins with ``sk-invalid``. Answers depend on the request alone but for their ids. A request
    with a parameter that is not modelled, and one that asks for a beta feature, raises
    `chaos.upstreams.unmodelled.UnmodelledError`.

    Args:
        answers: What the model says; see `chaos.upstreams.script.Script`.
        models: The models there are: names, or names with their prices; None for none.
        limits: What is allowed in a minute; tokens are those of requests. Without it there are no
            limits, and no headers that tell of them.

    Example:
        >>> import json
        >>> body = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [
        ...     {"role": "user", "content": "Is the VPN down?"}]}
        >>> request = Request(
        ...     method="POST",
        ...     url="https://api.anthropic.com/v1/messages",
        ...     headers={"x-api-key": "sk-test", "anthropic-version": "2023-06-01"},
        ...     body=json.dumps(body).encode(),
        ... )
        >>> AnthropicUpstream(answers="No.").handle(request).json()["content"][0]["text"]
        'No.'
    """

    name: ClassVar[str] = "anthropic"
    hosts: ClassVar[tuple[str, ...]] = ("api.anthropic.com",)
    reached_by: ClassVar[Mapping[str, str]] = {"ANTHROPIC_BASE_URL": "{url}"}
    operations: ClassVar[tuple[str, ...]] = tuple(operation for _, _, operation in _ROUTES)
    speaking: ClassVar[Collection[str]] = ("messages",)
    given: ClassVar[Circumstance | None] = MODEL

    def __init__(
        self,
        *,
        answers: Written = None,
        models: Iterable[str] | Mapping[str, Price | None] = DEFAULT_MODELS,
        limits: RateLimits | None = None,
    ) -> None:
        self._script = ReplyScript(answers)
        known = models if isinstance(models, Mapping) else dict.fromkeys(models)
        self._prices: Mapping[str, Price | None] = known
        self._meters = Meters(limits or RateLimits())
        self._numbers = itertools.count(1)
        self._faults = itertools.count(1)

    def arrange(self, given: ModelGiven) -> None:
        """Say what the scenario wants said, at its prices."""
        if given.answers is not None:
            self._script = ReplyScript(given.answers)
        self._prices = {**self._prices, **given.price_list()}

    def classify(self, request: Request) -> Operation | None:
        """The operation; for one model, its name is the object."""
        for method, path, operation in _ROUTES:
            if request.method == method and (match := path.fullmatch(request.path)):
                return Operation(operation, match.groupdict().get("model"))
        return None

    def handle(self, request: Request) -> Response:
        """Answer as Anthropic would.

        Raises:
            UnmodelledError: The request has something that is not modelled.
        """
        number = next(self._numbers)
        try:
            response = self._answer(request, number)
        except RefusalError as refusal:
            response = refusal.response
        return _stamped(response, str(number))

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """What a trace keeps: what was said and what it cost, or the type of an error as ``code``.

        ``finish_reason`` is in the words of OpenAI's chat completions.
        """
        if response.status != HTTPStatus.OK:
            kind = errors.type_of(response)
            return {} if kind is None else {"code": kind}
        if operation.name != "messages":
            return {}
        try:
            found = reading.read(response)
        except ValueError:
            return {}
        facts: dict[str, Scalar] = {"text": found.text, "finish_reason": found.finish_reason}
        bill = {"tokens_in": found.tokens_in, "tokens_out": found.tokens_out}
        facts |= {key: value for key, value in bill.items() if value is not None}
        price = self._price(found.model or "")
        if price is not None and found.tokens_in is not None:
            usage = Usage(tokens_in=found.tokens_in, tokens_out=found.tokens_out or 0)
            facts["cost"] = cost(usage, price)
        return facts

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """What the model said, in words of no provider; None for operations without a model."""
        del request
        if operation.name != "messages":
            return None
        if response.status != HTTPStatus.OK:
            return reading.failure(response)
        try:
            return reading.read(response).said
        except ValueError:
            return None

    def billed(self, operation: Operation, request: Request, response: Response) -> Bill | None:
        """The tokens of a message, and their cost if there is a price."""
        del request
        if operation.name != "messages" or response.status != HTTPStatus.OK:
            return None
        try:
            found = reading.read(response)
        except ValueError:
            return None
        name, price = found.model or "", self._price(found.model or "")
        usage = Usage(tokens_in=found.tokens_in or 0, tokens_out=found.tokens_out or 0)
        return Bill(
            model=name,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost=None if price is None else cost(usage, price),
        )

    def rate_limited(self, code: str) -> Response:
        """Anthropic's 429."""
        return self._of_a_fault(errors.rate_limited(code))

    def failed(self, status: int) -> Response:
        """Anthropic's usual error; 529 is its overload."""
        return self._of_a_fault(errors.failed(status))

    def _of_a_fault(self, response: Response) -> Response:
        """An error with an id of its own, if it is not that of a proxy before the provider."""
        if response.header("content-type") != "application/json":
            return response
        return _stamped(response, f"fault {next(self._faults)}")

    def _answer(self, request: Request, number: int) -> Response:
        operation = self.classify(request)
        if operation is None:
            return errors.failed(404)
        self._admit(request, operation)
        match operation.name:
            case "messages":
                return self._message(request, number)
            case "messages.count_tokens":
                count = self._read(CountRequest, request.body, operation.name)
                self._require_model(count.model)
                check(count)
                return json_response(200, {"input_tokens": tokens_of(count)})
            case "models.list":
                query = self._query(request, operation.name)
                return json_response(200, _page([_model(name) for name in self._prices], query))
            case _:
                name = operation.object or ""
                self._require_model(name)
                return json_response(200, _model(name))

    def _admit(self, request: Request, operation: Operation) -> None:
        """Hold a request to its headers and its size."""
        if len(request.body) > _LARGEST_BODY:
            raise RefusalError(errors.failed(413))
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.headers.get("x-api-key") or bearer
        if not key or key.startswith("sk-invalid"):
            raise RefusalError(errors.failed(401))
        if "anthropic-version" not in request.headers:
            raise RefusalError(errors.invalid("anthropic-version: header is required"))
        known = ModelsQuery.model_fields if operation.name == "models.list" else ()
        unknown = [f"?{name}" for name in request.query if name not in {"beta", *known}]
        if request.headers.get("anthropic-beta"):
            unknown.append(f'anthropic-beta="{request.headers["anthropic-beta"]}"')
        if request.headers["anthropic-version"] not in _VERSIONS:
            unknown.append(f'anthropic-version="{request.headers["anthropic-version"]}"')
        if unknown:
            raise UnmodelledError(self.name, operation.name, unknown, taught_in=__name__)

    def _message(self, request: Request, number: int) -> Response:
        wanted = self._read(MessageRequest, request.body, "messages")
        if request.headers["anthropic-version"] != _VERSIONS[0]:
            for name in _GONE:
                if name in wanted.model_fields_set:
                    raise RefusalError(errors.invalid(f"{name}: Extra inputs are not permitted"))
        self._require_model(wanted.model)
        prompt = prompt_of(wanted)
        tokens_in = tokens_of(wanted)
        self._require_room(wanted, tokens_in)
        meter = self._meters.of(undated(wanted.model))
        excess = meter.draw(tokens=tokens_in)
        if excess is not None:
            refused = errors.failed(429)
            if excess.wait_s is not None:
                wait = ("retry-after", str(math.ceil(excess.wait_s)))
                refused = refused.with_headers([wait])
            return refused.with_headers(_limits(meter))
        thinking = wanted.thinking
        thoughts = (
            thinking.budget_tokens // _THOUGHT_SHARE
            if isinstance(thinking, ThinkingEnabled)
            else 0
        )
        turn = imitation.take_turn(prompt, self._script)
        stops = wanted.stop_sequences or ()
        turn = imitation.end(turn, stops=stops, limit=max(wanted.max_tokens - thoughts, 0))
        digest = hashlib.sha256(f"{number}{turn.said}".encode()).hexdigest()
        answer = Answer(
            id=f"msg_{digest[:24]}",
            request=wanted,
            turn=turn,
            thoughts=thoughts,
            tokens_in=tokens_in,
        )
        return self._sent(answer).with_headers(_limits(meter))

    def _sent(self, answer: Answer) -> Response:
        if answer.request.stream:
            headers = (("content-type", "text/event-stream; charset=utf-8"),)
            return Response(status=200, headers=headers, body=answer.stream())
        if answer.turn.breaks is not None:
            return json_response(*errors.by_type(answer.turn.breaks.code or "overloaded_error"))
        return json_response(200, answer.message())

    def _query(self, request: Request, operation: str) -> ModelsQuery:
        sent = {name: value for name, value in request.query.items() if name != "beta"}
        try:
            return read(ModelsQuery, sent, upstream=self.name, operation=operation)
        except MistakenError as error:
            raise RefusalError(errors.invalid(words.message_of(error.mistake))) from None

    def _require_room(self, wanted: MessageRequest, tokens_in: int) -> None:
        """Hold a request to what its model reads and writes, as far as that is known."""
        name = undated(wanted.model)
        if name not in WINDOWS:
            return
        reads, writes = WINDOWS[name]
        if wanted.max_tokens > writes:
            raise RefusalError(
                errors.invalid(
                    f"max_tokens: {wanted.max_tokens} > {writes}, which is the maximum allowed "
                    f"number of output tokens for {wanted.model}"
                )
            )
        if tokens_in > reads:
            message = f"prompt is too long: {tokens_in} tokens > {reads} maximum"
            raise RefusalError(errors.invalid(message))

    def _read(self, kind: type[D], raw: bytes, operation: str) -> D:
        found = _read(kind, raw, self.name, operation)
        assert isinstance(found, kind), "what was read is of the kind that was wanted"
        return found

    def _price(self, model: str) -> Price | None:
        return self._prices.get(model, self._prices.get(undated(model)))

    def _require_model(self, model: str) -> None:
        if not {model, undated(model)} & self._prices.keys():
            raise RefusalError(errors.error(404, "not_found_error", f"model: {model}"))


def _limits(meter: Meter) -> list[tuple[str, str]]:
    """How the limits of a model stand, as each of its answers says it."""
    names = {"requests": ("requests",), "tokens": ("input-tokens", "tokens")}
    headers = []
    for standing in meter.standings():
        reset = datetime.fromtimestamp(math.ceil(time.time() + standing.reset_s), UTC)
        for name in names[standing.kind]:
            for word, value in (
                ("limit", str(standing.limit)),
                ("remaining", str(standing.remaining)),
                ("reset", reset.strftime("%Y-%m-%dT%H:%M:%SZ")),
            ):
                headers.append((f"anthropic-ratelimit-{name}-{word}", value))
    return headers


def _stamped(response: Response, salt: str) -> Response:
    """The response with an id that no other one of the run has; errors have it in their bodies."""
    digest = hashlib.md5(salt.encode()).hexdigest()  # noqa: S324 - a name, not a secret
    name = f"req_{digest}"
    if response.status >= HTTPStatus.BAD_REQUEST:
        body = response.json() | {"request_id": name}
        response = replace(response, body=json_bytes(body))
    return response.with_headers(
        [("anthropic-organization-id", _ORGANIZATION), ("request-id", name)]
    )


# The same questions are asked in every run of an exploration, and all through an incident.
@lru_cache(maxsize=1024)
def _read(kind: type[Declared], raw: bytes, upstream: str, operation: str) -> Declared:
    try:
        body = parsed(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusalError(errors.invalid("The request body is not valid JSON."))
    try:
        return read(kind, body, upstream=upstream, operation=operation)
    except MistakenError as error:
        raise RefusalError(errors.invalid(words.message_of(error.mistake))) from None


def _model(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2025-10-01T00:00:00Z",
        "lifecycle": "active",
    }


def _page(listed: list[dict[str, Any]], query: ModelsQuery) -> dict[str, Any]:
    """A page of the models: the first, or the one after or before a model."""
    ids = [each["id"] for each in listed]
    for name in ("after_id", "before_id"):
        wanted = getattr(query, name)
        if wanted is not None and wanted not in ids:
            raise RefusalError(errors.invalid(f"{name}: no such model: {wanted}"))
    begin = 0 if query.after_id is None else ids.index(query.after_id) + 1
    end = len(ids) if query.before_id is None else ids.index(query.before_id)
    shown = listed[begin:end]
    backwards = query.before_id is not None
    page = shown[-query.limit :] if backwards else shown[: query.limit]
    return {
        "data": page,
        "has_more": len(shown) > len(page),
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }
