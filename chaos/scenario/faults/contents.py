"""Faults of what an answer says: damaged, malformed, useless or cut off."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault
from chaos.scenario.fields import Size

_MALFORMED = {
    "truncated_json": "truncated JSON",
    "html": "an HTML page",
    "empty_object": "an empty JSON object",
    "empty_choices": "a completion without choices",
    "null_choices": "a completion whose choices are null",
    "invalid_utf8": "bytes that are not UTF-8",
}
_STOPPED = {
    "content_filter": "that it refused",
    "length": "that it stopped at its token limit",
    "stop": "nothing unusual",
}
_CUT = {
    "fin": "is closed as if it were complete",
    "abort": "breaks off",
    "reset": "is reset",
    "stall": "falls silent",
}


class CorruptFault(Fault):
    """Bits of the body are flipped; lengths and hash headers stay those of the true body.

    Example:
        ``{upstream: gcs, object: "*.faiss", fault: corrupt, flip: 3}``
    """

    needs_http = True

    fault: Literal["corrupt"]
    flip: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="How many bits, at places drawn from the seed.",
        examples=[3],
    )
    at: Size | None = Field(
        default=None,
        description="Flip one bit of this byte instead, counted from 0.",
        examples=[512],
    )

    def in_words(self) -> str:
        if self.at is not None:
            return f"sends answers in which a bit of byte {self.at} is flipped"
        bits = "a bit is" if self.flip == 1 else f"{self.flip} bits are"
        return f"sends answers in which {bits} flipped"


class MalformedFault(Fault):
    """A 200 whose body is not what the client expects.

    Example:
        ``{upstream: openai, fault: malformed, as: truncated_json}``
    """

    needs_http = True

    fault: Literal["malformed"]
    as_: Literal[
        "truncated_json", "html", "empty_object", "empty_choices", "null_choices", "invalid_utf8"
    ] = Field(alias="as", description="What is sent as the body.", examples=["html"])

    def in_words(self) -> str:
        return f"answers HTTP 200 with {_MALFORMED[self.as_]}"


class CompletionFault(Fault):
    """A valid 200 that cannot be used: the model refused, or stopped at its limit.

    Example:
        ``{upstream: openai, fault: completion, finish_reason: length}``
    """

    needs_http = True

    fault: Literal["completion"]
    finish_reason: str = Field(
        default="stop",
        min_length=1,
        description="The finish reason that is sent; gateways have their own.",
        examples=["length", "error"],
    )
    content: str | None = Field(
        default=None,
        description="The text of the answer; null for none.",
        examples=["I cannot help."],
    )

    def in_words(self) -> str:
        content = "no text" if self.content is None else f"the text {self.content!r}"
        usual = f"that it stopped for {self.finish_reason!r}"
        return f"answers with {content}, and says {_STOPPED.get(self.finish_reason, usual)}"


class CutStreamFault(Fault):
    """A stream of events ends early: closed, aborted, reset, or silent.

    Example:
        ``{upstream: openai, fault: cut_stream, after: 2, how: fin}``
    """

    needs_http = True

    fault: Literal["cut_stream"]
    after: int = Field(ge=0, description="Events sent before the cut.", examples=[2])
    how: Literal["fin", "abort", "reset", "stall"] = Field(
        description=(
            "How it ends: closed as if complete, closed without an end, reset, or nothing more is "
            "sent."
        ),
        examples=["reset"],
    )

    def in_words(self) -> str:
        events = "1 event" if self.after == 1 else f"{self.after} events"
        return f"streams {events}, then the stream {_CUT[self.how]}"
