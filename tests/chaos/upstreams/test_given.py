"""What a scenario says of a model: each form of an answer, through every API that speaks it."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest

from chaos.scenario.problems import ScenarioError
from chaos.scenario.source import Findings
from chaos.testing import SimulatedWorld
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.given import MODEL, ModelGiven
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.script import ReplyScript

TOOL = {"name": "refund", "parameters": {"type": "object"}}


class Model:
    """Both providers, arranged as a scenario would; asked with their SDKs."""

    def __init__(self, world: SimulatedWorld, answers: Any) -> None:
        given = MODEL.read("openai", {"answers": answers})
        assert isinstance(given, ModelGiven)
        upstreams = OpenAIUpstream(), AnthropicUpstream()
        for upstream in upstreams:
            upstream.arrange(given)
        world.serve(*upstreams)
        self._openai = openai.OpenAI(api_key="sk-test", max_retries=0)
        self._anthropic = anthropic.Anthropic(api_key="sk-test", max_retries=0)

    def chat(self, question: str, *, stream: bool) -> tuple[str, str]:
        """Text and reason of a chat completion."""
        asked: Any = [{"role": "user", "content": question}]
        create: Any = self._openai.chat.completions.create
        got = create(model="gpt-4o-mini", messages=asked, stream=stream)
        if not stream:
            choice = got.choices[0]
            return choice.message.content or choice.message.refusal, choice.finish_reason
        choices = [chunk.choices[0] for chunk in got]
        texts = [each.delta.content or each.delta.refusal or "" for each in choices]
        return "".join(texts), choices[-1].finish_reason

    def responses(self, question: str, *, stream: bool) -> tuple[str, str]:
        """Text and status of the Responses API, with the reason if it is not whole."""
        create: Any = self._openai.responses.create
        got = create(model="gpt-4o-mini", input=question, stream=stream)
        if stream:
            got = [event for event in got if event.type.startswith("response.")][-1].response
        part = got.output[0].content[0]
        details = got.incomplete_details
        text = part.text if part.type == "output_text" else part.refusal
        return text, details.reason if details else got.status

    def messages(self, question: str, *, stream: bool) -> tuple[str, str]:
        """Text and reason of Anthropic's API."""
        asked: Any = [{"role": "user", "content": question}]
        options: Any = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": asked}
        if not stream:
            message = self._anthropic.messages.create(**options)
        else:
            with self._anthropic.messages.stream(**options) as events:
                message = events.get_final_message()
        block: Any = message.content[0]
        return block.text, message.stop_reason or ""


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(
    ("answer", "text", "ends"),
    [
        pytest.param("Für Sie: es läuft.", None, ("stop", "completed", "end_turn"), id="text"),
        pytest.param({"say": {"a": 1}}, '{"a": 1}', ("stop", "completed", "end_turn"), id="JSON"),
        pytest.param(
            {"say": "Open the", "finish_reason": "length"},
            "Open the",
            ("length", "max_output_tokens", "max_tokens"),
            id="at its limit",
        ),
        pytest.param(
            {"say": "Open the", "finish_reason": "content_filter"},
            "Open the",
            ("content_filter", "content_filter", "refusal"),
            id="filtered",
        ),
        pytest.param({"refuse": "No."}, "No.", ("stop", "completed", "refusal"), id="refusal"),
    ],
)
def test_answer_comes_by_every_api(
    simulation: SimulatedWorld,
    answer: Any,
    text: str | None,
    ends: tuple[str, str, str],
    *,
    stream: bool,
) -> None:
    """The same words, and how they end in the words of each."""
    model = Model(simulation, {"printer": answer})
    chat, responses, messages = ends

    said = text or answer

    assert model.chat("My printer?", stream=stream) == (said, chat)
    assert model.responses("My PRINTER?", stream=stream) == (said, responses)
    assert model.messages("my printer", stream=stream) == (said, messages)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_tool_is_called_and_then_the_next_turn_comes(
    simulation: SimulatedWorld, *, stream: bool
) -> None:
    """In order, by the turns of the conversation: a request that is sent again gets the same."""
    turns = [{"call": {"refund": {"order": 7}}}, "It is done."]
    given = MODEL.read("openai", {"answers": {"refund": turns}})
    assert isinstance(given, ModelGiven)
    upstream = OpenAIUpstream()
    upstream.arrange(given)
    simulation.serve(upstream)
    client = openai.OpenAI(api_key="sk-test", max_retries=0)
    asked: list[Any] = [{"role": "user", "content": "I want a refund."}]

    def first() -> Any:
        create: Any = client.chat.completions.create
        tools = [{"type": "function", "function": TOOL}]
        options = {"model": "gpt-4o-mini", "messages": asked, "tools": tools}
        if not stream:
            return create(**options).choices[0].message.tool_calls[0]
        deltas = [chunk.choices[0].delta for chunk in create(**options, stream=True)]
        calls = [call for delta in deltas for call in delta.tool_calls or ()]
        calls[0].function.arguments = "".join(call.function.arguments for call in calls)
        return calls[0]

    call, again = first(), first()
    asked += [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": "refund", "arguments": call.function.arguments},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "ok"},
    ]
    done = client.chat.completions.create(model="gpt-4o-mini", messages=asked)

    assert json.loads(call.function.arguments) == {"order": 7}
    assert again.function.arguments == call.function.arguments
    assert done.choices[0].message.content == "It is done."


GOOD = [
    "Hello.",
    ["One.", "Two."],
    {"": "Hello.", "vpn": {"say": [1, 2]}},
    {"vpn": {"say": "x", "finish_reason": "content_filter"}},
    {"vpn": [{"refuse": "No."}, {"call": {"a": {}, "b": None, "c": "{"}, "before": "Wait."}]},
    {"vpn": {"break": {}}, "x": {"break": {"after": 0, "code": "y", "say": "z", "abrupt": True}}},
    {"call": "Whom?", "say": "What?"},
]


@pytest.mark.parametrize("answers", GOOD, ids=str)
def test_what_a_file_may_say_is_a_script(answers: Any) -> None:
    """Whoever checks the file and whoever reads it agree."""
    findings = Findings()

    read = MODEL.check({"answers": answers}, ("given", "openai"), findings)

    assert not findings.problems
    assert isinstance(read, ModelGiven)
    ReplyScript(read.answers)


BAD = [
    pytest.param({"answres": "x"}, "did you mean 'answers'?", id="another key"),
    pytest.param({"answers": 7}, "an answer is 7; expected a text, or a mapping", id="a number"),
    pytest.param({"answers": {"a": []}}, "an answer has no turns", id="no turns"),
    pytest.param({"answers": {"a": {}}}, "an answer is", id="nothing"),
    pytest.param({"answers": {"a": {"sya": "x"}}}, "did you mean 'say'?", id="a typing error"),
    pytest.param(
        {"answers": {"a": {"say": "x", "refuse": "y"}}}, "unknown key 'refuse'", id="two"
    ),
    pytest.param(
        {"answers": {"a": {"say": "x", "finish_reason": "lenght"}}},
        "did you mean 'length'?",
        id="a reason that is none",
    ),
    pytest.param({"answers": {"a": {"call": {}}}}, "call is empty", id="no tool"),
    pytest.param({"answers": {"a": {"call": {"b": 3}}}}, "call", id="arguments that are none"),
    pytest.param({"answers": {"a": {"break": {"after": -1}}}}, "at least 0", id="too early"),
    pytest.param({"answers": {"a": {"break": {"now": 1}}}}, "unknown key 'now'", id="a break"),
    pytest.param({"answers": {"refuse": "No."}}, "write {'': {refuse: ...}}", id="no question"),
    pytest.param({"prices": {"m": 3}}, "the price of m is 3", id="a bare price"),
    pytest.param({"prices": {"m": {"input": -1}}}, "at least 0", id="a negative price"),
    pytest.param({"prices": {"m": {"output": 1}}}, "has no 'input'", id="half a price"),
]


@pytest.mark.parametrize(("given", "told"), BAD)
def test_mistake_is_told_once(given: Any, told: str) -> None:
    """In one message, that says what to write."""
    with pytest.raises(ScenarioError) as caught:
        MODEL.read("openai", given)

    assert len(caught.value.problems) == 1
    assert told in str(caught.value)
