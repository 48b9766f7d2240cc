"""What a request to the messages API comes to for the model; or the 400 for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from chaos.upstreams import tokens
from chaos.upstreams.anthropic.errors import invalid
from chaos.upstreams.anthropic.request import (
    AnyChoice,
    AutoChoice,
    Block,
    CountRequest,
    ImageBlock,
    Message,
    MessageRequest,
    NoChoice,
    TextBlock,
    ThinkingBlock,
    ThinkingEnabled,
    ToolChoice,
    ToolResultBlock,
    ToolUseBlock,
)
from chaos.upstreams.anthropic.request import Tool as DeclaredTool
from chaos.upstreams.model import Prompt, Tool
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.schemas import Schema, parts_of, types_of

MOST_CACHED = 4

PICTURE_TOKENS = 1_600
"""What a large picture costs."""


def prompt_of(request: MessageRequest) -> Prompt:
    """The prompt of a valid request.

    Raises:
        RefusalError: Its parts contradict each other: the provider's 400.
    """
    _check_options(request)
    _check_tools(request.tools or ())
    _check_caching(request)
    _check_contents(request.messages)
    _check_results(request.messages)
    asked = [place for place, each in enumerate(request.messages) if _asks(each)]
    last = asked[-1] if asked else 0
    since = request.messages[last + 1 :]
    sent: list[Any] = [each.model_dump(exclude_none=True) for each in request.messages]
    system = request.system if isinstance(request.system, str) else _text(request.system or ())
    choice, format_ = request.tool_choice, request.output_config and request.output_config.format
    parallel_off = not isinstance(choice, NoChoice | None) and choice.disable_parallel_tool_use
    return Prompt(
        question=_text(_blocks(request.messages[last])),
        turn=sum(each.role == "assistant" for each in since),
        conversation=json.dumps([system, *sent], sort_keys=True),
        tools=_tools(request),
        must_call=isinstance(choice, AnyChoice | ToolChoice),
        one_call=parallel_off,
        schema=_closed(format_.schema_) if format_ else None,
    )


def _closed(schema: Schema) -> Schema:
    """A schema whose objects forbid additional properties.

    Raises:
        RefusalError: One does not.
    """
    for part in parts_of(schema):
        if "object" in types_of(part) and part.get("additionalProperties") is not False:
            message = (
                "output_config.format.schema: For 'object' type, 'additionalProperties' must "
            )
            raise RefusalError(invalid(message + "be explicitly set to false"))
    return schema


def tokens_of(request: MessageRequest | CountRequest) -> int:
    """How many tokens the request costs: system, conversation, pictures and tools."""
    system = request.system if isinstance(request.system, str) else _text(request.system or ())
    total = tokens.count(system)
    for message in request.messages:
        total += sum(_cost(block) for block in _blocks(message))
    return total + tokens.count_json(
        tool.model_dump(exclude_none=True) for tool in request.tools or ()
    )


def _cost(block: Block) -> int:
    match block:
        case TextBlock(text=text):
            return tokens.count(text)
        case ImageBlock():
            return PICTURE_TOKENS
        case ToolUseBlock(input=arguments):
            return 1 + tokens.count(json.dumps(arguments))
        case ToolResultBlock(content=content):
            if isinstance(content, str):
                return tokens.count(content)
            return sum(_cost(each) for each in content)
        case ThinkingBlock(thinking=thinking):
            return tokens.count(thinking)


def _blocks(message: Message) -> Sequence[Block]:
    if isinstance(message.content, str):
        return [TextBlock(type="text", text=message.content)] if message.content else []
    return message.content


def _text(blocks: Sequence[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, TextBlock)).strip()


def _asks(message: Message) -> bool:
    """Whether a message is a question, and not only what tools returned."""
    return message.role == "user" and any(
        not isinstance(block, ToolResultBlock) for block in _blocks(message)
    )


def _check_options(request: MessageRequest) -> None:
    if request.tool_choice is not None and not request.tools:
        raise RefusalError(invalid("tool_choice may only be specified while providing tools."))
    if request.messages[-1].role == "assistant":
        # What the model is to begin with would have to be in its text.
        message = "This model does not support assistant message prefill. The conversation must "
        raise RefusalError(invalid(message + "end with a user message."))
    thinking = request.thinking
    if isinstance(thinking, ThinkingEnabled):
        if thinking.budget_tokens >= request.max_tokens:
            message = "`max_tokens` must be greater than `thinking.budget_tokens`."
            raise RefusalError(invalid(message))
        if request.temperature not in (None, 1):
            message = "`temperature` may only be set to 1 when thinking is enabled."
            raise RefusalError(invalid(message))
        if not isinstance(request.tool_choice, AutoChoice | NoChoice | None):
            message = "Thinking may not be enabled when tool_choice forces tool use."
            raise RefusalError(invalid(message))


def _check_tools(tools: Sequence[DeclaredTool]) -> None:
    """Tools have names of their own, and take objects."""
    if len({tool.name for tool in tools}) < len(tools):
        raise RefusalError(invalid("tools: Tool names must be unique."))
    for place, tool in enumerate(tools):
        kind = tool.input_schema.get("type")
        if kind != "object":
            wrong = "Field required" if kind is None else "Input should be 'object'"
            raise RefusalError(invalid(f"tools.{place}.custom.input_schema.type: {wrong}"))


def _check_caching(request: MessageRequest) -> None:
    """There are so many places at most up to which a prompt is kept."""
    system = () if isinstance(request.system, str) else request.system or ()
    said = [block for message in request.messages for block in _blocks(message)]
    marked = [
        each
        for each in (*system, *(request.tools or ()), *said)
        if getattr(each, "cache_control", None) is not None
    ]
    if len(marked) > MOST_CACHED:
        message = f"A maximum of {MOST_CACHED} blocks with cache_control may be provided. Found "
        raise RefusalError(invalid(f"{message}{len(marked)}."))


def _check_contents(messages: Sequence[Message]) -> None:
    for place, message in enumerate(messages):
        if not message.content:
            who = f"{message.role} messages"
            raise RefusalError(invalid(f"messages.{place}: {who} must have non-empty content"))


def _check_results(messages: Sequence[Message]) -> None:
    """Every call is answered in the message right after it, and nothing else is."""
    called: list[str] = []
    for place, message in enumerate(messages):
        blocks = _blocks(message)
        # Results come first; one that comes later answers nothing.
        first = takewhile(lambda block: isinstance(block, ToolResultBlock), blocks)
        results = [block.tool_use_id for block in first if isinstance(block, ToolResultBlock)]
        unknown = [each for each in results if each not in called]
        if unknown:
            raise RefusalError(
                invalid(
                    f"messages.{place}.content.0: unexpected `tool_use_id` found in `tool_result` "
                    f"blocks: {', '.join(unknown)}. Each `tool_result` block must have a "
                    "corresponding `tool_use` block in the previous message."
                )
            )
        left = [each for each in called if each not in results]
        if left:
            raise RefusalError(
                invalid(
                    f"messages.{place - 1}: `tool_use` ids were found without `tool_result` "
                    f"blocks immediately after: {', '.join(left)}. Each `tool_use` block must "
                    "have a corresponding `tool_result` block in the next message."
                )
            )
        called = [block.id for block in blocks if isinstance(block, ToolUseBlock)]


def _tools(request: MessageRequest) -> tuple[Tool, ...]:
    declared = {tool.name: tool for tool in request.tools or ()}
    match request.tool_choice:
        case NoChoice():
            allowed = []
        case ToolChoice(name=name):
            allowed = [name]
        case _:
            allowed = list(declared)
    for name in allowed:
        if name not in declared:
            raise RefusalError(invalid(f"Tool '{name}' not found in provided tools"))
    return tuple(Tool(name=name, schema=declared[name].input_schema) for name in allowed)
