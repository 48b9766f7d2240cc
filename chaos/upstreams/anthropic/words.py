"""Anthropic's words for a request that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from chaos.upstreams.anthropic.request import BLANK_STOP
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


_WHOLE = {
    ("too_short", "messages"): "messages: at least one message is required",
    (BLANK_STOP, "stop_sequences"): (
        "stop_sequences: each stop sequence must contain non-whitespace"
    ),
}
"""Messages of some parameters' own."""


def message_of(mistake: Mistake) -> str:
    """The message of the 400: where, with dots, and what is wrong.

    Example:
        >>> message_of(Mistake(kind="missing", place=("messages", 0, "role"), value={}, limits={}))
        'messages.0.role: Field required'
    """
    whole = _WHOLE.get((mistake.kind, str(mistake.place[0]) if mistake.place else ""))
    if whole is not None:
        return whole
    place = ".".join(_steps(mistake))
    limits = {
        key: f"{value:g}" if isinstance(value, float) else value
        for key, value in mistake.limits.items()
    }
    kind = mistake.kind
    if kind == "union_tag_invalid":
        kind = "missing" if _has_no_kind(mistake) else kind
        limits["expected_tags"] = str(limits["expected_tags"]).replace("<", "").replace(">", "")
    what = _WORDS.get(kind, "Input is not valid").format(**limits)
    return f"{place}: {what}" if place else what


def _steps(mistake: Mistake) -> Iterator[str]:
    """The keys and positions that lead to a mistake, with the kinds of what is on the way.

    A text or a list is no kind of thing; ``<text>`` is one only among the members of a list.
    """
    for before, step in pairwise((0, *(mistake.kinds or mistake.place))):
        is_form = step == "<list>" or (step == "<text>" and isinstance(before, str))
        if not is_form:
            yield str(step).strip("<>")
        if before == "tools" and isinstance(step, int):
            # All tools of the client's own are of this kind, whether they say so or not.
            yield "custom"
    if mistake.kind == "union_tag_invalid" and _has_no_kind(mistake):
        yield mistake.limits["discriminator"].removesuffix("()")


def _has_no_kind(mistake: Mistake) -> bool:
    return isinstance(mistake.value, dict) and mistake.limits["tag"] == f"<{None}>"
