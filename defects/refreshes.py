"""Defects of refreshing the index: by whom, how often, for how long, and what a failure leaves."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_LIVE = "helpdesk.live_index:LiveIndex"
_BACKOFF = "helpdesk.refresh_backoff:RefreshBackoff"

DEFECTS = (
    Defect(
        name="expired-is-discarded",
        hazard=46,
        doc="A copy past its time is thrown away before there is a better one.",
        tags=("stale",),
        edits=(
            Rewrite(
                _LIVE,
                """
                - copy = self._copy
                + copy = self._copy = None
                """,
            ),
        ),
    ),
    Defect(
        name="copy-deleted-on-404",
        hazard=46,
        doc="Somebody deletes the index in the bucket, and with it the last good copy.",
        tags=("stale", "cache"),
        edits=(
            Rewrite(
                _LIVE,
                """
                = found = self._cache.read()
                - copy = self._copy
                + copy = self._copy
                + if "'helpdesk index publish'" in error:
                +     self._cache.quarantine(error)
                """,
            ),
        ),
    ),
    Defect(
        name="cache-dropped-before-the-download",
        hazard=45,
        doc="The place is cleared for a download that then fails: the next start has nothing.",
        tags=("stale", "cache", "restart"),
        edits=(
            Rewrite(
                _LIVE,
                """
                = found = self._cache.read()
                - current = self._copy
                + current = self._copy
                + for path in vars(self._cache).values():
                +     if getattr(path, "name", "") == "current.json":
                +         path.unlink(missing_ok=True)
                """,
            ),
        ),
    ),
    Defect(
        name="failed-refresh-forgotten",
        hazard=58,
        doc="While storage is down, every asker waits for another attempt at it.",
        tags=("stale", "gcs"),
        edits=(
            Rewrite(
                f"{_BACKOFF}.is_due",
                """
                - return self.wait_s() == 0.0
                + return True
                """,
            ),
        ),
    ),
    Defect(
        name="failed-refresh-is-final",
        doc="After one failure the index is never refreshed again.",
        tags=("stale", "gcs"),
        edits=(
            Rewrite(
                f"{_BACKOFF}.is_due",
                """
                - return self.wait_s() == 0.0
                + return not self.failures
                """,
            ),
        ),
    ),
    Defect(
        name="failed-flight-never-lands",
        doc="After one failure every asker believes that a refresh is still under way.",
        tags=("stale", "gcs"),
        edits=(
            Rewrite(
                _LIVE,
                """
                - self._flight = None
                + self._flight = None if flight.ended and not flight.ended.error else flight
                """,
            ),
        ),
    ),
    Defect(
        name="pause-does-not-grow",
        doc="A bucket that is gone for good is asked once a minute, for ever.",
        tags=("stale", "gcs", "pause"),
        edits=(
            Rewrite(
                f"{_BACKOFF}.failed",
                """
    - pause_s = min(self._first_s * 2.0 ** min(self.failures, 30), self._most_s)
    + pause_s = min(self._first_s, self._most_s)
                """,
            ),
        ),
    ),
    Defect(
        name="pause-without-a-cap",
        doc="After a long outage the index stays stale for hours more.",
        tags=("stale", "gcs", "pause"),
        edits=(
            Rewrite(
                f"{_BACKOFF}.failed",
                """
    - pause_s = min(self._first_s * 2.0 ** min(self.failures, 30), self._most_s)
    + pause_s = self._first_s * 2.0 ** min(self.failures, 30)
                """,
            ),
        ),
    ),
    Defect(
        name="pause-on-the-wall-clock",
        hazard=68,
        doc="After a time correction the next refresh is an hour away.",
        tags=("stale", "clock"),
        edits=(
            Rewrite(
                f"{_BACKOFF}.failed",
                """
                - self._not_before = self._failed_at + pause_s
                + self._not_before = time.time() + pause_s
                """,
            ),
            Rewrite(
                f"{_BACKOFF}.wait_s",
                """
                - return max(0.0, self._not_before - time.monotonic())
                + return max(0.0, self._not_before - time.time())
                """,
            ),
        ),
    ),
    Defect(
        name="refresh-in-front-of-the-asker",
        hazard=58,
        doc="Once a pause is over, some asker waits for a refresh that fails again.",
        tags=("stale", "gcs", "pause"),
        edits=(
            Rewrite(
                f"{_LIVE}.get",
                """
                - in_background = copy is not None and self._has_failed_since_expiry(copy)
                + in_background = False
                """,
            ),
        ),
    ),
    Defect(
        name="old-failure-puts-the-refresh-behind",
        doc="A failure of last week is reason enough to serve a stale copy without having tried.",
        tags=("stale", "gcs", "refresh"),
        edits=(
            Rewrite(
                _LIVE,
                """
                = is_due = not self._is_fresh(copy) and self._backoff.is_due()
                - in_background = copy is not None and self._has_failed_since_expiry(copy)
                + in_background = copy is not None and self._backoff.failures > 0
                """,
            ),
        ),
    ),
    Defect(
        name="no-single-flight",
        hazard=57,
        doc="Twenty askers of a cold service download the index twenty times.",
        tags=("users", "index"),
        edits=(
            Rewrite(
                f"{_LIVE}.get",
                """
                - is_mine = flight is None and is_due and time.monotonic() < deadline
                + is_mine = is_due and time.monotonic() < deadline
                """,
            ),
        ),
    ),
    Defect(
        name="told-refresh-flies-alone",
        hazard=57,
        doc="Who tells the service to look for a newer index sets off a second download.",
        tags=("index", "gcs", "refresh"),
        edits=(
            Rewrite(
                f"{_LIVE}.refresh",
                """
                - running = self._flight
                + running = None
                """,
            ),
        ),
    ),
    Defect(
        name="nobody-waits-for-the-first-index",
        doc="Of twenty askers of a cold service nineteen are told that there is no index.",
        tags=("users", "index"),
        edits=(
            Rewrite(
                f"{_LIVE}.get",
                """
                - flight.landed.wait(max(0.0, until - time.monotonic()))
                + pass
                """,
            ),
        ),
    ),
    Defect(
        name="budget-ignored",
        hazard=51,
        doc="A trickling download uses up the whole time of the answer.",
        tags=("trickle", "index"),
        edits=(
            Rewrite(
                f"{_LIVE}.get",
                """
    - until = min(deadline, time.monotonic() + self._options.refresh_budget.total_seconds())
    + until = deadline
                """,
            ),
        ),
    ),
    Defect(
        name="index-put-away-for-its-successor",
        hazard=64,
        doc="While a newer index is fetched there is none, and all who ask wait for it.",
        tags=("index", "gcs", "refresh"),
        edits=(
            Rewrite(
                _LIVE,
                """
                = current = self._copy
                - update = self._source.newer_than(known, deadline=deadline)
                + try:
                +     self._copy = None
                +     update = self._source.newer_than(known, deadline=deadline)
                + finally:
                +     self._copy = current
                """,
            ),
        ),
    ),
    Defect(
        name="live-index-without-its-lock",
        hazard=41,
        doc="Now and then two askers set off the one refresh.",
        tags=("index", "interleaved"),
        edits=(
            Rewrite(
                f"{_LIVE}.get",
                """
                - with self._lock:
                + if self._lock:
                """,
            ),
        ),
    ),
)
