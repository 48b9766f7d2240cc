"""JSON schemas that OpenAI takes as strict, and its words for those that it does not take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.schemas import Schema


def require_strict(schema: Schema, *, of: str, param: str) -> None:
    """Hold a schema that is said to be strict to what that means.

    Every object has to forbid additional properties and to require all that it names.

    Args:
        schema: The schema.
        of: Whose it is, for the message: ``response_format 'city'``, ``function 'refund'``.
        param: The parameter that the provider blames.

    Raises:
        RefusalError: With the provider's 400.

    Example:
        >>> require_strict({"type": "object"}, of="function 'refund'", param="tools")
        Traceback (most recent call last):
            ...
        chaos.upstreams.refusal.RefusalError: 400
    """
    wrong = next(_problems(schema, ()), None)
    if wrong is not None:
        raise RefusalError(
            invalid_request(f"Invalid schema for {of}: {wrong}", param, "invalid_json_schema")
        )


def _problems(schema: Any, context: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401 - JSON
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            yield (
                f"In context={context}, 'additionalProperties' is required to be supplied and to "
                "be false."
            )
        missing = [name for name in properties if name not in schema.get("required", ())]
        if missing:
            yield (
                f"In context={context}, 'required' is required to be supplied and to be an array "
                f"including every key in properties. Missing '{missing[0]}'."
            )
    for keyword in ("properties", "$defs", "definitions"):
        for name, inner in schema.get(keyword, {}).items():
            yield from _problems(inner, (*context, keyword, name))
    yield from _problems(schema.get("items"), (*context, "items"))
    for position, inner in enumerate(schema.get("anyOf", ())):
        yield from _problems(inner, (*context, "anyOf", str(position)))
