"""Valid completions that are of no use, as the real SDK sees them."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.faults.sent import CHAT, DATA, chat_request, decide, fault, media_request, store
from tests.chaos.upstreams.sdk import openai_client

TRUTH = OpenAIUpstream().describe(CHAT, OpenAIUpstream().handle(chat_request()))["text"]
assert isinstance(TRUTH, str)
HALF = TRUTH[: len(TRUTH) // 2]

CASES = [
    pytest.param({"finish_reason": "content_filter"}, None, "content_filter", id="filtered"),
    pytest.param({"finish_reason": "length"}, HALF, "length", id="cut short"),
    pytest.param({"content": None}, None, "stop", id="null"),
    pytest.param({"content": ""}, "", "stop", id="empty"),
    pytest.param({"content": "I would  rather not."}, "I would  rather not.", "stop", id="other"),
    pytest.param({"finish_reason": "length", "content": None}, None, "length", id="null and cut"),
]


def test_gateway_has_a_reason_of_its_own() -> None:
    """OpenAI has no such word, and its SDK hands it on all the same."""
    decision = decide(fault("completion", finish_reason="error", content="Half of"))

    (choice,) = decision.respond(chat_request()).json()["choices"]

    assert (choice["finish_reason"], choice["message"]["content"]) == ("error", "Half of")


@pytest.mark.parametrize(("parameters", "content", "reason"), CASES)
def test_completion_is_valid_and_useless(
    parameters: dict[str, Any], content: str | None, reason: str
) -> None:
    """Strict validation passes; content and finish reason are those of the scenario."""
    decision = decide(fault("completion", **parameters))
    client = openai_client(decision.respond, _strict_response_validation=True)

    choice = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "How do I reset my password?"}],
    ).choices[0]

    assert (choice.message.content, choice.finish_reason) == (content, reason)
    assert decision.touched == ("completion",)


@pytest.mark.parametrize(("parameters", "content", "reason"), CASES)
def test_streamed_completion_says_the_same(
    parameters: dict[str, Any], content: str | None, reason: str
) -> None:
    """Streamed, the words come one by one and join up to the same content."""
    decision = decide(fault("completion", **parameters))
    client = openai_client(decision.respond, _strict_response_validation=True)

    chunks = list(
        client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[{"role": "user", "content": "How do I reset my password?"}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == (content or "")
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == [reason]
    assert chunks[-1].usage is not None
    assert decision.touched == ("completion",)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_trace_keeps_what_was_really_said(*, stream: bool) -> None:
    """The description is that of the altered response, not of what the model had in mind."""
    decision = decide(fault("completion", finish_reason="length"))

    described = OpenAIUpstream().describe(CHAT, decision.respond(chat_request(stream=stream)))

    assert (described["text"], described["finish_reason"]) == (HALF, "length")


def test_completion_does_not_concern_a_download() -> None:
    """What is not a completion stays as it is, and the fault does not count as touched."""
    decision = decide(fault("completion", "gcs"), upstream=store())

    assert decision.respond(media_request()).body == DATA
    assert decision.touched == ()


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_every_choice_is_spoiled(*, stream: bool) -> None:
    """Of several choices, none keeps its text, and none loses its place."""
    decision = decide(fault("completion", finish_reason="content_filter"))
    options: dict[str, Any] = {"n": 2, "stream": stream}

    body = decision.respond(chat_request(**options)).body.decode()

    assert '"index": 0' in body
    assert '"index": 1' in body
    assert "You asked" not in body
    assert body.count('"content_filter"') == 2


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_spoiled_completion_asks_for_no_tool(*, stream: bool) -> None:
    """A model that declines or runs out of tokens has not called anything."""
    decision = decide(fault("completion", finish_reason="stop", content="I would rather not."))
    tool = {"type": "function", "function": {"name": "refund"}}

    request = chat_request(stream=stream, tools=[tool], tool_choice="required")

    assert b"tool_calls" in OpenAIUpstream().handle(request).body
    assert b"tool_calls" not in decision.respond(request).body
