"""Defects of downloading: what is tried again, what is accepted, and how long it may take."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from defects.wrong_default import WrongDefault

_BUCKET = "helpdesk.bucket:IndexBucket"
_STORAGE = "helpdesk.storage_errors"
_SOURCE = "helpdesk.index_source:BucketSource"

DEFECTS = (
    Defect(
        name="storage-retries-of-the-sdk",
        hazard=51,
        doc="The SDK tries again at a pace of its own, inside each attempt of ours.",
        tags=("gcs", "retry"),
        edits=(
            Rewrite(
                f"{_BUCKET}.download",
                """
                - retry=None,
                + retry=DEFAULT_RETRY,
                """,
            ),
        ),
    ),
    Defect(
        name="storage-tried-once",
        doc="A single 503 costs the first start its index.",
        tags=("gcs", "retry"),
        edits=(WrongDefault("index.retry.attempts", "1"),),
    ),
    Defect(
        name="storage-rate-limit-is-final",
        hazard=49,
        doc="A crowded minute of Cloud Storage is taken for a refusal.",
        tags=("gcs", "retry"),
        edits=(
            Rewrite(
                _STORAGE,
                """
    - retryable = status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    + retryable = status == 408 or status >= HTTPStatus.INTERNAL_SERVER_ERROR
                """,
            ),
        ),
    ),
    Defect(
        name="storage-500-is-final",
        hazard=49,
        doc="Off by one: the plainest failure of all is not tried again.",
        tags=("gcs", "retry", "status"),
        edits=(
            Rewrite(
                _STORAGE,
                """
    - retryable = status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    + retryable = status in {408, 429} or status > HTTPStatus.INTERNAL_SERVER_ERROR
                """,
            ),
        ),
    ),
    Defect(
        name="storage-refusals-are-retried",
        hazard=50,
        doc="A bucket without permission is asked three times, while the asker waits.",
        tags=("gcs", "stale"),
        edits=(
            Rewrite(
                _STORAGE,
                """
    - retryable = status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    + retryable = True
                """,
            ),
        ),
    ),
    Defect(
        name="lost-downloads-are-final",
        hazard=49,
        doc="A connection that breaks in the middle of the file is not tried again.",
        tags=("gcs", "retry"),
        edits=(
            Rewrite(
                f"{_STORAGE}:storage_error",
                """
                - message, retryable = f"connection lost for {place}: {cause}", True
                + message, retryable = f"connection lost for {place}: {cause}", False
                """,
            ),
        ),
    ),
    Defect(
        name="corruption-is-final",
        hazard=54,
        doc="One flipped bit on the wire, and there is no index.",
        tags=("gcs", "retry"),
        edits=(
            Rewrite(
                f"{_STORAGE}:storage_error",
                """
                - message, retryable = f"{place} arrived damaged", True
                + message, retryable = f"{place} arrived damaged", False
                """,
            ),
        ),
    ),
    Defect(
        name="hash-not-checked",
        hazard=61,
        doc="A flipped bit in a number, and the wrong article is found, in silence.",
        tags=("cache", "gcs"),
        edits=(
            Rewrite(
                "helpdesk.manifest:ManifestFile.verify",
                """
                - if seen != self:
                + if seen.size != self.size:
                """,
            ),
        ),
    ),
    Defect(
        name="generations-mixed",
        hazard=67,
        doc="The index of one generation finds passages in the documents of another.",
        tags=("generations", "gcs"),
        edits=(
            Rewrite(
                _SOURCE,
                """
    = functools.partial(self._fetch_manifest, deadline), deadline=deadline
    - functools.partial(self._fetch_file, manifest.files[name], deadline),
    + lambda: self._fetch_file(self._fetch_manifest(deadline)[0].files[name], deadline),
                """,
            ),
            Rewrite(
                "helpdesk.manifest:Manifest.verify",
                """
                - entry.verify(files[name])
                + pass
                """,
            ),
        ),
    ),
    Defect(
        name="unchanged-index-is-downloaded-again",
        doc="Every day the whole index is fetched, though nothing has changed.",
        tags=("gcs", "unchanged"),
        edits=(
            Rewrite(
                f"{_SOURCE}.newer_than",
                """
                - if known is not None and manifest.has_content_of(known):
                -     return None
                + if known is not None and manifest is known:
                +     return None
                """,
            ),
        ),
    ),
    Defect(
        name="newer-index-not-noticed",
        doc="What is published never arrives: the copy counts as the newest for ever.",
        tags=("generations", "gcs", "index"),
        edits=(
            Rewrite(
                f"{_SOURCE}.newer_than",
                """
                - if known is not None and manifest.has_content_of(known):
                + if known is not None and manifest.embedding == known.embedding:
                """,
            ),
        ),
    ),
    Defect(
        name="download-timeout-of-each-read",
        hazard=55,
        doc="A download that trickles holds the asker for hours.",
        tags=("trickle", "gcs"),
        edits=(
            Rewrite(
                "helpdesk.deadline_transport:DeadlineTransport",
                """
                = self._timeout_s = timeout_s
                - left_s = seconds_left(self._deadline)
                + left_s = self._timeout_s
                """,
            ),
        ),
    ),
    Defect(
        name="download-timeout-not-clamped",
        hazard=51,
        doc="The last attempt at a silent bucket may take its full timeout, budget or not.",
        tags=("gcs", "timeout"),
        edits=(
            Rewrite(
                _BUCKET,
                """
                - return min(self._timeout_s, seconds_left(deadline))
                + return self._timeout_s
                """,
            ),
        ),
    ),
    Defect(
        name="download-waits-beyond-the-budget",
        hazard=51,
        doc="The asker waits for an attempt for which there is no time.",
        tags=("gcs", "timeout"),
        edits=(
            Rewrite(
                f"{_SOURCE}.newer_than",
                """
    - functools.partial(self._fetch_manifest, deadline), deadline=deadline
    + functools.partial(self._fetch_manifest, deadline), deadline=deadline + 3600
                """,
            ),
        ),
    ),
)
