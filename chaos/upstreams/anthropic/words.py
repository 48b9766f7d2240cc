"""Anthropic's words for a request that is not as it should be."""

from __future__ import annotations

from chaos.upstreams.declared import Mistake

_WORDS = {
    "missing": "Field required",
    "string_type": "Input should be a valid string",
    "int_type": "Input should be a valid integer",
    "float_type": "Input should be a valid number",
    "bool_type": "Input should be a valid boolean",
    "list_type": "Input should be a valid list",
    "dict_type": "Input should be an object",
    "model_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
    "greater_than_equal": "Input should be greater than or equal to {ge}",
    "less_than_equal": "Input should be less than or equal to {le}",
    "too_short": "List should have at least {min_length} item",
    "string_too_short": "String should have at least {min_length} character",
    "string_too_long": "String should have at most {max_length} characters",
    "base64": "invalid base64 data",
    "string_pattern_mismatch": "String should match pattern '{pattern}'",
    "literal_error": "Input should be {expected}",
    "union_tag_invalid": "Input should be {expected_tags}",
}
"""What is wrong, by pydantic's name of the mistake."""


def message_of(mistake: Mistake) -> str:
    """The message of the 400: where, with dots, and what is wrong.

    Example:
        >>> message_of(Mistake(kind="missing", place=("messages", 0, "role"), value={}, limits={}))
        'messages.0.role: Field required'
    """
    place = ".".join(str(step) for step in mistake.place)
    limits = {
        key: f"{value:g}" if isinstance(value, float) else value
        for key, value in mistake.limits.items()
    }
    what = _WORDS.get(mistake.kind, "Input is not valid").format(**limits)
    return f"{place}: {what}" if place else what
