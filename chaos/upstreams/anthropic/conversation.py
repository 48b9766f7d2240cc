"""What the messages of a request have to be: who may say what, and which call a result answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from chaos.http import Response
from chaos.upstreams.anthropic.errors import invalid
from chaos.upstreams.anthropic.request import (
    Base64Source,
    Block,
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from chaos.upstreams.refusal import RefusalError

_LARGEST_PICTURE = 10 * 1024 * 1024
"""Letters of its Base64."""

_ONLY_BY: tuple[tuple[type, str, str], ...] = (
    (ToolUseBlock, "tool_use", "assistant"),
    (ThinkingBlock, "thinking", "assistant"),
    (ToolResultBlock, "tool_result", "user"),
    (ImageBlock, "image", "user"),
)
"""Blocks that only one of the two may have, with their names."""


def blocks_of(message: Message) -> Sequence[Block]:
    """The blocks of a message; a text by itself is one, and an empty one is none."""
    if isinstance(message.content, str):
        return [TextBlock(type="text", text=message.content)] if message.content else []
    return message.content


def require_conversation(messages: Sequence[Message]) -> None:
    """Hold messages to what the provider takes.

    Raises:
        RefusalError: With its 400.
    """
    wrong = next(_wrong(messages), None)
    if wrong is not None:
        raise RefusalError(wrong)


def require_thoughts(messages: Sequence[Message]) -> None:
    """See to it that a turn in which the model thinks comes back with its thoughts.

    A turn begins after the last question, and goes on for as long as tools are called in it.

    Raises:
        RefusalError: It begins with something else: the provider's 400.
    """
    asked = [place for place, each in enumerate(messages) if is_question(each)]
    begin = asked[-1] + 1 if asked else 0
    if begin >= len(messages) or messages[begin].role != "assistant":
        return
    first = next(iter(blocks_of(messages[begin])), None)
    if first is not None and not isinstance(first, ThinkingBlock):
        raise RefusalError(
            invalid(
                f"messages.{begin}.content.0.type: Expected `thinking` or `redacted_thinking`, "
                f"but found `{first.type}`. When `thinking` is enabled, a final `assistant` "
                "message must start with a thinking block (preceeding the lastmost set of "
                "`tool_use` and `tool_result` blocks). We recommend you include thinking blocks "
                "from previous turns. To avoid this requirement, disable `thinking`."
            )
        )


def is_question(message: Message) -> bool:
    """Whether a message is a question, and not only what tools returned."""
    return message.role == "user" and any(
        not isinstance(block, ToolResultBlock) for block in blocks_of(message)
    )


def _wrong(messages: Sequence[Message]) -> Iterator[Response]:
    for place, message in enumerate(messages):
        if not message.content:
            yield invalid(f"messages.{place}: {message.role} messages must have non-empty content")
    for place, message in enumerate(messages):
        yield from _wrong_blocks(place, message)
    yield from _wrong_results(messages)


def _wrong_blocks(place: int, message: Message) -> Iterator[Response]:
    blocks = blocks_of(message)
    for kind, name, role in _ONLY_BY:
        if message.role != role and any(isinstance(block, kind) for block in blocks):
            yield invalid(f"messages.{place}: `{name}` blocks can only be in `{role}` messages")
    yield from wrong_texts("messages", blocks)
    for position, block in enumerate(blocks):
        if isinstance(block, ImageBlock) and isinstance(block.source, Base64Source):
            size = len(block.source.data)
            if size > _LARGEST_PICTURE:
                yield invalid(
                    f"messages.{place}.content.{position}.image.source.base64: image exceeds 10 "
                    f"MB maximum: {size} bytes > {_LARGEST_PICTURE} bytes"
                )


def wrong_texts(where: str, blocks: Sequence[Block]) -> Iterator[Response]:
    """The 400 for a block of text that says nothing."""
    for block in blocks:
        if isinstance(block, TextBlock) and not block.text:
            yield invalid(f"{where}: text content blocks must be non-empty")
        if isinstance(block, TextBlock) and not block.text.strip():
            yield invalid(f"{where}: text content blocks must contain non-whitespace text")


def _wrong_results(messages: Sequence[Message]) -> Iterator[Response]:
    """Every call is answered in the message right after it, once, and nothing else is."""
    called: list[str] = []
    known: set[str] = set()
    for place, message in enumerate(messages):
        blocks = blocks_of(message)
        results = [each.tool_use_id for each in blocks if isinstance(each, ToolResultBlock)]
        yield from _unknown(place, results, called)
        if len(set(results)) < len(results):
            yield invalid(
                f"messages.{place}.content: each tool_use must have a single result. Found "
                f"multiple `tool_result` blocks with id: {_twice(results)}"
            )
        # Results come first; one that comes later answers nothing.
        first = takewhile(lambda block: isinstance(block, ToolResultBlock), blocks)
        answered = {block.tool_use_id for block in first if isinstance(block, ToolResultBlock)}
        left = [each for each in called if each not in answered]
        if left:
            yield invalid(
                f"messages.{place - 1}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(left)}. Each `tool_use` block must have a "
                "corresponding `tool_result` block in the next message."
            )
        called = [block.id for block in blocks if isinstance(block, ToolUseBlock)]
        if len(set(called)) < len(called) or known & set(called):
            yield invalid(f"messages.{place}.content: `tool_use` ids must be unique")
        known |= set(called)


def _unknown(place: int, results: Sequence[str], called: Sequence[str]) -> Iterator[Response]:
    unknown = [each for each in results if each not in called]
    if unknown:
        yield invalid(
            f"messages.{place}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: "
            f"{', '.join(unknown)}. Each `tool_result` block must have a corresponding `tool_use` "
            "block in the previous message."
        )


def _twice(ids: Sequence[str]) -> str:
    return next(each for each in ids if ids.count(each) > 1)
