"""Defects of refreshing the index: when, by whom, for how long, and what a failure leaves."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from chaos.targets.helpdesk.defects.wrong_default import WrongDefault

_LIVE = "helpdesk.live_index:LiveIndex"
_BACKOFF = "helpdesk.refresh_backoff:RefreshBackoff"

DEFECTS = (
    Defect(
        name="stale-served-as-fresh",
        doc="A copy past its time is passed off as new.",
        tags=("stale",),
        edits=(
            Rewrite(
                f"{_LIVE}.served",
                """
                - state="fresh" if is_fresh else "stale",
                + state="fresh",
                """,
            ),
        ),
    ),
    Defect(
        name="fresh-for-a-day-and-a-bit",
        doc="Off by one: a copy of exactly 24 hours is taken for a younger one.",
        tags=("index", "time"),
        edits=(
            Rewrite(
                f"{_LIVE}._is_fresh",
                """
                - 0 <= copy.age_s() < self._options.fresh_for.total_seconds()
                + 0 <= copy.age_s() <= self._options.fresh_for.total_seconds()
                """,
            ),
        ),
    ),
    Defect(
        name="fresh-for-a-week",
        doc="The default is not the one that was promised.",
        tags=("index", "time"),
        edits=(WrongDefault("index.fresh_for", "7d"),),
    ),
    Defect(
        name="fresh-for-a-day-without-its-hours",
        doc="A mistaken unit: `timedelta.seconds` of a day is zero, so nothing is ever fresh.",
        tags=("index", "time"),
        edits=(
            Rewrite(
                f"{_LIVE}._is_fresh",
                """
                - 0 <= copy.age_s() < self._options.fresh_for.total_seconds()
                + 0 <= copy.age_s() < self._options.fresh_for.seconds
                """,
            ),
        ),
    ),
    Defect(
        name="copy-from-the-future-is-fresh",
        hazard=68,
        doc="After a time correction the index is not refreshed for as long as the clock was off.",
        tags=("index", "time", "clock"),
        edits=(
            Rewrite(
                f"{_LIVE}._is_fresh",
                """
                - 0 <= copy.age_s() < self._options.fresh_for.total_seconds()
                + copy.age_s() < self._options.fresh_for.total_seconds()
                """,
            ),
        ),
    ),
    Defect(
        name="expired-is-discarded",
        hazard=46,
        doc="A copy past its time is thrown away before there is a better one.",
        tags=("stale",),
        edits=(
            Rewrite(
                f"{_LIVE}._note_failure",
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
                f"{_LIVE}._note_failure",
                """
                - copy = self._copy
                + copy = self._copy
                + if "no index has been published" in error:
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
                f"{_LIVE}._newest",
                """
                - current = self._copy
                + current = self._copy
                + self._cache._pointer_path.unlink(missing_ok=True)
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
                f"{_LIVE}._fly",
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
                - self._not_before = time.monotonic() + pause_s
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
                - in_background = copy is not None and self._backoff.failures > 0
                + in_background = False
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
        name="refresh-failure-swallowed",
        doc="A failed refresh counts as one that found nothing newer: stale becomes fresh.",
        tags=("stale", "gcs"),
        edits=(
            Rewrite(
                f"{_LIVE}._newest",
                """
                - update = self._source.newer_than(known, deadline=deadline)
                + try:
                +     update = self._source.newer_than(known, deadline=deadline)
                + except HelpdeskError:
                +     if current is None:
                +         raise
                +     update = None
                """,
            ),
        ),
    ),
    Defect(
        name="unchanged-does-not-renew",
        doc="An index that is still the newest stays expired; every question asks for it.",
        tags=("index", "time"),
        edits=(
            Rewrite(
                f"{_LIVE}._newest",
                """
                - return replace(current, fetched_at=fetched_at), 0
                + return current, 0
                """,
            ),
        ),
    ),
    Defect(
        name="renewal-not-written-down",
        doc="After a restart an index that was confirmed an hour ago counts as a day old.",
        tags=("cache", "restart"),
        edits=(
            Rewrite(
                f"{_LIVE}._newest",
                """
    - self._save(lambda: self._cache.renew(generation=generation, fetched_at=fetched_at))
    + assert generation
                """,
            ),
        ),
    ),
    Defect(
        name="new-index-not-written-down",
        doc="After a restart the service is back at the generation before the last.",
        tags=("cache", "restart"),
        edits=(
            Rewrite(
                f"{_LIVE}._newest",
                """
    - self._save(
    -     lambda: self._cache.install(update.manifest, update.files, fetched_at=fetched_at)
    - )
    + pass
                """,
            ),
        ),
    ),
    Defect(
        name="newer-index-not-served",
        doc="The newer generation lies in the cache, and the old one is served until a restart.",
        tags=("index", "generations"),
        edits=(
            Rewrite(
                f"{_LIVE}._newest",
                """
                - return _Copy(index, fetched_at), update.size_bytes
                + return _Copy(current.index if current else index, fetched_at), update.size_bytes
                """,
            ),
        ),
    ),
    Defect(
        name="absent-told-as-fresh",
        doc="Without any index the service says that all is well.",
        tags=("absent", "cache"),
        edits=(
            Rewrite(
                f"{_LIVE}.served",
                """
                - return Served("absent", reason=f"there is no index; {why}")
                + return Served("fresh", reason=f"there is no index; {why}")
                """,
            ),
        ),
    ),
)
