"""Rate-limit headers as a wish for a pause, whichever provider's they are.

OpenAI writes ``x-ratelimit-reset-requests: 6m0s``, Anthropic
``anthropic-ratelimit-requests-reset: 2026-01-01T00:01:00Z``, GitHub ``x-ratelimit-reset`` with the
second of the epoch, the IETF's draft ``ratelimit-reset: 30``. Each says when a limit is whole
again.
"""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime
from http import HTTPStatus

from chaos.http import Response, seconds_until

_LIMIT = re.compile(r"rate-?limit")
_DURATION = re.compile(
    r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m(?!s))?"
    r"(?:(?P<s>\d+(?:\.\d+)?)s)?(?:(?P<ms>\d+(?:\.\d+)?)ms)?"
)
_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}

_EPOCH_FROM_S = 1e9
"""Nobody asks for a pause of thirty years: a number from here on is a date."""

_EPOCH_FROM_MS = 1e12


def pause_s(response: Response) -> float | None:
    """Seconds until every limit that is used up is whole again; None if none says that it is.

    Only a refusal asks for a pause. Where a limit says how much is left, it must be nothing; where
    it does not, a 429 speaks for itself. Dates are compared with the wall clock of the run.

    Example:
        >>> headers = (("x-ratelimit-remaining-requests", "0"),
        ...     ("x-ratelimit-reset-requests", "1m30s"), ("x-ratelimit-remaining-tokens", "9000"),
        ...     ("x-ratelimit-reset-tokens", "2m0s"))
        >>> pause_s(Response(status=429, headers=headers))
        90.0
        >>> pause_s(Response(status=200, headers=headers)) is None
        True
    """
    if response.status < HTTPStatus.BAD_REQUEST:
        return None
    headers = {name.lower(): value.strip() for name, value in response.headers}
    speaks_for_itself = response.status == HTTPStatus.TOO_MANY_REQUESTS
    rests_s = []
    for name, value in headers.items():
        words = name.split("-")
        if "reset" not in words or not _LIMIT.search(name):
            continue
        left = headers.get("-".join("remaining" if word == "reset" else word for word in words))
        is_spent = speaks_for_itself if left is None else _is_nothing(left)
        rest_s = _rest_s(value)
        if is_spent and rest_s is not None:
            rests_s.append(max(rest_s, 0.0))
    return max(rests_s, default=None)


def _is_nothing(left: str) -> bool:
    try:
        return float(left) <= 0
    except ValueError:
        return False


def _rest_s(value: str) -> float | None:
    """How long it is until then; None for what nobody can read.

    Example:
        >>> [_rest_s(each) for each in ("30", "6m0s", "20ms", "1h0m0.5s", "soon", "", "-1", "nan")]
        [30.0, 360.0, 0.02, 3600.5, None, None, -1.0, None]
    """
    try:
        number = float(value)
    except ValueError:
        return _of_duration(value) if _DURATION.fullmatch(value) else _of_date(value)
    if not math.isfinite(number):
        return None
    if number < _EPOCH_FROM_S:
        return number
    date_s = number / 1000 if number >= _EPOCH_FROM_MS else number
    return round(date_s - time.time(), 6)


def _of_duration(value: str) -> float | None:
    found = _DURATION.fullmatch(value)
    assert found is not None, "the caller has looked"
    parts = {unit: float(number) for unit, number in found.groupdict().items() if number}
    return sum(parts[unit] * _UNIT_S[unit] for unit in parts) if parts else None


def _of_date(value: str) -> float | None:
    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        return seconds_until(value)
    try:
        aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
        return round(aware.timestamp() - time.time(), 6)
    except (ValueError, OverflowError):
        return None
