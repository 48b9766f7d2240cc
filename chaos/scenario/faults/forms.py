"""Faults of an answer's form: how it is encoded, and what its stream is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault

_ENCODED = {
    "gzip": "gzip",
    "truncated_gzip": "the first half of their gzip",
    "not_gzip": "plain text that says it is gzip",
    "wrong_checksum": "gzip with a checksum that is not theirs",
    "unknown": "an encoding that nobody knows",
}
_ODD = {
    "comments": "a comment before each event",
    "empty_events": "an event that is empty",
    "without_data": "an event without data",
    "byte_order_mark": "a byte order mark before the first event",
    "without_delta": "a choice without a delta",
    "null_choices": "a chunk whose choices are null",
    "content_parts": "content as a list of parts",
    "error_event": "an error in the middle of a 200",
    "without_done": "no [DONE] at the end",
    "finish_reason": "another reason to stop",
}


class EncodingFault(Fault):
    """The body of a response is compressed, wrongly: its header promises what it does not hold.

    Example:
        ``{upstream: openai, fault: encoding, as: truncated_gzip}``
    """

    needs_http = True

    fault: Literal["encoding"]
    as_: Literal["gzip", "truncated_gzip", "not_gzip", "wrong_checksum", "unknown"] = Field(
        alias="as",
        description="What comes: sound gzip, the first half of it, plain text that says it is "
        "gzip, gzip whose checksum is not that of its content, or an encoding nobody knows.",
        examples=["truncated_gzip"],
    )

    def in_words(self) -> str:
        return f"sends answers as {_ENCODED[self.as_]}"


class StreamFault(Fault):
    """A stream of events that is odd: what a standard allows, what gateways do, and errors.

    Example:
        ``{upstream: openai, fault: stream, as: error_event, after: 2}``
    """

    needs_http = True

    fault: Literal["stream"]
    as_: Literal[
        "comments",
        "empty_events",
        "without_data",
        "byte_order_mark",
        "without_delta",
        "null_choices",
        "content_parts",
        "error_event",
        "without_done",
        "finish_reason",
    ] = Field(
        alias="as",
        description="What is odd: comment lines or empty events between the others, an event "
        "without data, a byte order mark before the first, a choice without a delta, a chunk "
        "whose choices are null, content as a list of parts, an error in the middle of a 200, no "
        "[DONE] at the end, or another reason to stop. A byte order mark and content in parts "
        "come in answers of one body as well. Letters that come in pieces are fault 'slicer' with "
        "a size of one byte.",
        examples=["without_done"],
    )
    after: int = Field(
        default=1,
        ge=0,
        description="Events that come before what is odd, where it stands in one place.",
        examples=[2],
    )
    finish_reason: str | None = Field(
        default=None,
        description="The reason, for finish_reason; null for none at all.",
        examples=["insufficient_system_resource"],
    )

    def in_words(self) -> str:
        return f"streams {_ODD[self.as_]}"
