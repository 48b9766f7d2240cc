"""What a response of the messages API says, as far as it can still be read."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from chaos.http import Response
from chaos.upstreams import sse
from chaos.upstreams.anthropic import errors
from chaos.upstreams.resets import pause_s
from chaos.upstreams.said import Ended, Said

_ENDED: dict[str | None, Ended] = {
    "end_turn": "finished",
    "stop_sequence": "finished",
    "max_tokens": "cut_short",
    "model_context_window_exceeded": "cut_short",
    "pause_turn": "cut_short",
    "tool_use": "asks_for_tools",
    "refusal": "refused",
}
"""By stop reason; one that nobody knows promises nothing about the text before it."""

_FINISH_REASONS: dict[Ended, str] = {
    "finished": "stop",
    "cut_short": "length",
    "asks_for_tools": "tool_calls",
    "refused": "content_filter",
    "failed": "error",
}

_HOPELESS = frozenset({"invalid_request_error", "authentication_error", "permission_error"}) | {
    "billing_error",
    "not_found_error",
    "request_too_large",
}
"""Errors that no other try makes better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a 200 carries, streamed or not.

    Attributes:
        text: What was said; None if nothing was.
        ended: How it ended.
        stopped: Whether it said so itself.
        error: The type of an error in the stream; None if there was none.
        model: Whose words these are; None if it is not said.
        tokens_in: Tokens of the request; None if it is not said.
        tokens_out: Tokens that were made; of a stream that broke off, the pieces that came.
    """

    text: str | None
    ended: Ended
    stopped: bool
    error: str | None = None
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None

    @property
    def finish_reason(self) -> str | None:
        """Why it ended, in the words of OpenAI's chat completions; None if it never said."""
        return _FINISH_REASONS[self.ended] if self.stopped or self.error else None

    @property
    def said(self) -> Said:
        """The same in words of no provider."""
        help_: dict[Ended, bool | None] = {"refused": False}
        if self.error is not None:
            help_["failed"] = self.error not in _HOPELESS
        return Said(
            text=self.text,
            whole=self.ended in {"finished", "refused", "asks_for_tools"},
            ended=self.ended,
            retry_can_help=help_.get(self.ended),
            had_effect=True,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
        )


def read(response: Response) -> Read:
    """What a 200 says.

    Raises:
        ValueError: It is not a message.
    """
    try:
        if sse.is_event_stream(response):
            return _streamed(sse.payloads(response.body))
        return _whole(response.json())
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a message: {error}") from error


def failure(response: Response) -> Said:
    """What an error says: nothing, and whether it is worth another try.

    Example:
        >>> failure(errors.failed(529)).retry_can_help
        True
    """
    kind = errors.type_of(response)
    helps: bool | None
    if response.status < HTTPStatus.BAD_REQUEST:
        # A redirect is no refusal, and where it leads, nobody knows.
        helps = None
    elif kind is not None:
        helps = kind not in _HOPELESS
    else:
        server = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        helps = server or response.status in {408, 409, 429}
    return Said(
        text=None,
        whole=False,
        ended="failed",
        retry_can_help=helps,
        had_effect=False,
        pause_s=pause_s(response),
    )


def _whole(message: Any) -> Read:  # noqa: ANN401 - JSON is anything
    texts = [block["text"] for block in message["content"] if block["type"] == "text"]
    usage = message.get("usage") or {}
    return Read(
        text="".join(texts) if texts else None,
        ended=_ENDED.get(message["stop_reason"], "cut_short"),
        stopped=message["stop_reason"] is not None,
        model=message.get("model"),
        tokens_in=usage.get("input_tokens"),
        tokens_out=usage.get("output_tokens"),
    )


def _streamed(events: list[Any]) -> Read:
    started = next((each["message"] for each in events if each["type"] == "message_start"), None)
    error = next((each["error"]["type"] for each in events if each["type"] == "error"), None)
    if started is None and error is None:
        raise ValueError("not a message: it never starts")
    deltas = [each["delta"] for each in events if each["type"] == "content_block_delta"]
    texts = [delta["text"] for delta in deltas if delta["type"] == "text_delta"]
    last = next((each for each in reversed(events) if each["type"] == "message_delta"), None)
    reason = last["delta"]["stop_reason"] if last is not None else None
    whole = any(each["type"] == "message_stop" for each in events)
    head = started or {}
    return Read(
        text="".join(texts) if texts else None,
        ended="failed" if error else _ENDED.get(reason, "cut_short") if whole else "cut_short",
        stopped=whole,
        error=error,
        model=head.get("model"),
        tokens_in=(head.get("usage") or {}).get("input_tokens"),
        tokens_out=last["usage"]["output_tokens"] if last is not None else len(deltas),
    )
