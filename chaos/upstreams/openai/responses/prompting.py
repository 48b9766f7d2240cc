"""What a request to the Responses API comes to for the model; or the 400 for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from chaos.http import Response
from chaos.upstreams import tokens
from chaos.upstreams.model import Prompt, Tool
from chaos.upstreams.openai.chat.messages import PICTURE_TOKENS
from chaos.upstreams.openai.chat.request import AsJsonObject
from chaos.upstreams.openai.chat.suited import wrong_choice
from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.openai.models import Model
from chaos.upstreams.openai.responses.items import (
    CallItem,
    InputImage,
    InputText,
    Item,
    MessageItem,
    OutputItem,
    ReasoningItem,
    text_of,
)
from chaos.upstreams.openai.responses.request import (
    LOGPROBS,
    AllowedChoice,
    AsJsonSchema,
    FunctionChoice,
    ResponseRequest,
)
from chaos.upstreams.openai.structured import require_schema
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.schemas import Schema


def items_of(request: ResponseRequest) -> list[Item]:
    """What the request adds to the conversation; a bare text is a message of the user."""
    if isinstance(request.input, str):
        return [MessageItem(role="user", content=request.input)]
    return list(request.input or ())


def prompt_of(request: ResponseRequest, items: Sequence[Item], model: Model) -> Prompt:
    """The prompt of a valid request.

    Args:
        request: As it was read.
        items: The whole conversation, that of the previous response included.
        model: That it is for.

    Raises:
        RefusalError: Its parts contradict each other: the provider's 400.
    """
    _check(request, model)
    _check_parts(request)
    _check_calls(items)
    asked = [place for place, item in enumerate(items) if _role(item) == "user"]
    since = items[asked[-1] + 1 :] if asked else items
    question = items[asked[-1]] if asked else None
    sent: list[Any] = [item.model_dump(exclude_none=True) for item in items]
    return Prompt(
        question=text_of(question.content) if isinstance(question, MessageItem) else "",
        turn=_turns(since),
        conversation=json.dumps([request.instructions, *sent], sort_keys=True),
        tools=_tools(request),
        must_call=_must_call(request),
        one_call=request.parallel_tool_calls is False,
        schema=_schema(request, items),
    )


def tokens_of(request: ResponseRequest, items: Sequence[Item]) -> int:
    """How many tokens the request costs: conversation, pictures, tools and schemas."""
    total = tokens.count(request.instructions or "")
    for item in items:
        match item:
            case MessageItem(content=content) | OutputItem(output=content):
                total += tokens.count(text_of(content))
                if not isinstance(content, str):
                    pictures = (part for part in content if isinstance(part, InputImage))
                    total += sum(PICTURE_TOKENS[picture.detail] for picture in pictures)
            case CallItem(arguments=arguments):
                total += 1 + tokens.count(arguments)
            case ReasoningItem(summary=summary):
                total += sum(tokens.count(part.text) for part in summary)
    total += tokens.count_json(tool.model_dump(exclude_none=True) for tool in request.tools or ())
    wanted = request.text.format if request.text else None
    return total + tokens.count_json([wanted.schema_] if isinstance(wanted, AsJsonSchema) else [])


def _role(item: Item) -> str | None:
    return item.role if isinstance(item, MessageItem) else None


def _turns(items: Sequence[Item]) -> int:
    """How often the model has spoken: calls in a row are one turn, and so is a message."""
    turns, calling = 0, False
    for item in items:
        if _role(item) == "assistant" or (isinstance(item, CallItem) and not calling):
            turns += 1
        calling = isinstance(item, CallItem)
    return turns


def _check(request: ResponseRequest, model: Model) -> None:
    if request.background and request.store is False:
        message = "Background mode requires 'store' to be true."
        raise RefusalError(invalid_request(message, "background"))
    if request.stream_options is not None and not request.stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise RefusalError(invalid_request(message, "stream_options"))
    wrong = next(_unsuited(request, model), None)
    if wrong is not None:
        raise RefusalError(wrong)
    if model.reasons:
        for name in ("temperature", "top_p"):
            if getattr(request, name) is not None:
                raise RefusalError(_unsupported(name))
        thinks = request.reasoning is None or request.reasoning.effort != "none"
        if thinks and LOGPROBS in (request.include or ()):
            message = "logprobs are not supported with reasoning models."
            raise RefusalError(invalid_request(message, "include", "unsupported_parameter"))
    elif request.reasoning is not None and request.reasoning.effort is not None:
        raise RefusalError(_unsupported("reasoning.effort"))


def _unsuited(request: ResponseRequest, model: Model) -> Iterator[Response]:
    """Words and formats that only other models know."""
    text = request.text
    if text is not None and not model.reasons:
        yield from wrong_choice("text.verbosity", text.verbosity, ("medium",), model)
    if text is not None and text.format is not None:
        wanted = text.format.type
        if wanted not in {"text", *model.formats}:
            message = f"Invalid parameter: 'text.format' of type '{wanted}' is not supported with "
            yield invalid_request(message + "this model.", "text.format")
    if model.reasons and request.reasoning is not None:
        yield from wrong_choice("reasoning.effort", request.reasoning.effort, model.efforts, model)


def _unsupported(name: str) -> Response:
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    return invalid_request(message, name, "unsupported_parameter")


def _check_parts(request: ResponseRequest) -> None:
    """What the model said is no input."""
    for place, item in enumerate(items_of(request)):
        if not isinstance(item, MessageItem) or item.role != "assistant":
            continue
        for position, part in enumerate(() if isinstance(item.content, str) else item.content):
            if isinstance(part, InputText | InputImage):
                message = f"Invalid value: '{part.type}'. Supported values are: 'output_text' and "
                param = f"input[{place}].content[{position}]"
                raise RefusalError(invalid_request(message + "'refusal'.", param, "invalid_value"))


def _check_calls(items: Sequence[Item]) -> None:
    """Every call has an output, and every output has a call before it."""
    called: dict[str, None] = {}
    for item in items:
        if isinstance(item, CallItem):
            called[item.call_id] = None
        elif isinstance(item, OutputItem) and item.call_id not in called:
            wrong = f"No tool call found for function call output with call_id {item.call_id}."
            raise RefusalError(invalid_request(wrong, "input"))
    answered = {item.call_id for item in items if isinstance(item, OutputItem)}
    for call_id in called:
        if call_id not in answered:
            message = f"No tool output found for function call {call_id}."
            raise RefusalError(invalid_request(message, "input"))


def _tools(request: ResponseRequest) -> tuple[Tool, ...]:
    declared = {tool.name: tool for tool in request.tools or ()}
    for position, tool in enumerate(request.tools or ()):
        # Strict is the default here, but then the provider makes the schema so by itself.
        if tool.parameters or tool.strict:
            require_schema(
                tool.parameters or {},
                strict=bool(tool.strict),
                of=f"function '{tool.name}'",
                param=f"tools[{position}].parameters",
                code="invalid_function_parameters",
            )
    match request.tool_choice:
        case "none":
            allowed = []
        case FunctionChoice(name=name):
            allowed = [name]
        case AllowedChoice(tools=tools):
            allowed = [each.name for each in tools]
        case _:
            allowed = list(declared)
    for name in allowed:
        if name not in declared:
            message = f"Tool choice '{name}' not found in 'tools' parameter."
            raise RefusalError(invalid_request(message, "tool_choice"))
    if request.tool_choice == "required" and not declared:
        message = "Tool choice 'required' must be specified with 'tools' parameter."
        raise RefusalError(invalid_request(message, "tool_choice"))
    return tuple(Tool(name=name, schema=declared[name].parameters or {}) for name in allowed)


def _must_call(request: ResponseRequest) -> bool:
    match request.tool_choice:
        case "required" | FunctionChoice():
            return True
        case AllowedChoice(mode=mode):
            return mode == "required"
        case _:
            return False


def _schema(request: ResponseRequest, items: Sequence[Item]) -> Schema | None:
    match request.text.format if request.text else None:
        case AsJsonObject():
            said = " ".join(
                text_of(item.content) for item in items if isinstance(item, MessageItem)
            )
            if "json" not in (said + (request.instructions or "")).casefold():
                message = (
                    "Response input messages must contain the word 'json' in some form to use "
                    "'text.format' of type 'json_object'."
                )
                raise RefusalError(invalid_request(message, "input"))
            return {}
        case AsJsonSchema(schema_=schema, name=name, strict=strict):
            require_schema(
                schema,
                strict=bool(strict),
                of=f"response_format '{name}'",
                param="text.format.schema",
                code="invalid_json_schema",
            )
            return schema
        case _:
            return None
