"""What names, ids and descriptions may be like, and how long."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.openai.asking import (
    chat,
    client_of,
    function,
    respond,
    strict,
    told,
    user,
)

CLIENT = strict()
NAMES = "^[a-zA-Z0-9_-]+$"
PEOPLE = r"^[^\s<|\\/>]+$"


def called(call_id: str) -> list[dict[str, Any]]:
    """A chat in which a function was called under that id."""
    call = {"id": call_id, "type": "function", "function": {"name": "a", "arguments": "{}"}}
    return [
        user("?"),
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": "b"},
    ]


def items(**call: Any) -> list[dict[str, Any]]:
    """The same as items of the Responses API."""
    made = {"type": "function_call", "call_id": "call_1", "name": "a", "arguments": "{}", **call}
    output = {"type": "function_call_output", "call_id": made["call_id"], "output": "b"}
    return [user("?"), made, output]


TOO_LONG = {
    "name of a function": ({"tools": [function("a" * 65)]}, "tools[0].function.name", 64),
    "its description": (
        {"tools": [function("a", description="b" * 1025)]},
        "tools[0].function.description",
        1024,
    ),
    "id of a call": ({"messages": called("a" * 41)}, "messages[1].tool_calls[0].id", 40),
    "name of a format": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a" * 65, "schema": {"type": "object"}},
            }
        },
        "response_format.json_schema.name",
        64,
    ),
    "key of a cache": ({"prompt_cache_key": "a" * 65}, "prompt_cache_key", 64),
    "identifier of a user": ({"safety_identifier": "a" * 129}, "safety_identifier", 128),
}


@pytest.mark.parametrize(("options", "param", "most"), TOO_LONG.values(), ids=TOO_LONG)
def test_text_is_as_long_as_it_may_be(options: dict[str, Any], param: str, most: int) -> None:
    """One letter more is a 400 that says how many there may be."""
    with pytest.raises(openai.BadRequestError, match=f"maximum length {most}, but got") as refused:
        chat(CLIENT, **options)

    assert (refused.value.param, refused.value.code) == (param, "string_above_max_length")


@pytest.mark.parametrize(
    ("options", "param", "pattern"),
    [
        ({"tools": [function("a b")]}, "tools[0].function.name", NAMES),
        ({"messages": [user("?") | {"name": "Ada Lovelace"}]}, "messages[0].name", PEOPLE),
    ],
)
def test_name_is_of_the_letters_that_it_may_have(
    options: dict[str, Any], param: str, pattern: str
) -> None:
    """Another letter is a 400 that shows the pattern."""
    with pytest.raises(openai.BadRequestError) as refused:
        chat(CLIENT, **options)

    assert f"matches the pattern '{pattern}'" in told(refused.value)
    assert (refused.value.param, refused.value.code) == (param, "invalid_value")


def test_people_have_names_of_many_letters() -> None:
    """Only blanks, slashes and brackets are kept out of them."""
    chat(CLIENT, messages=[user("?") | {"name": "Jürgen.2"}])


@pytest.mark.parametrize(
    ("sent", "param", "words"),
    [
        (items(call_id="a" * 65), "input[1].call_id", "maximum length 64"),
        (items(id="call_1"), "input[1].id", "Expected an ID that begins with 'fc'."),
        (
            [{"role": "assistant", "content": "b", "id": "lc_1"}, user("?")],
            "input[0].id",
            "Invalid 'input[0].id': 'lc_1'. Expected an ID that begins with 'msg'.",
        ),
    ],
)
def test_item_has_an_id_of_its_kind(sent: list[Any], param: str, words: str) -> None:
    """Ids that a framework makes up are refused by the Responses API."""
    with pytest.raises(openai.BadRequestError) as refused:
        respond(CLIENT, sent)

    assert words in str(refused.value)
    assert refused.value.param == param


@pytest.mark.parametrize("model", ["o1", "o3", "o3-mini", "o4-mini"])
def test_some_models_are_not_told_how_many_tools_to_call(model: str) -> None:
    """Whether with true or with false, the parameter is one too many."""
    with pytest.raises(openai.BadRequestError) as refused:
        chat(CLIENT, model=model, tools=[function("a")], parallel_tool_calls=False)

    assert (refused.value.param, refused.value.code) == (
        "parallel_tool_calls",
        "unsupported_parameter",
    )


def test_model_that_always_thinks_shows_no_odds() -> None:
    """It is not a wrong request, but one that is not allowed."""
    with pytest.raises(openai.PermissionDeniedError, match="not allowed to request logprobs"):
        chat(CLIENT, model="gpt-5", logprobs=True)


def test_effort_may_be_the_greatest() -> None:
    """The models that know no such effort say so."""
    assert chat(CLIENT, model="gpt-6-sol", reasoning_effort="max").choices[0].message.content

    with pytest.raises(openai.BadRequestError) as refused:
        chat(CLIENT, model="o3", reasoning_effort="max")
    assert refused.value.code == "unsupported_value"


@pytest.mark.parametrize(
    ("content", "got"), [(5, "an integer"), ({"a": 1}, "an object")], ids=["number", "object"]
)
def test_content_is_a_text_or_parts(content: Any, got: str) -> None:
    """The message names both forms, each API in its own order."""
    wrong: dict[str, Any] = {"role": "user", "content": content}

    with pytest.raises(
        openai.BadRequestError, match=f"a string or array of objects, but got {got}"
    ):
        chat(CLIENT, messages=[wrong])
    with pytest.raises(
        openai.BadRequestError, match=f"an array of objects or string, but got {got}"
    ):
        respond(CLIENT, [wrong])


def test_format_of_a_shape_has_a_shape() -> None:
    """A format without a schema is no format of JSON."""
    with pytest.raises(openai.BadRequestError) as refused:
        chat(CLIENT, response_format={"type": "json_schema", "json_schema": {"name": "a"}})

    assert refused.value.param == "response_format.json_schema.schema"


def test_batch_is_a_file_of_lines() -> None:
    """Its ending decides, when it is uploaded."""
    with pytest.raises(openai.BadRequestError, match=r"Must be \.jsonl"):
        CLIENT.files.create(file=("batch.txt", b"{}"), purpose="batch")


def test_batch_of_pictures_is_not_modelled() -> None:
    """An endpoint that the provider has is not one that does not exist."""
    client = client_of(OpenAIUpstream())
    file = client.files.create(file=("batch.jsonl", b"{}"), purpose="batch")

    with pytest.raises(UnmodelledError) as caught:
        client.batches.create(
            input_file_id=file.id, endpoint="/v1/videos", completion_window="24h"
        )

    assert caught.value.parameters == ('endpoint="/v1/videos"',)


def test_function_that_is_named_is_called_under_the_reason_stop() -> None:
    """So says the provider, streamed or not; what was said is still a call."""
    upstream = OpenAIUpstream()
    client = client_of(upstream)
    named = {"type": "function", "function": {"name": "a"}}

    whole = chat(client, tools=[function("a")], tool_choice=named)
    chunks = list(chat(client, tools=[function("a")], tool_choice=named, stream=True))

    assert whole.choices[0].message.tool_calls
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert (whole.choices[0].finish_reason, reasons[-1]) == ("stop", "stop")


def test_answer_tells_what_it_was_and_for_whom() -> None:
    """The headers by which people look for a request, or see how long it took."""
    raw = CLIENT.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "?"}]
    )

    told = ("openai-organization", "openai-processing-ms", "openai-version", "x-request-id")
    assert [name for name in told if name not in raw.headers] == []


MANY = (
    "too many properties. Expected an object with at most 16 properties, but got an object with 17"
)
LONG_NAME = (
    "is too long. Expected a string with maximum length 64, but got a string with length 65"
)
LONG_VALUE = (
    "string too long. Expected a string with maximum length 512, but got a string with length"
)
LARGE = {
    "too many": ({str(number): "a" for number in range(17)}, f"Invalid 'metadata': {MANY}"),
    "long name": (
        {"a" * 65: "b"},
        f"Invalid property name in 'metadata': '{'a' * 65}' {LONG_NAME}",
    ),
    "long value": ({"a": "b" * 513}, f"Invalid 'metadata.a': {LONG_VALUE}"),
}


@pytest.mark.parametrize(("metadata", "message"), LARGE.values(), ids=LARGE)
def test_metadata_is_small(metadata: dict[str, str], message: str) -> None:
    """Sixteen pairs of short texts, in every API that takes it."""
    with pytest.raises(openai.BadRequestError) as chatted:
        chat(CLIENT, store=True, metadata=metadata)
    with pytest.raises(openai.BadRequestError) as responded:
        respond(CLIENT, metadata=metadata)

    for refused in (chatted, responded):
        body: Any = refused.value.body
        assert body["message"].startswith(message)


def test_response_of_a_model_that_thinks_shows_no_odds() -> None:
    """Unless it is told not to think."""
    include = ["message.output_text.logprobs"]

    with pytest.raises(openai.BadRequestError, match="not supported with reasoning models"):
        respond(CLIENT, model="gpt-5", include=include)
    assert respond(CLIENT, model="gpt-5.1", include=include, reasoning={"effort": "none"})
