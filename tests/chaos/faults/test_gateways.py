"""Quirks of gateways that speak OpenAI's API: what the unmodified SDK makes of each."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from chaos.http import Request
from chaos.ports import Operation
from chaos.scenario.faults import StreamFault
from chaos.testing import SimulatedWorld
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.sse import split_events
from tests.chaos.faults.sent import CHAT, chat_request, decide, fault, injector

ANSWER = "Öffnen Sie die Einstellungen: fertig."
HARMLESS = [
    "comments",
    "empty_events",
    "without_data",
    "byte_order_mark",
    "without_delta",
    "null_choices",
    "content_parts",
    "without_done",
]


class Gateway:
    """A client of the SDK, and a stand-in whose answers are odd in one way."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        world.serve(OpenAIUpstream(answers=ANSWER))
        self._client = openai.OpenAI(api_key="sk-test", max_retries=0)

    def odd(self, how: str, **more: Any) -> None:
        """From now on, answers are odd like this."""
        self._world.inject(upstream="openai", fault="stream", as_=how, **more)

    def ask(self, *, stream: bool) -> Any:
        """What the SDK returns."""
        asked = [{"role": "user", "content": "Wie füge ich einen Drucker hinzu?"}]
        create: Any = self._client.chat.completions.create
        return create(model="gpt-4o-mini", messages=asked, stream=stream)

    def chunks(self) -> list[Any]:
        """The chunks of a stream, read to its end."""
        return list(self.ask(stream=True))


@pytest.fixture
def gateway(simulation: SimulatedWorld) -> Gateway:
    """A gateway that speaks OpenAI's API."""
    return Gateway(simulation)


def text_of(chunks: list[Any]) -> str:
    """What a careful reader makes of chunks."""
    choices = [choice for chunk in chunks for choice in chunk.choices or ()]
    return "".join(choice.delta.content or "" for choice in choices if choice.delta)


@pytest.mark.parametrize("how", ["comments", "without_done", "without_delta", "null_choices"])
def test_reader_that_is_careful_gets_the_answer(gateway: Gateway, how: str) -> None:
    """The SDK passes on what it has no word for; every letter is there."""
    gateway.odd(how)

    assert text_of(gateway.chunks()) == ANSWER


@pytest.mark.parametrize(
    ("how", "lacks"), [("without_delta", "delta"), ("null_choices", "choices")]
)
def test_reader_that_is_careless_fails(gateway: Gateway, how: str, lacks: str) -> None:
    """``chunk.choices[0].delta.content``, as every example has it, meets None."""
    gateway.odd(how)

    chunks = gateway.chunks()

    without = [c for c in chunks if c.choices is None or any(x.delta is None for x in c.choices)]
    assert len(without) == 1
    choices = without[0].choices
    assert (choices if lacks == "choices" else choices[0].delta) is None


@pytest.mark.parametrize("how", ["empty_events", "without_data"])
def test_event_that_carries_nothing_breaks_the_sdk(gateway: Gateway, how: str) -> None:
    """It parses what is not there, and the error is none of its own."""
    gateway.odd(how)

    with pytest.raises(json.JSONDecodeError):
        gateway.chunks()


def test_byte_order_mark_costs_the_sdk_the_first_event(gateway: Gateway) -> None:
    """Silently; where the first chunk says something, the answer lacks its beginning."""
    sound = len(gateway.chunks())
    gateway.odd("byte_order_mark")

    odd = len(gateway.chunks())

    assert odd == sound - 1


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_content_in_parts_is_passed_on_as_a_list(gateway: Gateway, *, stream: bool) -> None:
    """Whatever the types of the SDK say."""
    gateway.odd("content_parts")

    if stream:
        parts = [chunk.choices[0].delta.content for chunk in gateway.chunks()]
        said = "".join(part[0]["text"] for part in parts if part)
    else:
        [part] = gateway.ask(stream=False).choices[0].message.content
        said = part["text"]

    assert said == ANSWER


def test_body_with_a_byte_order_mark_breaks_no_client(gateway: Gateway) -> None:
    """JSON in one body is read with its mark by the SDK's parser."""
    gateway.odd("byte_order_mark")

    assert gateway.ask(stream=False).choices[0].message.content == ANSWER


def test_error_event_is_raised_after_what_was_said(gateway: Gateway) -> None:
    """By then the reader may have shown two chunks."""
    gateway.odd("error_event", after=2)
    stream = gateway.ask(stream=True)

    seen = [next(stream), next(stream)]

    assert text_of(seen) == "Öffnen"
    with pytest.raises(openai.APIError, match="The server had an error"):
        next(stream)


def test_letters_come_in_pieces(gateway: Gateway, simulation: SimulatedWorld) -> None:
    """Letters beyond ASCII are bytes on the way, and the SDK puts them together again."""
    question = [{"role": "user", "content": "für"}]
    body = decide().respond(chat_request(messages=question, stream=True)).body
    simulation.inject(upstream="openai", fault="slicer", size="1B", delay="1ms")

    assert text_of(gateway.chunks()) == ANSWER
    assert "für".encode() in body


def test_null_choices_of_a_whole_answer_are_passed_on(
    gateway: Gateway, simulation: SimulatedWorld
) -> None:
    """``choices[0]`` is then an error of the caller's."""
    simulation.inject(upstream="openai", fault="malformed", as_="null_choices")

    assert gateway.ask(stream=False).choices is None


@pytest.mark.parametrize("how", HARMLESS)
def test_laws_take_an_odd_answer_for_whole(how: str) -> None:
    """What the provider said, it said to its end; the request took effect."""
    request = chat_request(stream=True)

    said = OpenAIUpstream().said(
        CHAT, request, decide(fault("stream", **{"as": how})).respond(request)
    )

    sound = OpenAIUpstream().said(CHAT, request, decide().respond(request))
    assert sound is not None
    assert said is not None
    assert (said.text, said.whole, said.had_effect) == (sound.text, True, True)


def test_laws_take_an_error_event_for_a_failure() -> None:
    """However much was said before it; what was said is billed all the same."""
    request = chat_request(stream=True)
    odd = decide(fault("stream", **{"as": "error_event"}, after=5)).respond(request)

    said = OpenAIUpstream().said(CHAT, request, odd)

    assert said is not None
    assert (said.whole, said.ended, said.had_effect) == (False, "failed", True)


def test_every_oddness_is_tried_here() -> None:
    """One that is added to the language needs its test."""
    known = set(StreamFault.model_fields["as_"].annotation.__args__)  # type: ignore[union-attr]

    assert known == {*HARMLESS, "error_event", "finish_reason"}


@pytest.mark.parametrize("how", ["without_delta", "null_choices", "content_parts"])
def test_odd_chunk_has_no_place_in_another_api(how: str) -> None:
    """The Responses API has no chunks, so that the fault is not felt there."""
    decision = decide(fault("stream", **{"as": how}))

    decision.respond(responses_request())

    assert decision.touched == ()


def test_error_event_has_the_form_of_its_api() -> None:
    """OpenAI's two APIs and Anthropic's each end a stream in a way of their own."""
    broken = fault("stream", **{"as": "error_event"}, after=3)
    anthropic = fault("stream", "anthropic", **{"as": "error_event"}, after=3)
    messages = Operation("messages")

    of_responses = decide(broken).respond(responses_request())
    of_anthropic = (
        injector(anthropic)
        .decide(AnthropicUpstream(), messages, call=1)
        .respond(messages_request())
    )

    last = split_events(of_responses.body)[-1]
    assert last.startswith(b'event: error\ndata: {"type": "error", "code": "server_error"')
    last = split_events(of_anthropic.body)[-1]
    assert last.startswith(b'event: error\ndata: {"type": "error", "error": {')
    for upstream, operation, request, response in (
        (OpenAIUpstream(), Operation("responses.create"), responses_request(), of_responses),
        (AnthropicUpstream(), messages, messages_request(), of_anthropic),
    ):
        said = upstream.said(operation, request, response)
        assert said is not None
        assert (said.whole, said.ended) == (False, "failed")


def responses_request() -> Request:
    """A streamed call of the Responses API."""
    return Request(
        method="POST",
        url="https://api.openai.com/v1/responses",
        headers={"authorization": "Bearer sk-test"},
        body=json.dumps(
            {"model": "gpt-4o-mini", "input": "Is the VPN down?", "stream": True}
        ).encode(),
    )


def messages_request() -> Request:
    """A streamed call of Anthropic's API."""
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 50,
        "stream": True,
        "messages": [{"role": "user", "content": "Is the VPN down?"}],
    }
    return Request(
        method="POST",
        url="https://api.anthropic.com/v1/messages",
        headers={"x-api-key": "sk-test", "anthropic-version": "2023-06-01"},
        body=json.dumps(body).encode(),
    )
