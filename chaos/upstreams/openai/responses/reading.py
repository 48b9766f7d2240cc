"""What a response of the Responses API says, as far as it can still be read."""

from __future__ import annotations

from typing import Any

from chaos.http import Response
from chaos.upstreams import sse
from chaos.upstreams.openai.reading import Read

_LAST = ("response.completed", "response.incomplete", "response.failed")


def read(response: Response) -> Read:
    """What a 200 says.

    Raises:
        ValueError: It is not a response.
    """
    try:
        if not sse.is_event_stream(response):
            return _whole(response.json())
        return _streamed(sse.payloads(response.body))
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a response: {error}") from error


def _whole(body: Any) -> Read:  # noqa: ANN401 - JSON is anything
    output = body["output"]
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    texts = [part["text"] for part in parts if part["type"] == "output_text"]
    refusals = [part["refusal"] for part in parts if part["type"] == "refusal"]
    calls = [item for item in output if item["type"] == "function_call"]
    usage = body.get("usage") or {}
    return Read(
        text="".join(texts) if texts else None,
        refusal="".join(refusals) if refusals else None,
        calls=len(calls),
        finish_reason=_reason(body, calls=len(calls)),
        error=(body.get("error") or {}).get("code"),
        model=body.get("model"),
        tokens_in=usage.get("input_tokens"),
        tokens_out=usage.get("output_tokens"),
    )


def _reason(body: Any, *, calls: int) -> str | None:  # noqa: ANN401 - JSON is anything
    """Why it ended, in the words of chat completions; None if it has not ended yet."""
    match body["status"]:
        case "completed":
            return "tool_calls" if calls else "stop"
        case "incomplete":
            why = (body.get("incomplete_details") or {}).get("reason")
            return "content_filter" if why == "content_filter" else "length"
        case "failed" | "cancelled":
            return "error"
        case _:
            return None


def _streamed(events: list[Any]) -> Read:
    last = next((event for event in reversed(events) if event["type"] in _LAST), None)
    if last is not None and last["type"] != "response.failed":
        return _whole(last["response"])
    if not events:
        raise ValueError("not a response: no events")
    deltas = [event for event in events if event["type"] == "response.output_text.delta"]
    failed = next((event["code"] for event in events if event["type"] == "error"), None)
    if last is not None:
        failed = last["response"]["error"]["code"]
    return Read(
        text="".join(event["delta"] for event in deltas),
        finish_reason="error" if failed else None,
        error=failed,
        model=events[0]["response"]["model"],
        tokens_out=sum(event["type"].endswith(".delta") for event in events),
    )
