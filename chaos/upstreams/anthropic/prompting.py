"""What a request to the messages API comes to for the model; or the 400 for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from chaos.upstreams import tokens
from chaos.upstreams.anthropic.conversation import (
    blocks_of,
    is_question,
    require_conversation,
    require_thoughts,
    wrong_texts,
)
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
from chaos.upstreams.anthropic.shapes import require_shape
from chaos.upstreams.model import Prompt, Tool
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.schema_shapes import misshapen
from chaos.upstreams.unmodelled import UnmodelledError

MOST_CACHED = 4
_LEAST_TOP_P = 0.95
_OF_ANSWERS = "output_config.format.schema"

_DATED = re.compile(r"-\d{8}$|-latest$")
_GOES_ON = frozenset({"claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"})
"""Models that go on with what somebody has begun to say for them; later ones refuse to."""

_THINKS_BY_ITSELF = frozenset({"claude-opus-4-7", "claude-opus-4-8"})
"""Models that take no budget for their thoughts, and no parameters of sampling. Of later ones,
nothing is known."""

PICTURE_TOKENS = 1_600
"""What a large picture costs."""


def undated(model: str) -> str:
    """The name of a model without a date.

    Example:
        >>> undated("claude-haiku-4-5-20251001")
        'claude-haiku-4-5'
    """
    return _DATED.sub("", model)


def prompt_of(request: MessageRequest) -> Prompt:
    """The prompt of a valid request.

    Raises:
        RefusalError: Its parts contradict each other: the provider's 400.
    """
    _check_options(request)
    check(request)
    if not request.tools and any(map(_uses_tools, request.messages)):
        message = "Requests which include `tool_use` or `tool_result` blocks must define tools."
        raise RefusalError(invalid(message))
    asked = [place for place, each in enumerate(request.messages) if is_question(each)]
    last = asked[-1] if asked else 0
    since = request.messages[last + 1 :]
    sent: list[Any] = [each.model_dump(exclude_none=True) for each in request.messages]
    system = request.system if isinstance(request.system, str) else _text(request.system or ())
    choice, format_ = request.tool_choice, request.output_config and request.output_config.format
    parallel_off = not isinstance(choice, NoChoice | None) and choice.disable_parallel_tool_use
    return Prompt(
        question=_text(blocks_of(request.messages[last])),
        turn=sum(each.role == "assistant" for each in since),
        conversation=json.dumps([system, *sent], sort_keys=True),
        tools=_tools(request),
        must_call=isinstance(choice, AnyChoice | ToolChoice),
        one_call=parallel_off,
        schema=require_shape(format_.schema_, of=_OF_ANSWERS) if format_ else None,
    )


def check(request: MessageRequest | CountRequest) -> None:
    """Hold what was said so far, and the tools, to what they may be.

    Raises:
        RefusalError: They are not: the provider's 400.
    """
    if request.tool_choice is not None and not request.tools:
        raise RefusalError(invalid("tool_choice may only be specified while providing tools."))
    _check_tools(request.tools or ())
    _check_caching(request)
    system = () if isinstance(request.system, str) else request.system or ()
    wrong = next(wrong_texts("system", system), None)
    if wrong is not None:
        raise RefusalError(wrong)
    require_conversation(request.messages)


def tokens_of(request: MessageRequest | CountRequest) -> int:
    """How many tokens the request costs: system, conversation, pictures and tools."""
    system = request.system if isinstance(request.system, str) else _text(request.system or ())
    total = tokens.count(system)
    for message in request.messages:
        total += sum(_cost(block) for block in blocks_of(message))
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


def _text(blocks: Sequence[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, TextBlock)).strip()


def _check_options(request: MessageRequest) -> None:
    name = undated(request.model)
    _check_whose_turn_it_is(request, name)
    if name in _THINKS_BY_ITSELF:
        _check_what_is_left_to_the_model(request)
    if request.temperature is not None and request.top_p is not None:
        message = "`temperature` and `top_p` cannot both be specified for this model. Please use "
        raise RefusalError(invalid(f"{message}only one."))
    if isinstance(request.thinking, ThinkingEnabled):
        wrong = next(_wrong_beside_thoughts(request, request.thinking.budget_tokens), None)
        if wrong is not None:
            raise RefusalError(invalid(wrong))
        require_thoughts(request.messages)


def _check_whose_turn_it_is(request: MessageRequest, name: str) -> None:
    """The user has the first word, and the last."""
    if request.messages[-1].role == "assistant":
        if name in _GOES_ON:
            # What the model is to begin with would have to be in its text.
            part = 'messages[-1].role="assistant"'
            raise UnmodelledError("anthropic", "messages", [part], taught_in=__name__)
        message = "This model does not support assistant message prefill. The conversation must "
        raise RefusalError(invalid(message + "end with a user message."))
    if request.messages[0].role == "assistant":
        # Whether it may have the first word, the provider's pages do not say any more.
        part = 'messages[0].role="assistant"'
        raise UnmodelledError("anthropic", "messages", [part], taught_in=__name__)


def _wrong_beside_thoughts(request: MessageRequest, budget: int) -> Iterator[str]:
    """What a request may not have beside thoughts of so many tokens."""
    if budget >= request.max_tokens:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`."
    if request.temperature not in (None, 1):
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if request.top_k is not None:
        yield "`top_k` must be unset when thinking is enabled."
    if request.top_p is not None and request.top_p < _LEAST_TOP_P:
        message = f"`top_p` must be greater than or equal to {_LEAST_TOP_P} or unset when "
        yield f"{message}thinking is enabled."
    if not isinstance(request.tool_choice, AutoChoice | NoChoice | None):
        yield "Thinking may not be enabled when tool_choice forces tool use."


def _uses_tools(message: Message) -> bool:
    return any(isinstance(each, ToolUseBlock | ToolResultBlock) for each in blocks_of(message))


def _check_what_is_left_to_the_model(request: MessageRequest) -> None:
    """How much it thinks and how it draws its words, some models decide for themselves."""
    if isinstance(request.thinking, ThinkingEnabled):
        message = '"thinking.type.enabled" is not supported for this model. Use '
        message += '"thinking.type.adaptive" and "output_config.effort" to control thinking '
        raise RefusalError(invalid(message + "behavior."))
    for name in ("temperature", "top_p", "top_k"):
        if getattr(request, name) is not None:
            raise RefusalError(invalid(f"`{name}` is deprecated for this model."))


def _check_tools(tools: Sequence[DeclaredTool]) -> None:
    """Tools have names of their own, and take objects."""
    if len({tool.name for tool in tools}) < len(tools):
        raise RefusalError(invalid("tools: Tool names must be unique."))
    for place, tool in enumerate(tools):
        kind = tool.input_schema.get("type")
        if kind != "object":
            wrong = "Field required" if kind is None else "Input should be 'object'"
            raise RefusalError(invalid(f"tools.{place}.custom.input_schema.type: {wrong}"))
        if any(misshapen(tool.input_schema)):
            message = f"tools.{place}.custom.input_schema: JSON schema is invalid. It must match "
            raise RefusalError(invalid(f"{message}JSON Schema draft 2020-12."))
        if tool.strict:
            require_shape(tool.input_schema, of=f"tools.{place}.custom")


def _check_caching(request: MessageRequest | CountRequest) -> None:
    """There are so many places at most up to which a prompt is kept, long-lived ones first."""
    system = () if isinstance(request.system, str) else request.system or ()
    said = [block for message in request.messages for block in blocks_of(message)]
    marked = [
        each
        for each in (*(request.tools or ()), *system, *said)
        if getattr(each, "cache_control", None) is not None
    ]
    if len(marked) > MOST_CACHED:
        message = f"A maximum of {MOST_CACHED} blocks with cache_control may be provided. Found "
        raise RefusalError(invalid(f"{message}{len(marked)}."))
    lives = [each.cache_control.ttl or "5m" for each in marked]
    if lives != sorted(lives):
        message = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control "
        message += "block. Note that blocks are processed in the following order: `tools`, "
        raise RefusalError(invalid(message + "`system`, `messages`."))


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
