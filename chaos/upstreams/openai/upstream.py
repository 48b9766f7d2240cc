"""OpenAI's API, and everybody's who speaks it: Azure, gateways, servers of open models."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from chaos.http import Request, Response, json_response
from chaos.ports import Operation, Upstream
from chaos.processes import late
from chaos.scenario.circumstances import Circumstance
from chaos.trace.bill import Bill
from chaos.trace.events import Scalar
from chaos.upstreams.given import MODEL, ModelGiven
from chaos.upstreams.openai import azure, errors
from chaos.upstreams.openai.limits import LIMITED, headers_of, model_of, require_room
from chaos.upstreams.openai.model_names import DEFAULT_MODELS, DEFAULT_MODERATION, UNMODELLED
from chaos.upstreams.openai.models import Catalogue, Model
from chaos.upstreams.openai.routes import OPERATIONS, QUERIED, Routed, Routes
from chaos.upstreams.rates import Meters, RateLimits
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.said import Said
from chaos.upstreams.script import ReplyScript, Written

if TYPE_CHECKING:
    from chaos.upstreams.openai.asked import Asked
    from chaos.upstreams.openai.handlers import Handler

# What reads a request and what answers it is half of this stand-in, and more than half of what it
# takes to import: nobody waits for it who only wants to know which operations there are.
late.before_a_run("chaos.upstreams.openai.handlers", "chaos.upstreams.openai.telling")


class OpenAIUpstream(Upstream):
    """Stands in for ``api.openai.com``; a subclass with other ``hosts`` stands in for a gateway.

    Any key is good, except one that begins with ``sk-invalid``. Answers depend on the request
    alone, apart from their ids (numbered) and ``created`` (the clock). A request with a parameter
    that is not modelled raises `chaos.upstreams.unmodelled.UnmodelledError`.

    Args:
        answers: What the model says; see `chaos.upstreams.script.Script`.
        models: The models there are: names of chat models, or `Model`.
        any_model: Whether every other name is a chat model too, as behind a gateway.
        deployments: On Azure, the model behind each deployment; others have the model's name.
        limits: What is allowed in a minute; without it there are no limits, and no headers that
            tell of them.
        base_path: Where the API begins, if neither in a version (``/v1``) nor as on Azure.
        background_takes_s: How long a response in the background takes, in seconds of the clock.
        batch_takes_s: How long a batch takes, in seconds of the clock.

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
    reached_by: ClassVar[Mapping[str, str]] = {"OPENAI_BASE_URL": "{url}/v1"}
    operations: ClassVar[tuple[str, ...]] = OPERATIONS
    # Those that `telling` can read, which is imported late.
    speaking: ClassVar[Collection[str]] = (
        "chat.completions",
        "responses.create",
        "responses.retrieve",
        "completions",
    )
    given: ClassVar[Circumstance | None] = MODEL

    def __init__(  # noqa: PLR0913 - each is a thing of its own
        self,
        *,
        answers: Written = None,
        models: Iterable[Model | str] = DEFAULT_MODELS,
        any_model: bool = False,
        deployments: Mapping[str, str] | None = None,
        limits: RateLimits | None = None,
        base_path: str | None = None,
        background_takes_s: float = 10.0,
        batch_takes_s: float = 60.0,
    ) -> None:
        self._numbers = itertools.count(1)
        self._faults = itertools.count(1)
        self._models = Catalogue(models, any_name=any_model, unmodelled=UNMODELLED)
        self._deployments = deployments or {}
        self._has_limits = limits is not None
        self._meters = Meters(limits or RateLimits())
        self._routes = Routes(base_path)
        self._background_takes_s = background_takes_s
        self._batch_takes_s = batch_takes_s
        self._script = ReplyScript(answers)
        self._answers = self._handlers()

    def arrange(self, given: ModelGiven) -> None:
        """Say what the scenario wants said, at its prices."""
        if given.answers is not None:
            self._script = ReplyScript(given.answers)
        self._models = self._models.priced(given.price_list())
        self._answers = self._handlers()

    def classify(self, request: Request) -> Operation | None:
        """The operation; the id in its path, if it has one, is the object."""
        routed = self._routes.find(request.method, request.path)
        if routed is None:
            return None
        return Operation(routed.operation, routed.ids.get("model") or routed.ids.get("id"))

    def handle(self, request: Request) -> Response:
        """Answer as OpenAI would.

        Raises:
            UnmodelledError: The request has a parameter that is not modelled.
        """
        number = next(self._numbers)
        try:
            response = self._answer(request, number)
        except RefusalError as refusal:
            response = refusal.response
        return _stamped(response, str(number))

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """What a trace keeps: what was said and what it cost, or the ``code`` of an error.

        ``text`` and ``finish_reason`` (in the words of chat completions, whichever API it was),
        ``tokens_in``, ``tokens_out`` and ``cost`` in dollars, as this response carries them. Empty
        if a fault left nothing of it that can be read.
        """
        from chaos.upstreams.openai import telling  # noqa: PLC0415 - late, see above

        return telling.describe(operation, response, self._models)

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """What the model said, in words of no provider; None for operations without a model."""
        from chaos.upstreams.openai import telling  # noqa: PLC0415 - late, see above

        return telling.said(operation, request, response)

    def billed(self, operation: Operation, request: Request, response: Response) -> Bill | None:
        """The tokens of what was said or embedded, and their cost if there is a price."""
        from chaos.upstreams.openai import telling  # noqa: PLC0415 - late, see above

        return telling.billed(operation, request, response, self._models)

    def rate_limited(self, code: str) -> Response:
        """OpenAI's 429; see `chaos.upstreams.openai.errors.rate_limited`."""
        return self._of_a_fault(errors.rate_limited(code))

    def failed(self, status: int) -> Response:
        """OpenAI's usual error; see `chaos.upstreams.openai.errors.failed`."""
        return self._of_a_fault(errors.failed(status))

    def _of_a_fault(self, response: Response) -> Response:
        """An error with an id of its own, if it is OpenAI's and not that of a proxy before it."""
        if response.header("content-type") != "application/json":
            return response
        return _stamped(response, f"fault {next(self._faults)}")

    def _answer(self, request: Request, number: int) -> Response:
        routed = self._routes.find(request.method, request.path)
        if routed is None:
            message = f"Invalid URL ({request.method} {request.path})"
            return errors.error(404, message, kind="invalid_request_error")
        if azure.is_azure(request, routed):
            return self._answer_on_azure(request, routed, number)
        refusal = _problem_with_key(request.headers.get("authorization", ""))
        return refusal or self._dispatch(request, routed, number)

    def _answer_on_azure(self, request: Request, routed: Routed, number: int) -> Response:
        azure.check(request)
        deployment = routed.deployment
        if deployment is None and routed.operation in LIMITED:
            # Where no deployment is in the path, the model is the name of one.
            deployment = model_of(request)
        if deployment is None:
            return self._dispatch(request, routed, number)
        behind = self._deployments.get(deployment, deployment)
        if self._models.get(behind) is None:
            return azure.no_deployment()
        request = azure.with_model(request, behind)
        response = self._dispatch(request, routed, number, limited_as=deployment)
        if routed.operation != "chat.completions":
            return response
        return azure.with_filters(response)

    def _answer_in_a_batch(self, request: Request) -> Response:
        """Answer a line of a batch: its key was looked at before, and its limits are its own."""
        number = next(self._numbers)
        routed = self._routes.find(request.method, request.path)
        assert routed is not None, "a batch has looked at its endpoint"
        deployment = model_of(request)
        if azure.is_at_azure(request) and deployment is not None:
            request = azure.with_model(request, self._deployments.get(deployment, deployment))
        try:
            response = self._answers[routed.operation](self._asked(request, routed, number))
        except RefusalError as refusal:
            response = refusal.response
        return _stamped(response, str(number))

    def _dispatch(
        self, request: Request, routed: Routed, number: int, *, limited_as: str | None = None
    ) -> Response:
        from chaos.upstreams.declared import DeclaredQuery  # noqa: PLC0415 - late, see above

        asked = self._asked(request, routed, number)
        if routed.operation not in QUERIED:
            asked.query(DeclaredQuery)
        counted = self._has_limits and routed.operation in LIMITED
        usual = DEFAULT_MODERATION if routed.operation == "moderations" else None
        model = model_of(request, usual) if counted else None
        if model is None:
            # What cannot be read costs nothing: it will be refused.
            return self._answers[routed.operation](asked)
        meter = self._meters.of(limited_as or self._one_name_of(model))
        response = require_room(meter, request, model)
        if response is None:
            try:
                response = self._answers[routed.operation](asked)
            except RefusalError as refusal:
                response = refusal.response
        return response.with_headers(headers_of(meter.standings()))

    def _one_name_of(self, model: str) -> str:
        """The name of a model without its date: with and without it, it has the same limits."""
        found = self._models.get(model)
        return model if found is None else found.name

    def _asked(self, request: Request, routed: Routed, number: int) -> Asked:
        from chaos.upstreams.openai.asked import Asked  # noqa: PLC0415 - late, see above

        return Asked(
            request=request,
            upstream=self.name,
            operation=routed.operation,
            ids=routed.ids,
            number=number,
        )

    def _handlers(self) -> Mapping[str, Handler]:
        """What answers each operation."""
        from chaos.upstreams.openai.handlers import handlers  # noqa: PLC0415 - late, see above

        return {
            **handlers(
                self._models,
                self._script,
                self._answer_in_a_batch,
                background_takes_s=self._background_takes_s,
                batch_takes_s=self._batch_takes_s,
            ),
            "models.list": self._list_models,
            "models.retrieve": self._retrieve_model,
        }

    def _list_models(self, asked: Asked) -> Response:
        del asked
        listed = [model.resource(model.name) for model in self._models]
        return json_response(200, {"object": "list", "data": listed})

    def _retrieve_model(self, asked: Asked) -> Response:
        name = asked.ids["model"]
        return json_response(200, self._models.named(name).resource(name))


def _stamped(response: Response, salt: str) -> Response:
    """The response with an id that no other one of the run has."""
    digest = hashlib.md5(salt.encode()).hexdigest()  # noqa: S324 - a name, not a secret
    return response.with_headers([*_STAMP, ("x-request-id", f"req_{digest}")])


_STAMP = (
    ("openai-organization", "org-simulated"),
    # Computing takes no time in a run.
    ("openai-processing-ms", "0"),
    ("openai-version", "2020-10-01"),
)
"""What the API tells of itself in every answer."""


def _problem_with_key(authorization: str) -> Response | None:
    scheme, _, key = authorization.partition(" ")
    if scheme != "Bearer" or not key.strip():
        return errors.error(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            kind="invalid_request_error",
        )
    if key.startswith("sk-invalid"):
        return errors.failed(401)
    return None
