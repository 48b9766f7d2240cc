"""Log probabilities of tokens: made up, plausible, and always the same for the same token."""

from __future__ import annotations

import hashlib
from typing import Any

from chaos.upstreams import tokens

_ALTERNATIVES = (
    *(" perhaps", " indeed", " then", " also", " now", " well", " so", " but", " and", " or"),
    *(" if", " as", " to", " the", " a", " of", " in", " it", " is", " on"),
)
"""As many as the twenty that may be asked for: one of them may be what was said."""


def logprob(token: str, place: int) -> float:
    """The log probability of a token, between -1 and 0.

    Example:
        >>> -1 < logprob(" the", 3) < 0
        True
    """
    drawn = hashlib.sha256(f"{place}/{token}".encode()).digest()[0]
    return -(drawn + 1) / 257


def ranked(token: str, place: int, most: int) -> list[tuple[str, float]]:
    """The most likely tokens at a place, the one that was said first among them."""
    own = logprob(token, place)
    others = [each for each in _ALTERNATIVES if each != token]
    listed = [(token, own), *((each, own - 1 - i) for i, each in enumerate(others))]
    return listed[:most]


def entry(token: str, place: int, most: int) -> dict[str, Any]:
    """One token with its probability, and with ``most`` of the likeliest tokens at its place."""
    likeliest = [_entry(*each) for each in ranked(token, place, most)]
    return _entry(token, logprob(token, place)) | {"top_logprobs": likeliest}


def entries(text: str, most: int) -> list[dict[str, Any]]:
    """All tokens of a text, each as `entry` has it."""
    return [entry(token, place, most) for place, token in enumerate(tokens.split(text))]


def _entry(token: str, value: float) -> dict[str, Any]:
    return {"token": token, "logprob": value, "bytes": list(token.encode())}
