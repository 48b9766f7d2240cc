"""The pause that a provider asks for before it is called again."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_S = 86400.0
"""A longer pause is taken for a mistake of whoever asks for it, and cut to this: a day."""

_NUMBER = r"\s*(?:\d+\.?\d*|\.\d+)\s*"
_NUMBERS = re.compile(f"{_NUMBER}(?:,{_NUMBER})*", re.ASCII)
"""A number, or several: a header that comes twice is read as one with a comma in it."""
_DURATION = re.compile(
    r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII
)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the pause a provider asks for, in seconds from now; None if it asks for none.

    ``retry-after-ms`` wins, being the more exact; ``retry-after`` is a number of seconds or a
    date. If it comes several times, the longest of its numbers holds. A date without a zone is in
    GMT, as HTTP has it. A value that makes no sense counts as none. Without either, a limit that
    is used up asks for the time until it is whole again.

    Example:
        >>> retry_after_s({"retry-after": "20"}), retry_after_s({"retry-after-ms": "1500"})
        (20.0, 1.5)
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "")
        if _NUMBERS.fullmatch(text):
            # Of several pauses the longest holds.
            return min(max(map(float, text.split(","))) * unit_s, LONGEST_S)
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
        if date.tzinfo is None:
            # Python would take it for local time.
            date = date.replace(tzinfo=UTC)
        return min(max(0.0, date.timestamp() - time.time()), LONGEST_S)
    except (ValueError, OverflowError):
        return _until_reset_s(headers)


def _until_reset_s(headers: Mapping[str, str]) -> float | None:
    """How long it is until every limit of OpenAI's that is used up is whole again.

    Only for a refusal that says no more: a limit of which something is left is no reason to wait.

    Example:
        >>> _until_reset_s({
        ...     "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s",
        ...     "x-ratelimit-remaining-tokens": "9000", "x-ratelimit-reset-tokens": "2m0s",
        ... })
        90.0
    """
    waits_s = [
        _duration_s(headers.get(f"x-ratelimit-reset-{kind}", ""))
        for kind in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{kind}") == "0"
    ]
    known_s = [wait_s for wait_s in waits_s if wait_s is not None]
    return min(max(known_s), LONGEST_S) if known_s else None


def _duration_s(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
