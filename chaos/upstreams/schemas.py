"""JSON schemas as far as providers take them for structured outputs: what fits, and what not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from chaos.errors import ChaosError

Schema = Mapping[str, Any]
AnySchema = Schema | bool
"""A schema, or true for anything and false for nothing."""

ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "example", "deprecated", "readOnly"}
    | {"writeOnly", "$schema", "$id", "$comment", "$defs", "definitions", "format"}
)
"""Keywords that do not decide which values fit; the standard has it that a format is a hint."""

_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


class SchemaError(ChaosError):
    """A schema uses a keyword that is not modelled; the text says which."""


def misfit(schema: AnySchema, value: object, *, root: Schema | None = None) -> str | None:
    """Why ``value`` does not fit ``schema``: a place and a keyword; None if it fits.

    Args:
        schema: With any of the keywords that the providers take for structured outputs.
        value: Parsed JSON.
        root: Where references begin; ``schema`` itself if None.

    Raises:
        SchemaError: A keyword is not modelled.

    Example:
        >>> misfit({"type": "array", "items": {"type": "integer"}}, [1, "two"])
        '[1]: type'
    """
    if isinstance(schema, bool):
        return None if schema else "nothing may stand here"
    return next(_misfits(schema, value, root or schema), None)


def resolve(reference: str, root: Schema) -> Schema:
    """What a reference within a schema stands for.

    Raises:
        SchemaError: It leads outside, or nowhere.
    """
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/") if reference != "#" else ():
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    if not reference.startswith("#") or not isinstance(found, dict):
        raise SchemaError(f"$ref {reference}")
    return found


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types a schema allows, in its order; empty if it does not say."""
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def parts_of(schema: object) -> Iterator[Schema]:
    """A schema, and every schema in it.

    Example:
        >>> [part["type"] for part in parts_of({"type": "array", "items": {"type": "null"}})]
        ['array', 'null']
    """
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in ("properties", "$defs", "definitions"):
        for inner in (schema.get(keyword) or {}).values():
            yield from parts_of(inner)
    yield from parts_of(schema.get("items"))
    for keyword in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(keyword) or ():
            yield from parts_of(inner)


def exact(number: float) -> Decimal:
    """A number as it is written: as a float, 19.99 is no multiple of 0.01.

    Example:
        >>> exact(19.99) % exact(0.01)
        Decimal('0.00')
    """
    return Decimal(str(number))


def _misfits(schema: Schema, value: object, root: Schema) -> Iterator[str]:
    types = types_of(schema)
    if types and not any(_TYPES[name](value) for name in types if name in _TYPES):
        yield "type"
        return
    for keyword, wanted in schema.items():
        # SDKs write null for a keyword that nobody has set.
        if keyword in ANNOTATIONS or keyword == "type" or wanted is None:
            continue
        check = _CHECKS.get(keyword)
        if check is None:
            raise SchemaError(keyword)
        yield from check(wanted, value, schema, root)


Check = Callable[[Any, Any, Schema, Schema], Iterator[str]]


def _inside(place: str, schema: AnySchema, value: object, root: Schema) -> Iterator[str]:
    wrong = misfit(schema, value, root=root)
    if wrong is not None:
        yield f"{place}: {wrong}" if not wrong.startswith(("[", ".")) else f"{place}{wrong}"


def _properties(wanted: Any, value: Any, _: Schema, root: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for name, inner in wanted.items():
            if name in value:
                yield from _inside(f".{name}", inner, value[name], root)


def _required(wanted: Any, value: Any, _: Schema, __: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        yield from (f".{name}: required" for name in wanted if name not in value)


def _additional(wanted: Any, value: Any, schema: Schema, root: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for name in value.keys() - (schema.get("properties") or {}).keys():
            if wanted is False:
                yield f".{name}: additionalProperties"
            else:
                yield from _inside(f".{name}", wanted, value[name], root)


def _items(wanted: Any, value: Any, _: Schema, root: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _inside(f"[{position}]", wanted, item, root)


def _any_of(wanted: Any, value: Any, _: Schema, root: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if all(misfit(each, value, root=root) is not None for each in wanted):
        yield "anyOf"


def _one_of(wanted: Any, value: Any, _: Schema, root: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if [misfit(each, value, root=root) for each in wanted].count(None) != 1:
        yield "oneOf"


def _all_of(wanted: Any, value: Any, _: Schema, root: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    for each in wanted:
        yield from _inside("", each, value, root)


def _reference(wanted: Any, value: Any, _: Schema, root: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield from _inside("", resolve(wanted, root), value, root)


def _holds(keyword: str, kind: type | tuple[type, ...], good: Callable[[Any, Any], bool]) -> Check:
    """A check of a simple keyword: it says nothing about values of another kind."""

    def check(wanted: Any, value: Any, _: Schema, __: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
        if isinstance(value, kind) and not isinstance(value, bool) and not good(value, wanted):
            yield keyword

    return check


def _same(wanted: object, value: object) -> bool:
    """Equal as JSON: true is not 1, though it is in Python."""
    return wanted == value and isinstance(wanted, bool) == isinstance(value, bool)


def _enum(wanted: Any, value: Any, _: Schema, __: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if not any(_same(each, value) for each in wanted):
        yield "enum"


def _const(wanted: Any, value: Any, _: Schema, __: Schema) -> Iterator[str]:  # noqa: ANN401 - JSON
    if not _same(wanted, value):
        yield "const"


_NUMBER = (int, float)
_CHECKS: Mapping[str, Check] = {
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
    "$ref": _reference,
    "enum": _enum,
    "const": _const,
    "minItems": _holds("minItems", list, lambda value, least: len(value) >= least),
    "maxItems": _holds("maxItems", list, lambda value, most: len(value) <= most),
    "minLength": _holds("minLength", str, lambda value, least: len(value) >= least),
    "maxLength": _holds("maxLength", str, lambda value, most: len(value) <= most),
    "pattern": _holds("pattern", str, lambda value, like: re.search(like, value) is not None),
    "minimum": _holds("minimum", _NUMBER, lambda value, least: value >= least),
    "maximum": _holds("maximum", _NUMBER, lambda value, most: value <= most),
    "exclusiveMinimum": _holds("exclusiveMinimum", _NUMBER, lambda value, less: value > less),
    "exclusiveMaximum": _holds("exclusiveMaximum", _NUMBER, lambda value, more: value < more),
    "multipleOf": _holds(
        "multipleOf", _NUMBER, lambda value, step: exact(value) % exact(step) == 0
    ),
}
"""How each keyword is checked; one that is not in here is not modelled."""
