"""Schemas that are none."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import pytest

from chaos.upstreams.schema_shapes import misshapen
from tests.chaos.upstreams.anthropic import test_messages as of_anthropic
from tests.chaos.upstreams.openai.asking import chat, function, respond, strict

WRONG: list[dict[str, Any]] = [
    {"properties": ["a"]},
    {"properties": {"a": "string"}},
    {"properties": {"a": {"type": []}}},
    {"properties": {"a": {"type": ["string", 1]}}},
    {"properties": {"a": {"enum": []}}},
    {"properties": {"a": {"minLength": "3"}}},
    {"properties": {"a": {"minLength": -1}}},
    {"properties": {"a": {"minimum": True}}},
    {"properties": {"a": {"multipleOf": 0}}},
    {"properties": {"a": {"pattern": "("}}},
    {"properties": {"a": {"items": [{}]}}},
    {"properties": {"a": {"anyOf": []}}},
    {"properties": {"a": {"anyOf": [{"$ref": 1}]}}},
    {"required": "a"},
    {"required": [1]},
    {"additionalProperties": "no"},
    {"description": 1},
    {"$defs": {"a": 1}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_schema_of_a_wrong_shape_is_refused(wrong: dict[str, Any]) -> None:
    """By each API, as what it is: a mistake of whoever wrote it."""
    schema = {"type": "object", **wrong}
    client = strict()
    tool = {"type": "function", "name": "a", "parameters": schema, "strict": False}

    with pytest.raises(openai.BadRequestError, match="Invalid schema for function 'a'"):
        chat(client, tools=[function("a", schema)], tool_choice="required")
    with pytest.raises(openai.BadRequestError, match="Invalid schema for function 'a'"):
        respond(client, tools=[tool])
    with pytest.raises(anthropic.BadRequestError, match="JSON schema is invalid"):
        of_anthropic.ask(of_anthropic.strict(), tools=[{"name": "a", "input_schema": schema}])


def test_schema_of_every_kind_of_keyword_is_one() -> None:
    """Booleans are schemas, and null is a keyword that nobody has set."""
    schema = {
        "type": ["object", "null"],
        "title": None,
        "properties": {"a": True, "b": {"type": "array", "items": {"const": []}, "minItems": 0}},
        "required": ["a"],
        "additionalProperties": {"anyOf": [{"enum": [None]}, {"$ref": "#/$defs/n"}]},
        "$defs": {"n": {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": -1.5}},
        "properly-unheard-of": object(),
    }
    assert list(misshapen(schema)) == []
