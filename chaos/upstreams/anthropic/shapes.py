"""Schemas that Anthropic makes answers and arguments fit: a part of what JSON schemas can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chaos.upstreams.anthropic.errors import invalid
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.schemas import Schema, parts_of, types_of

_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_UNSUPPORTED: Mapping[str, frozenset[str]] = {
    "integer": _BOUNDS,
    "number": _BOUNDS,
    "string": frozenset({"minLength", "maxLength"}),
    "array": frozenset({"maxItems", "uniqueItems", "contains", "minContains", "maxContains"}),
    "object": frozenset({"minProperties", "maxProperties", "patternProperties", "propertyNames"}),
}
"""Keywords that would have to be checked rather than followed, by the type that they are for."""

_LEAST = (None, 0, 1)


def require_shape(schema: Schema, *, of: str) -> Schema:
    """See to it that a model can be held to a schema while it writes.

    Args:
        schema: Of an answer, or of the arguments of a strict tool.
        of: Where it stands in the request, for the message.

    Raises:
        RefusalError: It cannot: the provider's 400.

    Example:
        >>> require_shape({"type": "integer", "minimum": 3}, of="output_config.format.schema")
        Traceback (most recent call last):
            ...
        chaos.upstreams.refusal.RefusalError: 400
    """
    wrong = next(_wrong(schema), None)
    if wrong is not None:
        raise RefusalError(invalid(f"{of}: {wrong}"))
    return schema


def _wrong(schema: Schema) -> Iterator[str]:
    for part in parts_of(schema):
        for kind in types_of(part):
            # SDKs write null for a keyword that nobody has set.
            has = {name for name, value in part.items() if value is not None}
            found = sorted(_UNSUPPORTED.get(kind, frozenset()) & has)
            if len(found) == 1:
                yield f"For '{kind}' type, property '{found[0]}' is not supported"
            if found:
                yield f"For '{kind}' type, properties {', '.join(found)} are not supported"
            if kind == "array" and part.get("minItems") not in _LEAST:
                yield "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
            if kind == "object" and part.get("additionalProperties") is not False:
                yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
