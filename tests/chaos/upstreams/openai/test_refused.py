"""What the provider refuses, the stand-in refuses: limits, models, schemas, values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.openai.asking import (
    Clock,
    chat,
    function,
    post,
    respond,
    strict,
    told,
    user,
)

CLIENT = strict()
LONG = "word " * 9_000
PICTURE = {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}}


def closed(**properties: Any) -> dict[str, Any]:
    """A schema of an object that is as strict as it has to be."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def shaped(schema: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """An answer of that shape is wanted."""
    wanted = {"name": "shape", "schema": schema, "strict": strict}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


def nested(depth: int) -> dict[str, Any]:
    """Objects in objects."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = closed(inner=schema)
    return schema


URL = "messages[0].content[0].image_url.url"


def pictured(url: str) -> dict[str, Any]:
    """A picture of the user."""
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


@pytest.mark.parametrize(
    ("options", "param", "code"),
    [
        ({"max_tokens": 16_385}, "max_tokens", "invalid_value"),
        ({"max_completion_tokens": 16_385}, "max_completion_tokens", "invalid_value"),
        ({"model": "gpt-4", "messages": [user(LONG)]}, "messages", "context_length_exceeded"),
        ({"model": "gpt-4", "max_tokens": 8_192}, "messages", "context_length_exceeded"),
        ({"seed": 2**63}, "seed", "integer_above_max_value"),
        ({"stop": []}, "stop", "empty_array"),
        ({"metadata": {"k" * 65: "v"}, "store": True}, f"metadata.{'k' * 65}", None),
        ({"messages": [user("")], "model": "o3", "stop": "."}, "stop", "unsupported_parameter"),
        ({"model": "gpt-5", "presence_penalty": 1}, "presence_penalty", "unsupported_value"),
        ({"model": "o3", "reasoning_effort": "none"}, "reasoning_effort", "unsupported_value"),
        ({"verbosity": "low"}, "verbosity", "unsupported_value"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "empty_array"),
        ({"messages": [pictured("data:image/svg+xml;base64,aGk=")]}, URL, "invalid_image_format"),
        ({"messages": [pictured("data:image/png;base64,@@@@")]}, URL, "invalid_base64"),
        ({"messages": [pictured("data:image/png;base64,")]}, URL, "invalid_base64"),
        ({"messages": [pictured("data:image/png,hi")]}, URL, "invalid_value"),
        (
            {
                "tools": [function("a")],
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "required", "tools": []},
                },
            },
            "tool_choice.allowed_tools.tools",
            "empty_array",
        ),
        ({"messages": [{"role": "assistant"}, user("a")]}, "messages.[0].content", None),
        (
            {"messages": [{"role": "user", "content": [PICTURE]}], "model": "gpt-4"},
            "messages.[0].content.[0].type",
            None,
        ),
        (
            {"messages": [{"role": "user", "content": [PICTURE | {"image_url": {"url": "a"}}]}]},
            "messages[0].content[0].image_url.url",
            "invalid_value",
        ),
        ({"model": "gpt-4", **shaped(closed())}, "response_format", None),
    ],
)
def test_chat_is_refused(options: dict[str, Any], param: str, code: str | None) -> None:
    """The 400 names the parameter and the kind of mistake."""
    with pytest.raises(openai.BadRequestError) as refused:
        chat(CLIENT, **options)

    assert refused.value.param == param
    assert code in (None, refused.value.code)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": {"type": "string"}}, "got 'type: \"array\"'"),
        ({"anyOf": [closed(), closed()]}, "got 'type: \"None\"'"),
        (closed(a={"allOf": [{"type": "string"}]}), "'allOf' is not permitted"),
        (closed(a={"type": "string", "default": "b"}), "'default' is not permitted"),
        (closed(a={"type": "string", "format": "uri"}), "'uri' is not a valid format"),
        (closed(a={"description": "b"}), "must have a 'type' key"),
        (closed(a={"type": "text"}), "'text' is not valid"),
        (closed(a={"type": "array"}), "array schema missing items"),
        (closed(a={"$ref": "#/$defs/none"}), "reference can only point"),
        (closed(a={"$ref": "#", "description": "b"}), "$ref cannot have keywords"),
        ({**closed(), "required": ["b"]}, "Extra required key 'b'"),
        (nested(12), "levels of nesting"),
        (closed(a={"type": "string", "enum": list(map(str, range(1001)))}), "1000 enum values"),
        (closed(a={"type": "string", "enum": [f"{i:060}" for i in range(251)]}), "15000 char"),
        (closed(**{f"{i:0>1000}": {"type": "string"} for i in range(121)}), "120000 characters"),
    ],
)
def test_strict_schema_is_refused(schema: dict[str, Any], words: str) -> None:
    """A schema that is no strict one is a 400 in every API, and says why."""
    tool = function("look_up", schema, strict=True)
    text = {"format": {"type": "json_schema", "name": "shape", "schema": schema, "strict": True}}
    asked: dict[str, Callable[[], Any]] = {
        "response_format": lambda: chat(CLIENT, **shaped(schema)),
        "tools[0].function.parameters": lambda: chat(CLIENT, tools=[tool]),
        "text.format.schema": lambda: respond(CLIENT, text=text),
    }
    for param, ask in asked.items():
        with pytest.raises(openai.BadRequestError) as refused:
            ask()

        assert words in told(refused.value)
        assert refused.value.param == param


@pytest.mark.parametrize("schema", [{"type": "array", "items": {}}, closed(a={"type": "array"})])
def test_schema_that_is_not_strict_has_a_form_too(schema: dict[str, Any]) -> None:
    """Schemas are of objects, and arrays say what is in them, strict or not."""
    with pytest.raises(openai.BadRequestError, match="Invalid schema"):
        chat(CLIENT, tools=[function("look_up", schema)])
    with pytest.raises(openai.BadRequestError, match="Invalid schema"):
        chat(CLIENT, **shaped(schema, strict=False))


def test_deepest_schema_is_answered() -> None:
    """Ten levels are not too many."""
    assert chat(CLIENT, **shaped(nested(10))).choices[0].message.content


@pytest.mark.parametrize("texts", ["word " * 8_193, ["word " * 8_000] * 38])
def test_too_much_to_embed_is_refused(texts: Any) -> None:
    """One text is longer than the model reads, or all together are more than a request has."""
    with pytest.raises(openai.BadRequestError, match="tokens"):
        CLIENT.embeddings.create(model="text-embedding-3-small", input=texts)


@pytest.mark.parametrize(
    ("texts", "where"), [(LONG, "input"), (["a", LONG], "input[1]")], ids=["one", "several"]
)
def test_text_that_is_too_long_to_embed_is_told_by_its_place(texts: Any, where: str) -> None:
    """Which of several it was, the caller has to know to shorten it."""
    with pytest.raises(openai.BadRequestError) as refused:
        CLIENT.embeddings.create(model="text-embedding-3-small", input=texts)

    body: Any = refused.value.body
    assert body["message"] == f"Invalid '{where}': maximum input length is 8192 tokens."


def test_conversation_that_is_too_long_loses_its_beginning_if_asked() -> None:
    """The Responses API refuses it, unless it may leave out what came first."""
    items = [user("word " * 9_000), user("Is the VPN down?")]

    with pytest.raises(openai.BadRequestError) as refused:
        respond(CLIENT, items, model="gpt-4")
    cut = respond(CLIENT, items, model="gpt-4", truncation="auto")

    assert refused.value.code == "context_length_exceeded"
    assert "Is the VPN down?" in cut.output_text
    assert cut.usage.input_tokens < 10


@pytest.mark.parametrize("path", ["/chat/completions?a=1", "/embeddings?a=1"])
def test_query_that_nobody_declared_is_not_passed_over(path: str) -> None:
    """A query is a parameter as well."""
    with pytest.raises(UnmodelledError, match="'a'"):
        OpenAIUpstream().handle(post(path, {}))


def test_empty_stop_is_not_modelled() -> None:
    """What it stops, the provider's pages do not say."""
    with pytest.raises(UnmodelledError, match="stop"):
        chat(CLIENT, stop="")


def test_key_is_a_bearer() -> None:
    """Another scheme brings no key."""
    request = post("/chat/completions", {}, authorization="Basic c2stdGVzdA==")

    assert OpenAIUpstream().handle(request).status == 401


def test_stored_completions_are_found_by_their_metadata() -> None:
    """Of those that are kept, only the ones with all that is asked for."""
    client = strict()
    kept = chat(client, store=True, metadata={"team": "a", "run": "1"})
    chat(client, store=True, metadata={"team": "b", "run": "1"})

    listed = client.chat.completions.list(metadata={"team": "a", "run": "1"})

    assert [each.id for each in listed] == [kept.id]


def test_twenty_alternatives_are_twenty() -> None:
    """As many likely tokens as may be asked for, and each once."""
    for entry in chat(CLIENT, logprobs=True, top_logprobs=20).choices[0].logprobs.content:
        assert len({each.token for each in entry.top_logprobs}) == 20


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "GET"}, "invalid_method"),
        ({"body": {"stream": True}}, "invalid_request"),
        ({"body": []}, "invalid_request"),
    ],
)
def test_line_of_a_batch_is_refused(
    change: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch with a line that cannot be asked fails, and says where."""
    clock, client = Clock(monkeypatch), strict()
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {}}
    file = client.files.create(file=("a.jsonl", post("", line | change).body), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    clock.advance(60)

    failed = client.batches.retrieve(batch.id)

    assert failed.status == "failed"
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert (failed.errors.data[0].code, failed.errors.data[0].line) == (code, 1)


def test_what_a_batch_writes_nobody_uploads() -> None:
    """Some purposes are the provider's own."""
    options: Any = {"purpose": "batch_output"}
    with pytest.raises(openai.BadRequestError, match="Invalid value"):
        CLIENT.files.create(file=("a", b"x"), **options)
