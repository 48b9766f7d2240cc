"""The Responses API of the stand-in, as the real SDK sees it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import openai
import pytest
from pydantic import BaseModel

from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.replies import Breaks, Calls, Refuses
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.openai.asking import (
    QUESTION,
    REFUND,
    Clock,
    chat,
    client_of,
    respond,
    strict,
    user,
)

TOOLS: list[Any] = [
    {"type": "function", "name": "look_up", "parameters": None, "strict": False},
    {"type": "function", "name": "refund", "parameters": REFUND, "strict": False},
]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, to turn."""
    return Clock(monkeypatch)


def events(client: openai.OpenAI, **options: Any) -> list[Any]:
    """All events of one streamed response."""
    return list(respond(client, stream=True, **options))


def kinds(listed: list[Any]) -> list[str]:
    """The types of events, repetitions left out."""
    found: list[str] = []
    for event in listed:
        if not found or found[-1] != event.type:
            found.append(event.type)
    return found


def test_response_quotes_the_question() -> None:
    """A response passes strict validation and says what a chat completion would begin with."""
    response = respond(strict())

    assert response.status == "completed"
    assert response.output_text.startswith('You asked: "How do I reset')
    assert response.usage.total_tokens > response.usage.input_tokens > 0
    assert response.error is None


def test_events_come_in_the_order_that_clients_rely_on() -> None:
    """A response is created, its item is added, filled and done, and then it is completed."""
    listed = events(strict())

    assert kinds(listed) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in listed] == list(range(len(listed)))
    deltas = [event.delta for event in listed if event.type == "response.output_text.delta"]
    assert "".join(deltas) == listed[-1].response.output_text == respond(strict()).output_text
    assert len(deltas) > 10


def test_sdks_own_accumulator_agrees() -> None:
    """What the SDK puts together from events is the response that comes at once."""
    client = strict(answers=Calls("refund", order=7, before="One moment."))

    with client.responses.stream(model="gpt-4o-mini", input=QUESTION, tools=TOOLS) as stream:
        put_together: Any = stream.get_final_response()
    plain = respond(client, tools=TOOLS)

    assert put_together.output_text == plain.output_text == "One moment."
    assert [item.type for item in put_together.output] == ["message", "function_call"]
    assert put_together.output[1].arguments == plain.output[1].arguments == '{"order": 7}'


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        pytest.param("auto", [], id="not named"),
        pytest.param("required", ["look_up"], id="required"),
        pytest.param({"type": "function", "name": "refund"}, ["refund"], id="one by name"),
        pytest.param(
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "refund"}],
            },
            ["refund"],
            id="one of those allowed",
        ),
        pytest.param("none", [], id="none"),
    ],
)
def test_tool_choice_decides_what_is_called(choice: Any, expected: list[str]) -> None:
    """The model calls what it must; arguments fit the schema."""
    response = respond(strict(), tools=TOOLS, tool_choice=choice)

    calls = [item for item in response.output if item.type == "function_call"]
    assert [call.name for call in calls] == expected
    for call in calls:
        jsonschema.validate(json.loads(call.arguments), REFUND if call.name == "refund" else {})


def test_arguments_come_in_pieces() -> None:
    """A streamed call is added without arguments, which come in pieces and then whole."""
    listed = events(strict(answers=Calls("refund", order=7)), tools=TOOLS)

    pieces = [e.delta for e in listed if e.type == "response.function_call_arguments.delta"]
    (done,) = [e for e in listed if e.type == "response.function_call_arguments.done"]
    (added,) = [e.item for e in listed if e.type == "response.output_item.added"]
    assert (added.arguments, added.status) == ("", "in_progress")
    assert "".join(pieces) == done.arguments == '{"order": 7}'
    assert len(pieces) > 1


def test_conversation_goes_on_from_a_response() -> None:
    """With previous_response_id the model knows what was said, and which tools it asked for."""
    client = strict(answers={"refund": [Calls("refund", order=7), "It is done."]})
    first = respond(client, "A refund, please.", tools=TOOLS)
    told = {"type": "function_call_output", "call_id": first.output[0].call_id, "output": "ok"}

    second = respond(client, [told], tools=TOOLS, previous_response_id=first.id)

    assert second.output_text == "It is done."
    assert second.usage.input_tokens > first.usage.input_tokens
    assert second.previous_response_id == first.id


def test_calls_side_by_side_are_one_turn() -> None:
    """A model that asked for two tools has spoken once, and goes on with its second turn."""
    both = Calls("refund", order=7) & Calls("look_up")
    client = strict(answers=[both, "It is done.", "Too far."])
    first = respond(client, tools=TOOLS)
    told = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "ok"}
        for call in first.output
    ]

    second = respond(client, told, tools=TOOLS, previous_response_id=first.id)

    assert len(told) == 2
    assert second.output_text == "It is done."


def test_conversation_can_be_sent_whole_instead() -> None:
    """The same turn, without anything kept: the output goes back in with the result."""
    client = strict(answers={"refund": [Calls("refund", order=7), "It is done."]})
    asked = {"role": "user", "content": "A refund, please."}
    first = respond(client, [asked], tools=TOOLS, store=False)
    call = first.output[0]
    told = {"type": "function_call_output", "call_id": call.call_id, "output": "ok"}

    second = respond(client, [asked, call.model_dump(exclude_none=True), told], tools=TOOLS)

    assert second.output_text == "It is done."


def test_same_conversation_gets_the_same_words_either_way() -> None:
    """An answer depends on what was said before it."""
    client = strict()
    one, other = respond(client, "One"), respond(client, "Other")

    texts = [
        respond(client, "And now?", previous_response_id=each.id).output_text
        for each in (one, one, other)
    ]

    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        pytest.param(
            [{"type": "function_call_output", "call_id": "call_9", "output": "ok"}],
            "No tool call found",
            id="result without a call",
        ),
        pytest.param(
            [{"type": "function_call", "call_id": "call_9", "name": "refund", "arguments": "{}"}],
            "No tool output found",
            id="call without a result",
        ),
    ],
)
def test_calls_and_results_have_to_match(items: list[Any], message: str) -> None:
    """An agent that loses a result gets the provider's 400."""
    with pytest.raises(openai.BadRequestError, match=message):
        respond(strict(), items, tools=TOOLS)


def test_unknown_previous_response_is_400() -> None:
    """What was not stored cannot be gone on from."""
    client = strict()
    forgotten = respond(client, store=False)

    with pytest.raises(openai.BadRequestError) as caught:
        respond(client, previous_response_id=forgotten.id)

    assert caught.value.code == "previous_response_not_found"


def test_response_in_the_background_is_done_by_the_clock(clock: Clock) -> None:
    """It is queued, in progress, and completed; then it has the output."""
    client = strict(background_takes_s=10.0)
    begun = respond(client, background=True)

    seen = [begun.status]
    for _ in range(3):
        clock.advance(4.0)
        seen.append(client.responses.retrieve(begun.id).status)

    assert seen == ["queued", "in_progress", "in_progress", "completed"]
    assert begun.output == []
    assert client.responses.retrieve(begun.id).output_text == respond(client).output_text


def test_cancelled_response_stays_cancelled(clock: Clock) -> None:
    """Whoever cancels in time gets nothing, and whoever cancels too late gets everything."""
    client = strict()
    early, late = respond(client, background=True), respond(client, background=True)

    assert client.responses.cancel(early.id).status == "cancelled"
    clock.advance(60.0)

    assert client.responses.retrieve(early.id).status == "cancelled"
    assert client.responses.cancel(late.id).status == "completed"
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(respond(client).id)


def test_stream_in_the_background_is_taken_up_again() -> None:
    """After a broken connection the events go on behind the last one that was seen."""
    client = strict()
    listed = events(client, background=True)

    rest: list[Any] = list(
        client.responses.retrieve(listed[0].response.id, stream=True, starting_after=5)
    )

    assert [event.sequence_number for event in rest] == list(range(6, len(listed)))
    assert rest[-1].response.output_text == listed[-1].response.output_text
    assert listed[1].type == "response.queued"


def test_streamed_response_in_the_background_has_ended_with_its_stream(clock: Clock) -> None:
    """What was seen to its end is not in progress; what was not streamed is not streamed later."""
    del clock
    client = strict(background_takes_s=10.0)
    last = events(client, background=True)[-1]
    begun = respond(client, background=True)

    assert client.responses.retrieve(last.response.id).status == last.response.status
    with pytest.raises(openai.BadRequestError, match="with 'stream'"):
        list(client.responses.retrieve(begun.id, stream=True))


def test_nobody_goes_on_from_a_response_that_is_not_there_yet(clock: Clock) -> None:
    """Nor from one that was cancelled: what the provider says to that is not known."""
    client = strict(background_takes_s=10.0)
    begun, ended = respond(client, background=True), respond(client, background=True)
    client.responses.cancel(ended.id)

    for previous, status in ((begun, "queued"), (ended, "cancelled")):
        with pytest.raises(UnmodelledError, match=status):
            respond(client, "And now?", previous_response_id=previous.id)
    clock.advance(10.0)
    assert respond(client, "And now?", previous_response_id=begun.id).output_text


def test_part_of_another_role_is_refused() -> None:
    """What the model said is no input."""
    said = {"role": "assistant", "content": [{"type": "input_text", "text": "Yes."}]}
    with pytest.raises(openai.BadRequestError, match="'output_text' and 'refusal'") as caught:
        respond(strict(), [user("?"), said, user("!")])
    assert caught.value.param == "input[1].content[0]"


def test_refusal_has_events_of_its_own() -> None:
    """A refusal is a part of the message, and comes word by word."""
    client = strict(answers=Refuses("I would rather not."))

    listed, plain = events(client), respond(client)

    assert plain.output[0].content[0].refusal == "I would rather not."
    assert plain.output_text == ""
    deltas = [event.delta for event in listed if event.type == "response.refusal.delta"]
    assert "".join(deltas) == "I would rather not."


def test_response_that_fails_says_so_in_a_200() -> None:
    """A model that fails leads to status "failed", which no exception tells of."""
    response = respond(strict(answers=Breaks(code="server_error")))

    assert (response.status, response.error.code) == ("failed", "server_error")
    assert response.output == []


def test_stream_that_fails_ends_in_its_event() -> None:
    """After some words comes response.failed, or a bare error."""
    failed = events(strict(answers=Breaks(after=2, code="rate_limit_exceeded")))
    abrupt = events(strict(answers=Breaks(after=2, code="server_error", abrupt=True)))

    assert failed[-1].type == "response.failed"
    assert failed[-1].response.error.code == "rate_limit_exceeded"
    assert [event.type for event in failed].count("response.output_text.delta") == 2
    assert (abrupt[-1].type, abrupt[-1].code) == ("error", "server_error")
    assert not {"response.completed", "response.incomplete"} & set(kinds(failed + abrupt))


def test_stream_that_fails_after_its_last_word_is_not_completed() -> None:
    """Whatever has come until then, a response that failed has no other end."""
    late = events(strict(answers=Breaks(after=1000)))

    assert late[-1].type == "response.failed"
    assert "response.completed" not in kinds(late)


def test_token_limit_makes_a_response_incomplete() -> None:
    """What is cut says so in status, details and last event."""
    client = strict(answers=" ".join(["word"] * 100))

    plain, listed = respond(client, max_output_tokens=16), events(client, max_output_tokens=16)

    assert (plain.status, plain.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert len(plain.output_text.split()) == 16
    assert listed[-1].type == "response.incomplete"


def test_reasoning_is_an_item_before_the_message() -> None:
    """Thoughts come first, cost tokens, and may leave none for an answer."""
    client = strict()
    options: dict[str, Any] = {
        "model": "gpt-5",
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
    }

    response = respond(client, **options)
    spent = respond(client, model="gpt-5", max_output_tokens=100)

    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.output[0].summary[0].text
    assert response.output[0].encrypted_content
    assert response.usage.output_tokens_details.reasoning_tokens > 0
    assert (spent.status, [item.type for item in spent.output]) == ("incomplete", ["reasoning"])
    assert "response.reasoning_summary_text.delta" in kinds(events(client, **options))
    assert respond(client, "And?", previous_response_id=response.id).output_text


class City(BaseModel):
    """A shape for an answer."""

    name: str
    inhabitants: int


def test_answer_of_a_shape_is_parsed_by_the_sdk() -> None:
    """With a schema, the SDK's own parser makes an object of the answer."""
    parsed = strict().responses.parse(model="gpt-4o-mini", input="Oslo?", text_format=City)

    assert isinstance(parsed.output_parsed, City)


def test_probabilities_come_if_included() -> None:
    """Tokens have probabilities, in the message as in the events."""
    client = strict()
    options: dict[str, Any] = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}

    part = respond(client, **options).output[0].content[0]
    listed = events(client, **options)

    assert "".join(entry.token for entry in part.logprobs) == part.text
    sent = [e.logprobs for e in listed if e.type == "response.output_text.delta"]
    assert [entry.token for (entry,) in sent] == [entry.token for entry in part.logprobs]


def test_input_items_are_listed() -> None:
    """What was sent can be looked at, newest first or oldest first."""
    client = strict()
    items = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    response = respond(client, items)

    newest: list[Any] = list(client.responses.input_items.list(response.id))
    oldest: list[Any] = list(client.responses.input_items.list(response.id, order="asc", limit=1))

    assert [item.role for item in newest] == ["user", "developer"]
    assert [item.content[0].text for item in oldest] == ["Be brief.", QUESTION]


def test_deleted_response_is_gone() -> None:
    """A response can be forgotten."""
    client = strict()
    response = respond(client)

    client.responses.delete(response.id)

    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"background": True, "store": False}, "'store' to be true", id="background"),
        pytest.param({"max_output_tokens": 3}, ">= 16", id="few tokens"),
        pytest.param({"model": "gpt-5", "temperature": 0.5}, "'temperature'", id="temperature"),
        pytest.param({"reasoning": {"effort": "low"}}, "'reasoning.effort'", id="effort"),
        pytest.param({"tool_choice": "required"}, "Tool choice 'required'", id="no tools"),
        pytest.param(
            {"text": {"format": {"type": "json_object"}}}, "the word 'json'", id="no word"
        ),
        pytest.param({"input": 3}, "expected a string, but got an integer", id="input"),
    ],
)
def test_contradiction_is_refused_in_the_providers_words(
    options: dict[str, Any], message: str
) -> None:
    """What the provider refuses is refused, and says why."""
    with pytest.raises(openai.BadRequestError, match=message):
        respond(strict(), **options)


def test_metadata_and_settings_come_back() -> None:
    """A response shows what it was asked with."""
    response = respond(
        strict(),
        instructions="Be brief.",
        metadata={"team": "a"},
        temperature=0.2,
        tools=TOOLS,
        safety_identifier="someone",
    )

    assert (response.instructions, response.metadata) == ("Be brief.", {"team": "a"})
    assert (response.temperature, response.safety_identifier) == (0.2, "someone")
    assert [tool.name for tool in response.tools] == ["look_up", "refund"]


def test_both_apis_are_of_one_stand_in() -> None:
    """A service may use both with one client; ids tell their answers apart."""
    client = client_of(OpenAIUpstream())

    assert chat(client).id.startswith("chatcmpl-")
    assert respond(client).id.startswith("resp_")
