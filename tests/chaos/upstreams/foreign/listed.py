"""Where the two answer differently, and which page of the provider's settles it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_STREAMING = "https://platform.claude.com/docs/en/build-with-claude/streaming"
_CHUNKS = "https://platform.openai.com/docs/api-reference/chat/create#chat_create-stream_options"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in one answer.

    Attributes:
        asked: What was asked.
        place: Where they differ.
        ours: What we have there; None for nothing.
        theirs: What they have there.
    """

    asked: str
    place: str
    ours: str | None
    theirs: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """Who is right, and where it says so."""

    words: str
    page: str


_PING = Settled(
    "Ours: a stream may have any number of pings, and real ones have them.", _STREAMING
)

LISTED: Mapping[tuple[str, str], Settled] = {
    ("chat, streamed", "<chat.completion.chunk>.usage"): Settled(
        "Ours: if the usage is asked for, every other chunk has it as null.", _CHUNKS
    ),
    ("messages, streamed", "events"): _PING,
    ("messages, tools streamed", "events"): _PING,
}
"""By what was asked, and the place."""
