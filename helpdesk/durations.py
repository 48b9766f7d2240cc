"""Durations as people write them in settings: ``15s``, ``2m``, ``24h``, ``250ms``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", re.ASCII)


def parse_duration(value: object) -> object:
    """Turn ``"15s"`` into a timedelta; a timedelta passes through.

    Raises:
        ValueError: The text is not a number followed by ms, s, m, h or d, or far too large.

    Example:
        >>> parse_duration("1.5m").total_seconds()
        90.0
    """
    if isinstance(value, timedelta):
        return value
    match = _PATTERN.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a duration; write a number with ms, s, m, h or d")
    try:
        return timedelta(seconds=float(match[1]) * _UNIT_S[match[2]])
    except OverflowError as error:
        raise ValueError(f"{value!r} is longer than any wait may be") from error


def format_duration(value: timedelta) -> str:
    """Write a timedelta in the largest unit that keeps it whole, as it could be read back.

    Example:
        >>> format_duration(timedelta(minutes=10)), format_duration(timedelta(milliseconds=1500))
        ('10m', '1500ms')
    """
    for unit in ("d", "h", "m", "s"):
        amount, rest = divmod(value, timedelta(seconds=_UNIT_S[unit]))
        if value and not rest:
            return f"{amount}{unit}"
    return f"{value / timedelta(milliseconds=1):g}ms" if value else "0s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
"""A pydantic field type: a timedelta written as ``"15s"``."""
