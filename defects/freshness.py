"""Defects of freshness: how old an index may be, how old it says it is, and what makes it new."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from defects.wrong_default import WrongDefault

_LIVE = "helpdesk.live_index:LiveIndex"

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
                _LIVE,
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
                _LIVE,
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
                _LIVE,
                """
                - 0 <= copy.age_s() < self._options.fresh_for.total_seconds()
                + copy.age_s() < self._options.fresh_for.total_seconds()
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
                _LIVE,
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
                _LIVE,
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
                _LIVE,
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
                _LIVE,
                """
    - self._save(
    -     lambda: self._cache.install(
    -         update.manifest,
    -         update.files,
    -         fetched_at=fetched_at,
    -         keeps_newer=self._source.has_order,
    -     )
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
                _LIVE,
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
