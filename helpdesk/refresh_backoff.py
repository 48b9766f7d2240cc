"""The memory of failed refreshes: how long to leave storage alone."""

from __future__ import annotations

import time
from datetime import timedelta


class RefreshBackoff:
    """Says when the next refresh is due; not thread-safe, its owner holds a lock.

    Without it, each asker after the expiry of the index would wait for the whole budget of a
    refresh that is bound to fail.

    Args:
        first: Pause after the first failure; it doubles with each further one.
        most: The doubling stops here.

    Example:
        >>> backoff = RefreshBackoff(timedelta(seconds=60), timedelta(minutes=15))
        >>> [backoff.failed("503") for _ in range(6)]
        [60.0, 120.0, 240.0, 480.0, 900.0, 900.0]
        >>> backoff.is_due()
        False
    """

    def __init__(self, first: timedelta, most: timedelta) -> None:
        self._first_s = first.total_seconds()
        self._most_s = most.total_seconds()
        self._not_before: float | None = None
        self._failed_at: float | None = None
        self._asked_until: float | None = None
        self.failures = 0
        self.last_error: str | None = None

    def failed(self, error: str, *, asked_s: float = 0.0) -> float:
        """Note a failure; return the seconds until the next refresh is due.

        Args:
            error: What went wrong, for the status.
            asked_s: Pause that storage asked for; a refresh comes no sooner.
        """
        # The exponent is bounded too: after days of failures it would overflow a float.
        pause_s = min(self._first_s * 2.0 ** min(self.failures, 30), self._most_s)
        pause_s = max(pause_s, asked_s)
        self.failures += 1
        self.last_error = error
        self._failed_at = time.monotonic()
        self._not_before = self._failed_at + pause_s
        self._asked_until = self._failed_at + asked_s
        return pause_s

    def succeeded(self) -> None:
        """Forget everything."""
        self.failures = 0
        self.last_error = None
        self._not_before = self._failed_at = self._asked_until = None

    def failed_s_ago(self) -> float | None:
        """Seconds since the last failure; None if the last refresh succeeded."""
        return None if self._failed_at is None else time.monotonic() - self._failed_at

    def wait_s(self) -> float:
        """Seconds until a refresh is due; 0.0 when it is."""
        if self._not_before is None:
            return 0.0
        return max(0.0, self._not_before - time.monotonic())

    def asked_s(self) -> float:
        """Seconds of a pause that storage asked for, which nobody may cut short."""
        return max(0.0, self._asked_until - time.monotonic()) if self._asked_until else 0.0

    def is_due(self) -> bool:
        """Whether a refresh may start."""
        return self.wait_s() == 0.0
