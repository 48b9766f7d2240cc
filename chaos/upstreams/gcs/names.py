"""Which names and settings buckets and objects may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chaos.upstreams.gcs.errors import invalid

# Cloud Storage wants three letters. Here two will do: the bucket of all examples is called so.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{0,220}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_LONGEST_LABEL = 63
_LONGEST_OBJECT = 1024
_LONGEST_METADATA = 8 * 1024
_CLASSES = frozenset(
    {"STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL"}
    | {"DURABLE_REDUCED_AVAILABILITY"}
)


def require_bucket_name(name: object) -> str:
    """The name of a bucket to be made.

    Raises:
        RefusalError: No bucket can be called so.

    Example:
        >>> require_bucket_name("kb-eu")
        'kb-eu'
        >>> require_bucket_name("KB")
        Traceback (most recent call last):
            ...
        chaos.upstreams.refusal.RefusalError: 400
    """
    if (
        not isinstance(name, str)
        or not _BUCKET.fullmatch(name)
        or any(not 0 < len(label) <= _LONGEST_LABEL for label in name.split("."))
        or _ADDRESS.fullmatch(name)
        or name.startswith("goog")
        or "google" in name
    ):
        raise invalid(f"Invalid bucket name: '{name}'")
    return name


def require_object_name(name: object) -> str:
    """The name of an object to be stored.

    Raises:
        RefusalError: No object can be called so.
    """
    if (
        not isinstance(name, str)
        or not 0 < len(name.encode(errors="surrogatepass")) <= _LONGEST_OBJECT
        or re.search(r"[\r\n]", name)
        or name in {".", ".."}
        or name.startswith(".well-known/acme-challenge/")
    ):
        raise invalid("The specified object name is not valid.")
    return name


def require_settings(settings: Mapping[str, Any]) -> None:
    """See to it that what an uploader chooses is of the kind that it has to be.

    Raises:
        RefusalError: It is not.
    """
    metadata = settings.get("metadata", {})
    texts = {key: value for key, value in settings.items() if key != "metadata"}
    if isinstance(metadata, Mapping):
        texts |= metadata
    else:
        raise invalid("Invalid value for metadata: expected an object")
    for key, value in texts.items():
        if not isinstance(value, str):
            raise invalid(f"Invalid value for {key}: {value!r}")
    _require_time(settings.get("customTime"))
    size = sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items())
    if size > _LONGEST_METADATA:
        raise invalid(
            f"Your metadata headers exceed the maximum allowed metadata size: {size} bytes, at "
            f"most {_LONGEST_METADATA}."
        )
    require_storage_class(settings.get("storageClass", "STANDARD"))


def _require_time(text: str | None) -> None:
    if text is None:
        return
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid(f"Invalid value for customTime: {text!r}")


def require_storage_class(wanted: object) -> None:
    """See to it that there is such a class.

    Raises:
        RefusalError: There is none.
    """
    if wanted not in _CLASSES:
        raise invalid(f"Invalid argument: storage class '{wanted}'")
