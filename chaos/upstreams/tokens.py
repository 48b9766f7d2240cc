"""Tokens, as the stand-ins count them: a word with the space before it is one token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_TOKEN = re.compile(r"\s*\S+|\s+$")


def split(text: str) -> list[str]:
    """The tokens of a text; joined, they are the text again.

    Example:
        >>> split("Is the VPN  down? ")
        ['Is', ' the', ' VPN', '  down?', ' ']
    """
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(split(text))


def count_json(values: Iterable[object]) -> int:
    """How many tokens tools and schemas come to: those of their JSON, with a space after commas.

    Example:
        >>> count_json([{"name": "refund", "strict": True}])
        4
    """
    return sum(count(json.dumps(value)) for value in values)
