"""The pause that a provider asks for before it is called again."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_S = 86400.0
"""A longer pause is taken for a mistake of whoever asks for it, and cut to this: a day."""

_NUMBER = re.compile(r"\s*\d+(\.\d*)?\s*", re.ASCII)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the pause a provider asks for, in seconds from now; None if it asks for none.

    ``retry-after-ms`` wins, being the more exact; ``retry-after`` is a number of seconds or a
    date. A date without a zone is in GMT, as HTTP has it. A value that makes no sense counts as
    none.

    Example:
        >>> retry_after_s({"retry-after": "20"}), retry_after_s({"retry-after-ms": "1500"})
        (20.0, 1.5)
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "")
        if _NUMBER.fullmatch(text):
            return min(float(text) * unit_s, LONGEST_S)
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
        if date.tzinfo is None:
            # Python would take it for local time.
            date = date.replace(tzinfo=UTC)
        return min(max(0.0, date.timestamp() - time.time()), LONGEST_S)
    except (ValueError, OverflowError):
        return None
