"""Whether a JSON schema is one: whether its keywords have values of the kinds that they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chaos.upstreams.schemas import Schema

Check = Callable[[Any], str | None]
"""Says what is wrong with the value of a keyword; None if nothing is."""


def misshapen(schema: Schema) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong in a schema, and in all that are in it, each with its place.

    Null is what SDKs write for a keyword that nobody has set. Keywords that are not in the table
    are left alone: they are for whoever reads the schema to know, or not.

    Example:
        >>> list(misshapen({"type": "object", "properties": {"n": {"minimum": "3"}}}))
        [(('properties', 'n'), "'3' is not of type 'number'")]
        >>> list(misshapen({"required": "all"}))
        [((), "'all' is not of type 'array'")]
    """
    yield from _within(schema, ())


def _within(schema: object, context: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield context, f"{schema!r} is not of type 'object', 'boolean'"
        return
    for keyword, value in schema.items():
        check = _CHECKS.get(keyword)
        wrong = None if check is None or value is None else check(value)
        if wrong is not None:
            yield context, wrong
            continue
        yield from _inside(keyword, value, context)


def _inside(
    keyword: str,
    value: Any,  # noqa: ANN401 - JSON
    context: tuple[str, ...],
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The schemas that stand under a keyword, whose own kind is right."""
    if value is None:
        return
    if keyword in _NAMED:
        for name, inner in value.items():
            yield from _within(inner, (*context, keyword, name))
    elif keyword in _LISTED:
        for position, inner in enumerate(value):
            yield from _within(inner, (*context, keyword, str(position)))
    elif keyword in _SINGLE:
        yield from _within(value, (*context, keyword))


_NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_LISTED = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SINGLE = frozenset({"items", "additionalProperties", "not", "contains", "propertyNames"})


def _of_kind(name: str, *kinds: type) -> Check:
    def check(value: Any) -> str | None:  # noqa: ANN401 - JSON
        good = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        return None if good else f"{value!r} is not of type '{name}'"

    return check


_object, _list, _string = (
    _of_kind("object", dict),
    _of_kind("array", list),
    _of_kind("string", str),
)
_number = _of_kind("number", int, float)


def _count(value: Any) -> str | None:  # noqa: ANN401 - JSON
    wrong = _of_kind("integer", int)(value)
    if wrong is None and value < 0:
        return f"{value!r} is less than the minimum of 0"
    return wrong


def _step(value: Any) -> str | None:  # noqa: ANN401 - JSON
    wrong = _number(value)
    if wrong is None and value <= 0:
        return f"{value!r} is less than or equal to the minimum of 0"
    return wrong


def _some(value: Any) -> str | None:  # noqa: ANN401 - JSON
    wrong = _list(value)
    return "[] should be non-empty" if value == [] else wrong


def _names(value: Any) -> str | None:  # noqa: ANN401 - JSON
    wrong = _list(value)
    return wrong or next((found for each in value if (found := _string(each))), None)


def _type(value: Any) -> str | None:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return None
    is_list = isinstance(value, list) and value and not _names(value)
    return None if is_list else f"{value!r} is not valid under any of the given schemas"


def _pattern(value: Any) -> str | None:  # noqa: ANN401 - JSON
    wrong = _string(value)
    if wrong is None:
        try:
            re.compile(value)
        except re.error:
            return f"{value!r} is not a 'regex'"
    return wrong


_CHECKS: Mapping[str, Check] = {
    "type": _type,
    "$ref": _string,
    "title": _string,
    "description": _string,
    "format": _string,
    "pattern": _pattern,
    "required": _names,
    "enum": _some,
    **dict.fromkeys(_NAMED, _object),
    **dict.fromkeys(_LISTED, _some),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _count),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _number),
    "multipleOf": _step,
}
"""By keyword; what stands under those that hold one schema is looked at as a schema."""
