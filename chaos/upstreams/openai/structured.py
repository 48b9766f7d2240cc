"""JSON schemas that OpenAI takes, strict or not, and its words for those that it does not take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.schema_shapes import misshapen
from chaos.upstreams.schemas import Schema, SchemaError, resolve, types_of

_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)
_NOT_STRICT = frozenset(
    {"allOf", "oneOf", "not", "if", "then", "else", "default", "uniqueItems", "contains"}
    | {"minContains", "maxContains", "patternProperties", "propertyNames", "minProperties"}
    | {"maxProperties", "dependentRequired", "dependentSchemas", "unevaluatedProperties"}
    | {"unevaluatedItems"}
)
"""Keywords that a strict schema cannot have."""

_SAYS_ITS_TYPE = frozenset({"type", "$ref", "anyOf", "enum", "const"})
_DEEPEST = 10
_MOST_PROPERTIES = 5000
_MOST_CHOICES = 1000
"""Values of all enums together."""

_FEW_CHOICES = 250
_LONGEST_CHOICES = 15_000
"""Letters of the values of an enum that has more than a few."""

_LONGEST_NAMES = 120_000
"""Letters of all names, of definitions too, and of all values of enums and constants."""

Context = tuple[str, ...]


def require_schema(
    schema: Schema, *, strict: bool, of: str, param: str, code: str | None = None
) -> None:
    """Hold the schema of a tool or an answer to what OpenAI takes.

    Every schema is of an object, and its arrays say what is in them. In a strict one, every object
    forbids additional properties and requires all that it names, and some keywords are missing.

    Args:
        schema: The schema.
        strict: Whether it is said to be strict.
        of: Whose it is, for the message: ``response_format 'city'``, ``function 'refund'``.
        param: The parameter that the provider blames.
        code: Its code for that.

    Raises:
        RefusalError: With the provider's 400.

    Example:
        >>> schema = {"type": "object"}
        >>> require_schema(schema, strict=False, of="function 'refund'", param="tools")
        >>> require_schema(schema, strict=True, of="function 'refund'", param="tools")
        Traceback (most recent call last):
            ...
        chaos.upstreams.refusal.RefusalError: 400
    """
    wrong = next(_problems(schema, strict=strict), None)
    if wrong is not None:
        raise RefusalError(invalid_request(f"Invalid schema for {of}: {wrong}", param, code))


def _problems(schema: Schema, *, strict: bool) -> Iterator[str]:
    if schema.get("type") != "object":
        given = schema.get("type")
        yield f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{given}\"'."
    yield from (f"In context={context}, {wrong}." for context, wrong in misshapen(schema))
    parts = list(_parts(schema, (), 0))
    for part, context, depth in parts:
        where = f"In context={context}, "
        yield from (where + wrong for wrong in _misshapen(part))
        if strict:
            yield from (where + wrong for wrong in _loose(part, schema))
            if depth > _DEEPEST:
                yield f"{depth} levels of nesting exceeds limit of {_DEEPEST}."
    named = sum(len(part.get("properties") or ()) for part, _, _ in parts)
    if strict and named > _MOST_PROPERTIES:
        yield f"Expected at most {_MOST_PROPERTIES} object properties in total, but got {named}."
    if strict:
        yield from _too_wordy([part for part, _, _ in parts])


def _too_wordy(parts: Sequence[Schema]) -> Iterator[str]:
    """Where a strict schema has more names and values than a model can be held to."""
    letters = choices = 0
    for part in parts:
        values = [*(part.get("enum") or ()), *([part["const"]] if "const" in part else ())]
        texts = [value for value in values if isinstance(value, str)]
        choices += len(part.get("enum") or ())
        length = sum(map(len, texts))
        if len(texts) > _FEW_CHOICES and length > _LONGEST_CHOICES:
            yield (
                f"Expected the values of an enum with more than {_FEW_CHOICES} to have at most "
                f"{_LONGEST_CHOICES} characters in total, but got {length}."
            )
        names = [*(part.get("properties") or ()), *(part.get("$defs") or ())]
        letters += length + sum(map(len, names))
    if choices > _MOST_CHOICES:
        yield f"Expected at most {_MOST_CHOICES} enum values in total, but got {choices}."
    if letters > _LONGEST_NAMES:
        wanted = f"at most {_LONGEST_NAMES} characters of names and values"
        yield f"Expected {wanted}, but got {letters}."


def _misshapen(schema: Schema) -> Iterator[str]:
    """What is wrong with a part of any schema."""
    for kind in types_of(schema):
        if kind not in _TYPES:
            yield f"'{kind}' is not valid under any of the given schemas."
    if "array" in types_of(schema) and not {"items", "prefixItems"} & schema.keys():
        yield "array schema missing items."


def _loose(schema: Schema, root: Schema) -> Iterator[str]:
    """What is wrong with a part of a schema that is to be strict."""
    for keyword in sorted(_NOT_STRICT & schema.keys()):
        yield f"'{keyword}' is not permitted."
    if not _SAYS_ITS_TYPE & schema.keys():
        yield "schema must have a 'type' key."
    if schema.get("format") not in {None, *_FORMATS}:
        yield f"'{schema['format']}' is not a valid format."
    if "object" in types_of(schema):
        yield from _open(schema)
    if "$ref" in schema:
        others = {key for key in schema if key not in {"$ref", "$defs", "definitions"}}
        if others:
            yield f"$ref cannot have keywords {others}."
        try:
            resolve(schema["$ref"], root)
        except SchemaError:
            yield "reference can only point to definitions defined at the top level of the schema."


def _open(schema: Schema) -> Iterator[str]:
    """Where an object leaves open what it has in it."""
    properties, required = schema.get("properties") or {}, schema.get("required") or ()
    if schema.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    for name in properties:
        if name not in required:
            yield (
                "'required' is required to be supplied and to be an array including every key in "
                f"properties. Missing '{name}'."
            )
    for name in required:
        if name not in properties:
            yield (
                "'required' is required to be supplied and to be an array including every key in "
                f"properties. Extra required key '{name}' supplied."
            )


def _parts(schema: Any, context: Context, depth: int) -> Iterator[tuple[Schema, Context, int]]:  # noqa: ANN401 - JSON
    """A schema and all that are in it, each with its place and how deep it is."""
    if not isinstance(schema, dict):
        return
    yield schema, context, depth
    for keyword in ("properties", "$defs", "definitions"):
        deeper = depth + (keyword == "properties")
        for name, inner in (schema.get(keyword) or {}).items():
            yield from _parts(inner, (*context, keyword, name), deeper)
    yield from _parts(schema.get("items"), (*context, "items"), depth + 1)
    for keyword in ("anyOf", "oneOf", "allOf"):
        for position, inner in enumerate(schema.get(keyword) or ()):
            yield from _parts(inner, (*context, keyword, str(position)), depth)
