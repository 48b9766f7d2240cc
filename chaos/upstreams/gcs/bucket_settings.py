"""What the owner of a bucket may choose, and what not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.buckets import WEEK_S

_DAY_S = 24 * 60 * 60
_LONGEST_SOFT_DELETE_S = 90 * _DAY_S
_LONGEST_RETENTION_S = 3_155_760_000
"""A hundred years."""

_MOST_LABELS = 64
_LONGEST_LABEL = 63


def place_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Where a bucket is, as its resource says it, and of which kind that place is.

    Example:
        >>> place_of({"location": "europe-west1"})
        {'location': 'EUROPE-WEST1', 'locationType': 'region'}
    """
    location = str(settings.get("location") or "US").upper()
    if location in _CONTINENTS:
        kind = "multi-region"
    else:
        kind = "dual-region" if location in _PAIRS else "region"
    return {"location": location, "locationType": kind}


_CONTINENTS = frozenset({"US", "EU", "ASIA"})
_PAIRS = frozenset({"ASIA1", "EUR4", "EUR5", "EUR7", "EUR8", "NAM4"})
"""Two regions that have a name of their own."""


def require_bucket_settings(settings: Mapping[str, Any]) -> None:
    """See to it that settings are of the kinds, and within the limits, that they have.

    Raises:
        RefusalError: One is not.

    Example:
        >>> require_bucket_settings({"versioning": {"enabled": True}})
        >>> require_bucket_settings({"softDeletePolicy": {"retentionDurationSeconds": "60"}})
        Traceback (most recent call last):
            ...
        chaos.upstreams.refusal.RefusalError: 400
    """
    for name, value in settings.items():
        check = _CHECKS.get(name)
        if check is None or value is None:
            continue
        if not isinstance(value, Mapping):
            raise errors.invalid(f"Invalid value for {name}: expected an object")
        check(value)


def _labels(labels: Mapping[str, Any]) -> None:
    if len(labels) > _MOST_LABELS:
        raise errors.invalid(f"A bucket has at most {_MOST_LABELS} labels.")
    for key, value in labels.items():
        if value is None:
            continue  # a patch deletes it
        if not key[:1].isalpha() or not _is_label(key) or not _is_label(value):
            raise errors.invalid(f"Invalid label: {key!r}: {value!r}")


def _is_label(text: object) -> bool:
    if not isinstance(text, str) or len(text) > _LONGEST_LABEL or text != text.lower():
        return False
    return all(letter.isalnum() or letter in "_-" for letter in text)


def _versioning(value: Mapping[str, Any]) -> None:
    _flag("versioning.enabled", value.get("enabled", False))


def _access(value: Mapping[str, Any]) -> None:
    for name in ("uniformBucketLevelAccess", "bucketPolicyOnly"):
        inner = value.get(name) or {}
        if not isinstance(inner, Mapping):
            raise errors.invalid(f"Invalid value for {name}: expected an object")
        _flag(f"{name}.enabled", inner.get("enabled", False))
    prevention = value.get("publicAccessPrevention")
    if prevention not in (None, "inherited", "enforced", "unspecified"):
        raise errors.invalid(f"Invalid value for publicAccessPrevention: {prevention!r}")


def _retention(value: Mapping[str, Any]) -> None:
    period_s = _seconds("retentionPeriod", value.get("retentionPeriod"))
    if not 0 < period_s <= _LONGEST_RETENTION_S:
        message = f"Retention period must be more than 0 and at most {_LONGEST_RETENTION_S} "
        raise errors.invalid(message + "seconds.")


def _soft_delete(value: Mapping[str, Any]) -> None:
    given = value.get("retentionDurationSeconds")
    kept_s = WEEK_S if given is None else _seconds("retentionDurationSeconds", given)
    if kept_s != 0 and not WEEK_S <= kept_s <= _LONGEST_SOFT_DELETE_S:
        message = "Soft delete policy retention duration must be 0, or between 7 and 90 days."
        raise errors.invalid(message)


def _flag(name: str, value: object) -> None:
    if value not in (None, True, False):
        raise errors.invalid(f"Invalid value for {name}: {value!r}")


def _seconds(name: str, value: object) -> int:
    """A number, which may be written as a text: JSON has none of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise errors.invalid(f"Invalid value for {name}: {value!r}")
    try:
        return int(value)
    except ValueError:
        raise errors.invalid(f"Invalid value for {name}: {value!r}") from None


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "labels": _labels,
    "versioning": _versioning,
    "iamConfiguration": _access,
    "retentionPolicy": _retention,
    "softDeletePolicy": _soft_delete,
}
