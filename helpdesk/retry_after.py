"""The pause that a provider asks for before it is called again."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the pause a provider asks for, in seconds from now; None if it asks for none.

    ``retry-after-ms`` wins, being the more exact; ``retry-after`` is a number of seconds or a
    date. A value that makes no sense counts as none.

    Example:
        >>> retry_after_s({"retry-after": "20"}), retry_after_s({"retry-after-ms": "1500"})
        (20.0, 1.5)
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _number(headers.get(name)) * unit_s
        if 0 <= seconds < math.inf:
            return seconds
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, date.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
