"""Durations and sizes as people write them: ``250ms``, ``60s``, ``64KB``."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal

DURATION_HINT = "a number with ms, s, m, h or d, for example 250ms or 1.5h"
SIZE_HINT = "a number of bytes, or one with B, KB or MB, for example 64KB"

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_UNITS_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}

DURATION_PATTERN = "-?(?=[0-9])" + "".join(
    # "m" must not take the first letter of "ms".
    f"(?:({_NUMBER}){unit}{'(?!s)' if unit == 'm' else ''})?"
    for unit in _UNITS_S
)
"""A regular expression of every duration, one group per unit; editors use it too."""

SIZE_PATTERN = r"([0-9]{1,15}) ?(B|KB|MB)?"
"""A regular expression of every size written as text."""

_BYTES = {None: 1, "B": 1, "KB": 1000, "MB": 1000_000}
_DURATION = re.compile(DURATION_PATTERN)
_SIZE = re.compile(SIZE_PATTERN)
_LONGEST = timedelta(days=3650)
_LEAST, _MOST = 1e-12, 1e18


def parse_duration(text: str) -> timedelta:
    """Read a duration; parts may follow each other, largest first (``23h59m``).

    A leading minus is allowed, for clocks that step back.

    Raises:
        ValueError: The text is not a duration, or is one beyond ten years; the message says
            what is wrong with it.

    Example:
        >>> parse_duration("1h30m").total_seconds()
        5400.0
        >>> parse_duration("-250ms").total_seconds()
        -0.25
    """
    bare = text.strip()
    if re.fullmatch(f"-?{_NUMBER}", bare):
        raise ValueError(f"duration {bare} has no unit")
    match = _DURATION.fullmatch(bare)
    if match is None:
        raise ValueError(f"{text!r} is not a duration")
    parts = zip(match.groups(), _UNITS_S.values(), strict=True)
    seconds = sum(float(number) * unit_s for number, unit_s in parts if number)
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"duration {bare} is longer than ten years")
    return timedelta(seconds=-seconds if bare.startswith("-") else seconds)


def format_duration(duration: float | timedelta) -> str:
    """Write a duration the way a person would, exact to the microsecond.

    ``parse_duration`` reads it back.

    Args:
        duration: In seconds, where it is a number.

    Example:
        >>> [format_duration(s) for s in (0.25, 60, 86399, 15.5, -3600)]
        ['250ms', '1m', '23h59m59s', '15.5s', '-1h']
    """
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    rest_us = round(abs(seconds) * 1_000_000)
    sign = "-" if seconds < 0 and rest_us else ""
    if rest_us < 1_000_000:  # noqa: PLR2004 - one second
        return f"{sign}{rest_us / 1000:g}ms"
    parts = []
    for unit in ("d", "h", "m"):
        count, rest_us = divmod(rest_us, round(_UNITS_S[unit] * 1_000_000))
        if count:
            parts.append(f"{count}{unit}")
    if rest_us:
        # Not "g": it keeps six digits, and 59.999999 has eight.
        parts.append(f"{rest_us / 1_000_000:.6f}".rstrip("0").rstrip(".") + "s")
    return sign + "".join(parts)


def format_number(value: float) -> str:
    """Write a number the way a person would: no exponent, nothing rounded, no ``.0`` behind it.

    Example:
        >>> [format_number(number) for number in (100_000_000, 1e8, 0.25, 1234567.5, 0.00001)]
        ['100000000', '100000000', '0.25', '1234567.5', '0.00001']
    """
    if isinstance(value, int) or not math.isfinite(value) or not _LEAST <= abs(value) < _MOST:
        # Whoever writes such an exponent reads it more easily than all the zeros.
        return str(value) if value else "0"
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


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
    return int(match[1]) * _BYTES[match[2]]
