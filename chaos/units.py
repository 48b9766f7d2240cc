"""Durations and sizes as people write them: ``250ms``, ``60s``, ``64KB``."""

from __future__ import annotations

import re
from datetime import timedelta

DURATION_HINT = "a number with ms, s, m, h or d, for example 250ms or 1.5h"
SIZE_HINT = "a number of bytes, or one with B, KB or MB, for example 64KB"

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "B": 1, "KB": 1000, "MB": 1000_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+)\s*(B|KB|MB)?")


def parse_duration(text: str) -> timedelta:
    """Read a duration; parts may follow each other, largest first (``23h59m``).

    A leading minus is allowed, for clocks that step back.

    Raises:
        ValueError: The text is not a duration; the message says what is wrong with it.

    Example:
        >>> parse_duration("1h30m").total_seconds()
        5400.0
        >>> parse_duration("-250ms").total_seconds()
        -0.25
    """
    bare = text.strip()
    sign = -1 if bare.startswith("-") else 1
    bare = bare.removeprefix("-")
    parts = _PART.findall(bare)
    if re.fullmatch(r"\d+(\.\d+)?", bare):
        raise ValueError(f"duration {text} has no unit")
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        raise ValueError(f"{text!r} is not a duration")
    return sign * timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def format_duration(seconds: float) -> str:
    """Write a duration the way a person would, exact to the millisecond.

    Example:
        >>> [format_duration(s) for s in (0.25, 60, 86399, 15.5, -3600)]
        ['250ms', '1m', '23h59m59s', '15.5s', '-1h']
    """
    sign = "-" if seconds < 0 else ""
    rest_ms = round(abs(seconds) * 1000)
    if rest_ms < 1000:  # noqa: PLR2004 - one second
        return f"{sign}{rest_ms}ms"
    parts = []
    for unit, size_ms in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)):
        count, rest_ms = divmod(rest_ms, size_ms)
        if count:
            parts.append(f"{count}{unit}")
    if rest_ms:
        parts.append(f"{rest_ms / 1000:g}s")
    return sign + "".join(parts)


def parse_size(text: str) -> int:
    """Read a size in bytes; KB and MB are decimal.

    Raises:
        ValueError: The text is not a size.

    Example:
        >>> parse_size("64KB")
        64000
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size")
    return int(match[1]) * _BYTES[match[2] or ""]
