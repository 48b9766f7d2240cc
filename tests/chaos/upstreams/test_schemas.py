"""Our reading of JSON schemas beside that of a library, and the values that are made for them."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.upstreams.instances import instance
from chaos.upstreams.schemas import SchemaError, misfit

SIMPLE = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["string", "null"]},
        {"enum": ["a", 1, None]},
        {"const": True},
        {"type": "string", "minLength": 40},
        {"type": "string", "maxLength": 3},
        {"type": "string", "pattern": r"^[A-Z]{3}-\d+$"},
        {"type": "integer", "minimum": 5, "maximum": 7},
        {"type": "integer", "exclusiveMinimum": -4, "exclusiveMaximum": -2},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
        {"type": "integer", "multipleOf": 7, "minimum": 8},
    ]
)


def wider(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas that have others in them."""
    names = st.sampled_from(["a", "b", "c"])
    return st.one_of(
        st.dictionaries(names, inner, max_size=3).map(
            lambda properties: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties),
                "additionalProperties": False,
            }
        ),
        st.tuples(inner, st.integers(0, 2)).map(
            lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
    )


SCHEMAS = st.recursive(SIMPLE, wider, max_leaves=6)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from([0.5, "a", "ABC-1", "x" * 50]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b", "d"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(deadline=None)  # a busy machine is not a failure
@given(SCHEMAS)
def test_value_fits_by_the_judgement_of_others(schema: dict[str, Any]) -> None:
    """What is made for a schema validates, and is made again just so."""
    value = instance(schema, "seed")

    jsonschema.validate(value, schema)
    assert value == instance(schema, "seed")


@settings(deadline=None)
@given(SCHEMAS, VALUES)
def test_judgement_is_that_of_others(schema: dict[str, Any], value: Any) -> None:
    """A value fits exactly if a library says so."""
    fits = jsonschema.Draft202012Validator(schema).is_valid(value)

    assert (misfit(schema, value) is None) is fits


NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
    },
    "required": ["name", "next"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"$ref": "#/$defs/node", "$defs": {"node": NODE}}, id="recursive"),
        pytest.param(
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]},
                    {"$ref": "#/$defs/b"},
                ],
                "$defs": {"b": {"properties": {"b": {"type": "integer"}}, "required": ["b"]}},
            },
            id="all of several",
        ),
        pytest.param(
            {"oneOf": [{"type": "integer", "minimum": 9}, {"type": "null"}]}, id="one of"
        ),
        pytest.param({"type": "string", "format": "date-time"}, id="format"),
        pytest.param({"properties": {"a": {}}}, id="no type"),
        pytest.param({}, id="anything"),
    ],
)
def test_schemas_of_other_forms_have_values(schema: dict[str, Any]) -> None:
    """References, combinations and formats have values that validate."""
    jsonschema.validate(instance(schema, "seed"), schema)


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        pytest.param({"type": "array", "uniqueItems": True}, "uniqueItems", id="keyword"),
        pytest.param({"$ref": "https://a.test/schema"}, "ref", id="reference to elsewhere"),
        pytest.param({"$ref": "#/$defs/none"}, "ref", id="reference to nothing"),
        pytest.param({"type": "string", "pattern": "^(?=b)a$"}, "pattern", id="pattern"),
        pytest.param(
            {"type": "integer", "minimum": 3, "maximum": 2}, "m.ximum|minimum", id="none"
        ),
        pytest.param(
            {
                "$ref": "#/$defs/a",
                "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}, "minItems": 1}},
            },
            "never ends",
            id="endless",
        ),
    ],
)
def test_schema_without_a_value_is_said(schema: dict[str, Any], word: str) -> None:
    """Nothing is made up where a schema is not understood."""
    with pytest.raises(SchemaError, match=word):
        instance(schema, "seed")


@pytest.mark.parametrize(
    "schema",
    [
        *(
            {"type": "string", "pattern": pattern}
            for pattern in (
                r"^[A-Z]{3}-\d{4}$",
                r"^@[a-zA-Z0-9_]+$",
                r"^(\+\d{1,3})? ?\d{3}-\d{3}$",
                r"^(a|b)\1[^a\s]\W[^\d\w]$",
                r"quite unusual|other",
            )
        ),
        {"type": "string", "pattern": "^x+$", "minLength": 20},
        {"type": "string", "pattern": "^.*$", "minLength": 3, "maxLength": 4},
        {"type": "number", "multipleOf": 0.01, "minimum": 0.55},
        {"type": "number", "multipleOf": 0.1, "exclusiveMinimum": 0.3, "maximum": 0.4},
    ],
)
def test_patterns_and_steps_have_values(schema: dict[str, Any]) -> None:
    """Any pattern gets a text, and a step that is no whole number gets a multiple."""
    value = instance(schema, "seed")

    if "pattern" in schema:
        jsonschema.validate(value, schema)
    else:
        # As a float, a multiple of 0.1 may be none.
        assert (value * 100) == pytest.approx(round(value * 100))


@pytest.mark.parametrize(("value", "fits"), [(19.99, True), (0.07, True), (19.995, False)])
def test_cents_are_multiples_of_a_cent(value: float, *, fits: bool) -> None:
    """Numbers are taken as they are written, and not as the fractions that floats are."""
    assert (misfit({"type": "number", "multipleOf": 0.01}, value) is None) is fits


def test_texts_tell_conversations_apart() -> None:
    """Two conversations get different values, as far as the schema allows it."""
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}

    assert instance(schema, "one") != instance(schema, "other")


@pytest.mark.parametrize(
    ("schema", "value"),
    [({"const": True}, 1), ({"const": 1}, True), ({"enum": [0]}, False), ({"enum": [False]}, 0)],
)
def test_true_is_not_one(schema: dict[str, Any], value: Any) -> None:
    """In JSON they are different things, though Python takes them for equal."""
    assert misfit(schema, value) is not None
    assert not jsonschema.Draft202012Validator(schema).is_valid(value)
