"""Faults of an answer's form: how it is encoded, and what its stream is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault

_ENCODED = {
    "gzip": "gzip",
    "truncated_gzip": "the first half of a gzip stream",
    "not_gzip": "plain text labelled as gzip",
    "wrong_checksum": "gzip with a wrong checksum",
    "unknown": "an unknown encoding",
}
_ODD = {
    "comments": "a comment before each event",
    "empty_events": "an empty event",
    "without_data": "an event without data",
    "byte_order_mark": "a byte order mark before the first event",
    "without_delta": "a choice without a delta",
    "null_choices": "a chunk whose choices are null",
    "content_parts": "content as a list of parts",
    "error_event": "an error in the middle of a 200",
    "without_done": "no [DONE] at the end",
    "finish_reason": "another finish reason",
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
        description=(
            "What is sent: correct gzip, the first half of it, plain text labelled as gzip, gzip "
            "with a wrong checksum, or an unknown encoding."
        ),
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
        description=(
            "What is odd: comment lines or empty events between the others, an event without "
            "data, a byte order mark before the first, a choice without a delta, a chunk whose "
            "choices are null, content as a list of parts, an error in the middle of a 200, no "
            "[DONE] at the end, or another finish reason. A byte order mark and content as parts "
            "also occur in answers of one body. To split letters, use fault 'slicer' with a size "
            "of one byte."
        ),
        examples=["without_done"],
    )
    after: int = Field(
        default=1,
        ge=0,
        description="Events sent before the odd one, for kinds that occur once.",
        examples=[2],
    )
    finish_reason: str | None = Field(
        default=None,
        description="The reason, for finish_reason; null for none at all.",
        examples=["insufficient_system_resource"],
    )

    def in_words(self) -> str:
        return f"streams {_ODD[self.as_]}"
