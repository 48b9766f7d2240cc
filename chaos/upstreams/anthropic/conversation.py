"""What the messages of a request have to be: who may say what, and which call a result answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from chaos.http import Response
from chaos.upstreams.anthropic.errors import invalid
from chaos.upstreams.anthropic.request import (
    Block,
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from chaos.upstreams.refusal import RefusalError

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
    if any(isinstance(block, TextBlock) and not block.text.strip() for block in blocks):
        yield invalid("messages: text content blocks must contain non-whitespace text")


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
