"""What a chat request comes to for the model; or the 400 for what its parts say of each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chaos.upstreams import tokens
from chaos.upstreams.model import Prompt, Tool
from chaos.upstreams.openai.chat.messages import (
    PICTURE_TOKENS,
    AssistantMessage,
    ImagePart,
    ToolMessage,
    UserMessage,
    text_of,
)
from chaos.upstreams.openai.chat.request import (
    AllowedChoice,
    AsJsonObject,
    AsJsonSchema,
    ChatRequest,
    FunctionChoice,
    FunctionTool,
)
from chaos.upstreams.openai.chat.suited import unsuited
from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.openai.models import Model
from chaos.upstreams.openai.structured import require_schema
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.schemas import Schema


def prompt_of(request: ChatRequest, body: Mapping[str, Any], model: Model) -> Prompt:
    """The prompt of a valid request.

    Args:
        request: As it was read.
        body: As it was sent: its messages decide what is answered.
        model: That it is for.

    Raises:
        RefusalError: Its parts contradict each other: the provider's 400.
    """
    _check_options(request)
    _check_model(request, model)
    _check_contents(request)
    _check_tool_messages(request)
    tools = _tools(request)
    questions = [i for i, each in enumerate(request.messages) if isinstance(each, UserMessage)]
    last = questions[-1] if questions else -1
    since = request.messages[last + 1 :]
    question = request.messages[last]
    return Prompt(
        question=text_of(question.content) if questions else "",
        turn=sum(isinstance(each, AssistantMessage) for each in since),
        conversation=json.dumps(body["messages"], sort_keys=True),
        tools=tools,
        must_call=_must_call(request),
        one_call=request.parallel_tool_calls is False,
        schema=_schema(request),
    )


def tokens_of(request: ChatRequest) -> int:
    """How many tokens the request costs: messages, pictures, tools and schemas."""
    total = 0
    for message in request.messages:
        total += tokens.count(text_of(message.content))
        if isinstance(message, AssistantMessage):
            calls = message.tool_calls or ()
            total += sum(1 + tokens.count(call.function.arguments) for call in calls)
        if isinstance(message, UserMessage) and not isinstance(message.content, str):
            pictures = (part for part in message.content if isinstance(part, ImagePart))
            total += sum(PICTURE_TOKENS[picture.image_url.detail] for picture in pictures)
    total += tokens.count_json(tool.model_dump(exclude_none=True) for tool in request.tools or ())
    return total + tokens.count_json([schema] if (schema := _schema(request)) else [])


def stops_of(request: ChatRequest) -> Sequence[str]:
    """The stop sequences, as a list."""
    return [request.stop] if isinstance(request.stop, str) else request.stop or []


def _check_options(request: ChatRequest) -> None:
    """Options that need another one."""
    if request.stream_options is not None and not request.stream:
        raise _needs("stream_options", "stream")
    if request.top_logprobs is not None and not request.logprobs:
        raise _needs("top_logprobs", "logprobs")
    if request.metadata and not request.store:
        raise _needs("metadata", "store")
    if not request.tools:
        for name in ("tool_choice", "parallel_tool_calls"):
            if getattr(request, name) not in (None, "none"):
                message = f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are "
                raise RefusalError(invalid_request(message + "specified.", name))
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        message = (
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        )
        raise RefusalError(invalid_request(message, "max_tokens", "invalid_parameter_combination"))


def _needs(name: str, other: str) -> RefusalError:
    message = f"The '{name}' parameter is only allowed when '{other}' is enabled."
    return RefusalError(invalid_request(message, name))


def _check_model(request: ChatRequest, model: Model) -> None:
    """Parameters that this model does not take."""
    wrong = next(unsuited(request, model), None)
    if wrong is not None:
        raise RefusalError(wrong)


def _check_contents(request: ChatRequest) -> None:
    """What the model said before was a text, unless it was something else instead."""
    for position, message in enumerate(request.messages):
        if isinstance(message, AssistantMessage) and not (
            message.content is not None or message.tool_calls or message.refusal
        ):
            wrong = "Invalid value for 'content': expected a string, got null."
            raise RefusalError(invalid_request(wrong, f"messages.[{position}].content"))


def _check_tool_messages(request: ChatRequest) -> None:
    """Every call is answered by a tool message right after it, and nothing else is."""
    open_calls: list[str] = []
    for position, message in enumerate(request.messages):
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in open_calls:
                wrong = (
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'."
                )
                raise RefusalError(invalid_request(wrong, f"messages.[{position}].role"))
            open_calls.remove(message.tool_call_id)
            continue
        if open_calls:
            break
        if isinstance(message, AssistantMessage):
            open_calls = [call.id for call in message.tool_calls or ()]
    if open_calls:
        wrong = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(open_calls)}"
        )
        raise RefusalError(invalid_request(wrong, "messages"))


def _tools(request: ChatRequest) -> tuple[Tool, ...]:
    """The tools that may be called this time."""
    declared = {tool.function.name: tool for tool in request.tools or ()}
    for position, tool in enumerate(request.tools or ()):
        parameters, strict = tool.function.parameters, bool(tool.function.strict)
        if parameters or strict:
            require_schema(
                parameters or {},
                strict=strict,
                of=f"function '{tool.function.name}'",
                param=f"tools[{position}].function.parameters",
                code="invalid_function_parameters",
            )
    match request.tool_choice:
        case "none":
            allowed = []
        case FunctionChoice(function=function):
            allowed = [function.name]
        case AllowedChoice(allowed_tools=choice):
            allowed = [each.function.name for each in choice.tools]
        case _:
            allowed = list(declared)
    for name in allowed:
        if name not in declared:
            message = f"Invalid value for 'tool_choice': '{name}' is not one of 'tools'."
            raise RefusalError(invalid_request(message, "tool_choice"))
    return tuple(_tool(declared[name]) for name in allowed)


def _tool(tool: FunctionTool) -> Tool:
    return Tool(name=tool.function.name, schema=tool.function.parameters or {})


def _must_call(request: ChatRequest) -> bool:
    match request.tool_choice:
        case "required" | FunctionChoice():
            return True
        case AllowedChoice(allowed_tools=choice):
            return choice.mode == "required"
        case _:
            return False


def _schema(request: ChatRequest) -> Schema | None:
    """What the text has to fit; None if it is prose."""
    match request.response_format:
        case AsJsonObject():
            said = " ".join(text_of(message.content) for message in request.messages)
            if "json" not in said.casefold():
                message = (
                    "'messages' must contain the word 'json' in some form, to use "
                    "'response_format' of type 'json_object'."
                )
                raise RefusalError(invalid_request(message, "messages"))
            return {}
        case AsJsonSchema(json_schema=wanted):
            schema, strict = wanted.schema_, bool(wanted.strict)
            if schema or strict:
                of = f"response_format '{wanted.name}'"
                require_schema(schema, strict=strict, of=of, param="response_format")
            return schema
        case _:
            return None
