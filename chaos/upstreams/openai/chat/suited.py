"""What some models take and others do not: parameters, pictures, formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chaos.http import Response
from chaos.upstreams.openai.chat.messages import ImagePart, UserMessage
from chaos.upstreams.openai.chat.request import ChatRequest
from chaos.upstreams.openai.errors import error, invalid_request
from chaos.upstreams.openai.models import Model


def unsuited(request: ChatRequest, model: Model) -> Iterator[Response]:
    """The 400 for each parameter that this model does not take, or not so."""
    yield from _too_much_for(request, model)
    if not model.reasons:
        if request.reasoning_effort is not None:
            message = "Unrecognized request argument supplied: reasoning_effort"
            yield error(400, message, kind="invalid_request_error")
        yield from wrong_choice("verbosity", request.verbosity, ("medium",), model)
        return
    for name, instead in (
        ("max_tokens", " Use 'max_completion_tokens' instead."),
        ("stop", ""),
        *([] if model.parallels else [("parallel_tool_calls", "")]),
    ):
        if getattr(request, name) is not None:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            yield invalid_request(message + instead, name, "unsupported_parameter")
    if request.logprobs and model.efforts and "none" not in model.efforts:
        # A model that always thinks shows nobody how likely its words are.
        message = "You are not allowed to request logprobs from this model"
        yield error(403, message, kind="invalid_request_error")
    for name, usual in _ONLY_THE_USUAL:
        value = getattr(request, name)
        if value not in (None, usual):
            message = (
                f"Unsupported value: '{name}' does not support {value} with this model. Only "
                f"the default ({usual}) value is supported."
            )
            yield invalid_request(message, name, "unsupported_value")
    yield from wrong_choice("reasoning_effort", request.reasoning_effort, model.efforts, model)


_ONLY_THE_USUAL = (
    ("temperature", 1),
    ("top_p", 1),
    ("presence_penalty", 0),
    ("frequency_penalty", 0),
    ("logprobs", False),
)
"""What a reasoning model takes only as it is anyway."""


def wrong_choice(
    name: str, value: str | None, known: Sequence[str], model: Model
) -> Iterator[Response]:
    """The 400 for one of several words that only other models know."""
    if value is not None and known and value not in known:
        listed = ", ".join(f"'{each}'" for each in known)
        message = f"Unsupported value: '{value}' is not supported with the '{model.name}' model. "
        message += f"Supported values are: {listed}."
        yield invalid_request(message, name, "unsupported_value")


def _too_much_for(request: ChatRequest, model: Model) -> Iterator[Response]:
    """Pictures and formats that older models do not know."""
    pictures = (
        f"messages.[{position}].content.[{place}].type"
        for position, said in enumerate(request.messages)
        for place, part in enumerate(said.content if isinstance(said, UserMessage) else ())
        if isinstance(part, ImagePart)
    )
    if not model.sees:
        wrong = "Invalid content type. image_url is only supported by certain models."
        yield from (invalid_request(wrong, param) for param in pictures)
    wanted = request.response_format
    if wanted is not None and wanted.type not in {"text", *model.formats}:
        message = f"Invalid parameter: 'response_format' of type '{wanted.type}' is not supported "
        yield invalid_request(message + "with this model.", "response_format")
