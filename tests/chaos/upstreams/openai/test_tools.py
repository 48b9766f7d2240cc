"""Tools, schemas and the other things that chat requests ask for beyond prose."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import openai
import pytest
from pydantic import BaseModel

from chaos.upstreams.model import ScriptError
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.replies import Breaks, Calls, Refuses, Says
from chaos.upstreams.schemas import SchemaError
from tests.chaos.upstreams.openai.asking import (
    QUESTION,
    REFUND,
    chat,
    client_of,
    function,
    post,
    strict,
    user,
)
from tests.chaos.upstreams.sdk import openai_client

TOOLS = [function("look_up"), function("refund", REFUND)]


def called(completion: Any) -> list[str]:
    """The names of the tools that a completion asks for."""
    return [call.function.name for call in completion.choices[0].message.tool_calls or ()]


def streamed(client: openai.OpenAI, question: str = QUESTION, **options: Any) -> Any:
    """A streamed completion, put together by the SDK's own accumulator."""
    with client.chat.completions.stream(
        model="gpt-4o-mini", messages=[{"role": "user", "content": question}], **options
    ) as stream:
        stream.until_done()
        return stream.get_final_completion()


@pytest.mark.parametrize(
    ("question", "choice", "expected"),
    [
        pytest.param("Please refund order 7.", "auto", ["refund"], id="named in the question"),
        pytest.param("Please look up order 7.", None, ["look_up"], id="named in two words"),
        pytest.param("Is the VPN down?", "auto", [], id="not named"),
        pytest.param("Refundable?", "auto", [], id="a part of a word"),
        pytest.param("Is the VPN down?", "required", ["look_up"], id="required"),
        pytest.param("Please refund order 7.", "none", [], id="forbidden"),
        pytest.param("Is the VPN down?", function("refund"), ["refund"], id="one by name"),
        pytest.param(
            "Please look up and refund.",
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [function("refund")]},
            },
            ["refund"],
            id="one of those allowed",
        ),
        pytest.param(
            "Is the VPN down?",
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [function("refund")]},
            },
            ["refund"],
            id="one of those allowed, required",
        ),
    ],
)
def test_tool_choice_decides_what_is_called(
    question: str, choice: Any, expected: list[str]
) -> None:
    """The model calls what it must, what it may if it was asked to, and nothing else."""
    more = {} if choice is None else {"tool_choice": choice}

    completion = chat(strict(), question, tools=TOOLS, **more)

    assert called(completion) == expected
    # A function that the request names is called under the reason "stop".
    is_named = isinstance(choice, dict) and choice["type"] == "function"
    is_told = bool(expected) and not is_named
    assert completion.choices[0].finish_reason == ("tool_calls" if is_told else "stop")
    assert (completion.choices[0].message.content is None) == bool(expected)


def test_arguments_fit_the_schema_of_the_tool() -> None:
    """Arguments are JSON that validates, and are not the same for every conversation."""
    told = [
        chat(strict(), question, tools=TOOLS, tool_choice=function("refund"))
        for question in ("Order 7", "Order 8", "Order 7")
    ]
    arguments = [each.choices[0].message.tool_calls[0].function.arguments for each in told]

    for each in arguments:
        jsonschema.validate(json.loads(each), REFUND)
    assert arguments[0] == arguments[2] != arguments[1]


def test_result_of_a_tool_leads_to_an_answer() -> None:
    """A whole round: question, call, result, answer; the same result gives the same answer."""
    client = strict()
    question = "Please refund order 7."
    first = chat(client, question, tools=TOOLS).choices[0].message

    def answer(result: str) -> Any:
        told = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": result}
        return chat(client, messages=[user(question), first, told], tools=TOOLS)

    done, again, other = answer("done"), answer("done"), answer("failed")

    assert called(done) == []
    texts = [each.choices[0].message.content for each in (done, again, other)]
    assert texts[0] == texts[1] != texts[2]


def test_scripted_calls_come_side_by_side_unless_forbidden() -> None:
    """Two calls in one turn are two entries; without parallel calls only the first is made."""
    client = strict(answers=Calls("refund", order=7) & Calls("look_up"))

    both = chat(client, tools=TOOLS)
    one = chat(client, tools=TOOLS, parallel_tool_calls=False)

    assert called(both) == ["refund", "look_up"]
    assert len({call.id for call in both.choices[0].message.tool_calls}) == 2
    assert called(one) == ["refund"]


def test_stream_of_calls_adds_up_to_the_plain_ones() -> None:
    """Names and arguments that come in pieces are those that come at once."""
    client = strict(answers=Calls("refund", order=7, before="One moment.") & Calls("look_up"))

    plain, stream = (ask(client, tools=TOOLS).choices[0] for ask in (chat, streamed))

    assert stream.finish_reason == plain.finish_reason == "tool_calls"
    assert stream.message.content == plain.message.content == "One moment."
    assert [(c.function.name, c.function.arguments) for c in stream.message.tool_calls] == [
        (c.function.name, c.function.arguments) for c in plain.message.tool_calls
    ]
    assert len({c.id for c in (*stream.message.tool_calls, *plain.message.tool_calls)}) == 4


class City(BaseModel):
    """A shape for an answer."""

    name: str
    inhabitants: int
    river: str | None


def test_answer_of_a_shape_is_parsed_by_the_sdk() -> None:
    """With a schema, the SDK's own parser makes an object of the answer."""
    client = strict()

    plain = client.chat.completions.parse(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Oslo?"}], response_format=City
    )
    stream = streamed(client, "Oslo?", response_format=City)

    assert isinstance(plain.choices[0].message.parsed, City)
    assert stream.choices[0].message.parsed == plain.choices[0].message.parsed


def test_json_object_needs_the_word_in_a_message() -> None:
    """JSON mode answers with an object, and refuses conversations that never speak of JSON."""
    client = strict()

    told = chat(client, "In JSON, please.", response_format={"type": "json_object"})

    assert isinstance(json.loads(told.choices[0].message.content), dict)
    with pytest.raises(openai.BadRequestError, match="must contain the word 'json'") as caught:
        chat(client, "Please.", response_format={"type": "json_object"})
    assert caught.value.param == "messages"


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        pytest.param({"type": "object", "properties": {}}, "additionalProperties", id="open"),
        pytest.param(
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "additionalProperties": False,
            },
            "'required' is required",
            id="optional property",
        ),
        pytest.param(
            {
                "type": "object",
                "properties": {"a": {"type": "array", "items": {"type": "object"}}},
                "required": ["a"],
                "additionalProperties": False,
            },
            "additionalProperties",
            id="open deep inside",
        ),
    ],
)
def test_strict_schema_has_to_be_closed(schema: dict[str, Any], wrong: str) -> None:
    """Structured outputs take closed schemas only, of answers as of tools."""
    client = strict()
    wanted = {"name": "city", "strict": True, "schema": schema}

    with pytest.raises(openai.BadRequestError, match=wrong):
        chat(client, response_format={"type": "json_schema", "json_schema": wanted})
    with pytest.raises(openai.BadRequestError, match=wrong):
        chat(client, tools=[function("city", schema, strict=True)])


def test_schema_with_an_unmodelled_keyword_is_said() -> None:
    """A keyword that nobody taught the stand-in ends the run rather than being skipped."""
    odd = {"type": "array", "items": {}, "uniqueItems": True}
    wanted = {"name": "city", "schema": {"type": "object", "properties": {"names": odd}}}

    with pytest.raises(SchemaError, match="uniqueItems"):
        chat(strict(), response_format={"type": "json_schema", "json_schema": wanted})


def test_choices_have_texts_of_their_own() -> None:
    """Each of several choices has its index and its text, streamed or not."""
    client = strict()

    plain, stream = chat(client, n=3), streamed(client, n=3)

    texts = [choice.message.content for choice in plain.choices]
    assert len(set(texts)) == 3
    assert [choice.index for choice in plain.choices] == [0, 1, 2]
    assert [choice.message.content for choice in stream.choices] == texts
    assert texts[0] == chat(client).choices[0].message.content
    assert plain.usage.completion_tokens > chat(client).usage.completion_tokens * 2


def test_chunks_of_several_choices_come_in_turns() -> None:
    """No choice is finished before the next begins: clients have to tell chunks apart by index."""
    chunks = list(chat(strict(), n=2, stream=True))

    assert [chunk.choices[0].index for chunk in chunks[:4]] == [0, 1, 0, 1]


@pytest.mark.parametrize("stop", ["step", ["nowhere", "step", "usually"]])
def test_text_ends_before_a_stop_sequence(stop: Any) -> None:
    """The text ends where the first of the stop sequences began."""
    whole = chat(strict()).choices[0].message.content
    first = min(whole.index(each) for each in ("step", "usually") if each in stop)

    cut = chat(strict(), stop=stop).choices[0]

    assert cut.message.content == whole[:first]
    assert cut.finish_reason == "stop"


def test_every_token_has_its_probability() -> None:
    """Probabilities are those of the tokens that the text consists of, the best one first."""
    client = strict()

    choice = chat(client, logprobs=True, top_logprobs=3).choices[0]
    chunks = list(chat(client, logprobs=True, top_logprobs=3, stream=True))

    entries = choice.logprobs.content
    assert "".join(entry.token for entry in entries) == choice.message.content
    assert all(entry.logprob < 0 for entry in entries)
    assert all(len(entry.top_logprobs) == 3 for entry in entries)
    assert all(entry.top_logprobs[0].logprob == entry.logprob for entry in entries)
    assert all(bytes(entry.bytes).decode() == entry.token for entry in entries)
    sent = [c.choices[0].logprobs for c in chunks]
    assert [each.content[0] for each in sent if each] == entries


@pytest.mark.parametrize("model", ["o4-mini", "gpt-5-mini"])
def test_reasoning_costs_tokens_that_nobody_sees(model: str) -> None:
    """A model that thinks is paid for it, and may run out of tokens before it says anything."""
    client = strict()

    low = chat(client, model=model, reasoning_effort="low")
    high = chat(client, model=model, reasoning_effort="high")
    spent = chat(client, model=model, reasoning_effort="high", max_completion_tokens=100)

    details = [each.usage.completion_tokens_details.reasoning_tokens for each in (low, high)]
    assert 0 < details[0] < details[1]
    assert low.choices[0].message.content == high.choices[0].message.content
    assert (spent.choices[0].message.content, spent.choices[0].finish_reason) == ("", "length")
    assert spent.usage.completion_tokens == 100


@pytest.mark.parametrize(
    ("options", "message", "code"),
    [
        pytest.param(
            {"model": "o4-mini", "max_tokens": 10},
            "'max_completion_tokens' instead",
            "unsupported_parameter",
            id="max_tokens of a reasoning model",
        ),
        pytest.param(
            {"model": "o4-mini", "temperature": 0.5},
            "Only the default",
            "unsupported_value",
            id="temperature of a reasoning model",
        ),
        pytest.param(
            {"reasoning_effort": "low"}, "Unrecognized request argument", None, id="effort"
        ),
        pytest.param({"tool_choice": "auto"}, "'tools' are specified", None, id="choice alone"),
        pytest.param(
            {"parallel_tool_calls": True}, "'tools' are specified", None, id="parallel alone"
        ),
        pytest.param(
            {"tools": TOOLS, "tool_choice": function("mail")}, "'mail'", None, id="unknown choice"
        ),
        pytest.param({"tools": []}, "empty array", "empty_array", id="no tools"),
        pytest.param(
            {"tools": [function("look up!")]}, "pattern", "invalid_value", id="name of a tool"
        ),
        pytest.param(
            {"stream_options": {"include_usage": True}},
            "'stream' is enabled",
            None,
            id="no stream",
        ),
        pytest.param({"top_logprobs": 2}, "'logprobs' is enabled", None, id="no logprobs"),
        pytest.param({"metadata": {"a": "b"}}, "'store' is enabled", None, id="not stored"),
        pytest.param({"stop": ["a"] * 5}, "too long", "array_above_max_length", id="many stops"),
        pytest.param({"n": 0}, ">= 1", "integer_below_min_value", id="no choices"),
        pytest.param({"n": 129}, "<= 128", "integer_above_max_value", id="many choices"),
        pytest.param({"top_p": 1.5}, "<= 1", "decimal_above_max_value", id="top_p"),
        pytest.param(
            {"max_tokens": 5, "max_completion_tokens": 5},
            "at the same time",
            "invalid_parameter_combination",
            id="two limits",
        ),
    ],
)
def test_contradiction_is_refused_in_the_providers_words(
    options: dict[str, Any], message: str, code: str | None
) -> None:
    """What the provider refuses is refused, and says why."""
    with pytest.raises(openai.BadRequestError, match=message) as caught:
        chat(strict(), **options)

    assert caught.value.code == code


CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOLD = {"role": "tool", "tool_call_id": "call_1", "content": "up"}


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        pytest.param([user("?"), TOLD], "preceeding message", id="result without a call"),
        pytest.param([user("?"), ASKED], "call_1", id="call without a result"),
        pytest.param([user("?"), ASKED, user("!"), TOLD], "call_1", id="result too late"),
        pytest.param([user("?"), ASKED, TOLD, TOLD], "preceeding message", id="result twice"),
    ],
)
def test_calls_and_results_have_to_match(messages: list[Any], message: str) -> None:
    """An agent that loses a result of a tool, or tells one twice, gets the provider's 400."""
    with pytest.raises(openai.BadRequestError, match=message):
        chat(strict(), messages=messages, tools=TOOLS)


def test_refusal_is_no_content() -> None:
    """A refusal comes in a field of its own, streamed or not."""
    client = strict(answers=Refuses("I would rather not."))

    for completion in (chat(client), streamed(client)):
        message = completion.choices[0].message
        assert (message.refusal, message.content or None) == ("I would rather not.", None)


def test_script_answers_by_question_and_turn() -> None:
    """Scripted turns follow each other as the conversation does, however often it is sent."""
    client = strict(answers={"refund": [Calls("refund", order=7), "It is done."], "": "Hello."})
    first = chat(client, "A refund, please.", tools=TOOLS)
    again = chat(client, "A refund, please.", tools=TOOLS)
    message = first.choices[0].message
    told = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "ok"}

    last = chat(client, messages=[user("A refund, please."), message, told], tools=TOOLS)

    assert called(first) == called(again) == ["refund"]
    assert last.choices[0].message.content == "It is done."
    assert chat(client, "Good morning").choices[0].message.content == "Hello."


@pytest.mark.parametrize(
    ("reply", "options"),
    [
        pytest.param(Calls("mail"), {"tools": TOOLS}, id="a tool that is not offered"),
        pytest.param(Says("Hi."), {"tools": TOOLS, "tool_choice": "required"}, id="no call"),
        pytest.param(
            Says("Hi."),
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "object"}},
                }
            },
            id="no JSON",
        ),
        pytest.param(
            Says({"a": 1}),
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "x",
                        "schema": {"type": "object", "properties": {"a": {"type": "string"}}},
                    },
                }
            },
            id="JSON of another shape",
        ),
    ],
)
def test_script_cannot_make_the_model_break_its_word(reply: Any, options: Any) -> None:
    """What no model could answer to this request is an error of the script, not an answer."""
    with pytest.raises(ScriptError, match="change the script"):
        chat(strict(answers=reply), **options)


def test_error_of_a_script_shows_the_end_of_a_long_question() -> None:
    """What was found for it comes before what was asked, and may be thousands of words."""
    asked = "A passage. " * 500 + "How do I add a printer?"
    with pytest.raises(ScriptError) as told:
        chat(strict(answers=Calls("refund")), asked)

    assert len(str(told.value)) < 250
    assert "How do I add a printer?'; the request requires no call: it has no tools" in str(
        told.value
    )


def test_stream_that_breaks_off_ends_in_an_error_event() -> None:
    """After some tokens the provider's error comes, and nothing after it."""
    client = strict(answers=Breaks(after=2, code="server_error"))

    stream = chat(client, stream=True)
    said = [next(stream) for _ in range(3)]

    assert "".join(c.choices[0].delta.content or "" for c in said) == "You asked:"
    with pytest.raises(openai.APIError, match="had an error"):
        next(stream)
    with pytest.raises(openai.InternalServerError):
        chat(client)


def test_tool_call_that_is_cut_has_no_valid_arguments() -> None:
    """When tokens run out within a call, what there is of it is no JSON."""
    client = strict(answers=Calls("refund", order=7, why="it came too late"))

    choice = chat(client, tools=TOOLS, max_tokens=4).choices[0]

    assert choice.finish_reason == "length"
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        json.loads(choice.message.tool_calls[0].function.arguments)


@pytest.mark.parametrize("veiled", [True, False])
def test_chunks_are_veiled_unless_told_otherwise(*, veiled: bool) -> None:
    """By default each chunk has random letters; a client can ask for none."""
    options = {} if veiled else {"stream_options": {"include_obfuscation": False}}
    body = {"model": "gpt-4o-mini", "messages": [user(QUESTION)], "stream": True, **options}

    sent = OpenAIUpstream().handle(post("/chat/completions", body)).body

    assert (b'"obfuscation": "' in sent) is veiled


def test_stored_completions_are_found_changed_and_forgotten() -> None:
    """With store, a completion can be had again until it is deleted."""
    upstream = OpenAIUpstream()
    client = client_of(upstream)
    kept = chat(client, store=True, metadata={"team": "a"})
    chat(client)
    # The SDK's model of a stored message is that of an answer: its role can only be "assistant".
    lenient = openai_client(upstream.handle)

    assert [each.id for each in client.chat.completions.list()] == [kept.id]
    found = client.chat.completions.retrieve(kept.id)
    assert (found.metadata, found.choices) == ({"team": "a"}, kept.choices)
    assert [m.content for m in lenient.chat.completions.messages.list(kept.id)] == [QUESTION]
    assert client.chat.completions.update(kept.id, metadata={"team": "b"}).metadata == {
        "team": "b"
    }
    assert client.chat.completions.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve(kept.id)


def test_models_are_those_of_the_test() -> None:
    """A test brings its models, a gateway has any; a dated name is the same model."""
    assert chat(strict(models=["llama-4"]), model="llama-4").model == "llama-4"
    assert chat(strict(any_model=True), model="qwen/qwen3").model == "qwen/qwen3"
    assert chat(strict(), model="gpt-4o-2024-08-06").model == "gpt-4o-2024-08-06"
    with pytest.raises(openai.NotFoundError):
        chat(strict(models=["llama-4"]))
    with pytest.raises(openai.NotFoundError, match="not a chat model"):
        chat(strict(), model="gpt-3.5-turbo-instruct")


def test_answers_do_not_depend_on_who_asked_before() -> None:
    """The same request gets the same words from a stand-in that has seen others."""
    used = client_of(OpenAIUpstream())
    chat(used, "Something else")

    assert chat(used).choices == chat(strict()).choices


def test_calls_have_new_ids_in_each_answer() -> None:
    """As the provider's do: an id does not name what a tool is to do."""
    client = strict()
    calls = [
        chat(client, "Please refund order 7.", tools=TOOLS).choices[0].message.tool_calls[0]
        for _ in range(2)
    ]

    assert calls[0].function == calls[1].function
    assert calls[0].id != calls[1].id
