"""Values that fit a JSON schema, always the same ones for the same schema and seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from chaos.upstreams.patterns import matching
from chaos.upstreams.schemas import (
    AnySchema,
    Schema,
    SchemaError,
    exact,
    misfit,
    resolve,
    types_of,
)

_FORMATS: Mapping[str, str] = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
}

_DEEP = 6
"""Below this depth a value that may be null is null, so that recursive schemas end."""

_DEEPEST = 24
"""A schema that nests deeper than this in every branch has no value of finite size."""


def instance(schema: Schema, seed: str) -> Any:  # noqa: ANN401 - JSON is anything
    """A value that fits ``schema``.

    Objects get all their properties, as providers want it of strict schemas; arrays get as few
    items as they may have. Texts say which property they are and end in ``seed``, so that two
    conversations get different values.

    Raises:
        SchemaError: A keyword is not modelled, or no value was found that fits.

    Example:
        >>> days = {"type": "integer", "minimum": 3}
        >>> schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": days}}
        >>> instance(schema, "a1b2")
        {'city': 'city a1b2', 'days': 3}
    """
    value = _Maker(schema, seed).make(schema, "value", 0)
    wrong = misfit(schema, value)
    if wrong is not None:
        raise SchemaError(wrong)
    return value


class _Maker:
    """Makes the values of one schema."""

    def __init__(self, root: Schema, seed: str) -> None:
        self._root = root
        self._seed = seed

    def make(self, schema: AnySchema, name: str, depth: int) -> Any:  # noqa: ANN401 - JSON is anything
        """A value for the property ``name``; whether it fits is for the caller to see."""
        if isinstance(schema, bool):
            return {}
        if depth > _DEEPEST:
            raise SchemaError("the schema never ends")
        match schema:
            case {"const": value} | {"enum": [value, *_]}:
                return value
            case {"$ref": reference}:
                return self.make(resolve(reference, self._root), name, depth + 1)
            case {"allOf": _}:
                return self.make(_merged(schema, self._root), name, depth + 1)
            case {"anyOf": options} | {"oneOf": options}:
                return self._first(options, name, depth)
        types = types_of(schema) or (("object",) if "properties" in schema else ("string",))
        return self._of_type(types[0], schema, name, depth)

    def _of_type(self, kind: str, schema: Schema, name: str, depth: int) -> Any:  # noqa: ANN401 - JSON
        match kind:
            case "object":
                # What has to be there need not have a schema of its own.
                wanted: dict[str, AnySchema] = dict.fromkeys(schema.get("required") or (), True)
                wanted |= schema.get("properties") or {}
                return {key: self.make(inner, key, depth + 1) for key, inner in wanted.items()}
            case "array":
                items, least = schema.get("items", True), schema.get("minItems", 0)
                return [self.make(items, name, depth + 1) for _ in range(least)]
            case "integer" | "number":
                fits = (each for each in _numbers(schema) if misfit(schema, each) is None)
                return next(fits, 1)
            case "boolean" | "null":
                return True if kind == "boolean" else None
            case _:
                return self._text(schema, name)

    def _first(self, options: list[Schema], name: str, depth: int) -> Any:  # noqa: ANN401 - JSON
        """A value of the first option that has one: a recursive schema has to end somewhere."""
        failed: SchemaError | None = None
        deep = depth > _DEEP
        for option in sorted(options, key=lambda each: ("null" in types_of(each)) != deep):
            try:
                return self.make(option, name, depth + 1)
            except SchemaError as error:
                failed = error
        raise failed or SchemaError("anyOf")

    def _text(self, schema: Schema, name: str) -> str:
        if "format" in schema and "pattern" not in schema:
            return _FORMATS.get(schema["format"], f"{name} {self._seed}")
        if "pattern" in schema:
            texts = matching(schema["pattern"])
            fits = (text for text in texts if misfit(schema, text, root=self._root) is None)
            return next(fits, name)
        text: str = f"{name} {self._seed}"
        text += "." * (schema.get("minLength", 0) - len(text))
        most: int | None = schema.get("maxLength")
        return text[:most]


def _numbers(schema: Schema) -> Iterator[float]:
    """Numbers that may fit, the most ordinary ones first."""
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    step = exact(schema.get("multipleOf", 1))
    yield from (1, 0, _plain(step))
    if least is not None:
        first = math.ceil(exact(least) / step) * step
        yield from (_plain(first), _plain(first + step))
    if most is not None:
        last = math.floor(exact(most) / step) * step
        yield from (_plain(last), _plain(last - step))
    if least is not None and most is not None:
        # Between two neighbouring whole numbers there is still a fraction.
        yield (least + most) / 2


def _plain(number: Decimal) -> float:
    return int(number) if number == int(number) else float(number)


def _merged(schema: Schema, root: Schema) -> dict[str, Any]:
    """A schema in which all that ``allOf`` asks for is asked for at once."""
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        whole = resolve(part["$ref"], root) if "$ref" in part else part
        for key, value in whole.items():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, ()), *value]
            else:
                merged.setdefault(key, value)
    return merged
