"""What a failed request to Cloud Storage means: what to do about it, and whether to try again.

The status alone does not tell. A 403 may be a missing permission or too many requests, a 404 a
missing object, a missing bucket, or the page of something in between that is no storage at all.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

import google.api_core.exceptions as api
import google.auth.exceptions as auth
import requests
import urllib3.exceptions
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

from helpdesk.errors import DownloadError
from helpdesk.manifest import MANIFEST_FILE
from helpdesk.redaction import redacted
from helpdesk.retry_after import retry_after_s

_READER = "Storage Object Viewer (roles/storage.objectViewer)"
_WRITER = "Storage Object User (roles/storage.objectUser)"

_TOO_MANY = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_USED_UP = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_NOT_ALLOWED = frozenset({"forbidden", "required", "insufficientPermissions", ""})

_NO_BUCKET = re.compile(r"bucket (does not exist|not found)|no ?such ?bucket", re.IGNORECASE)
_NO_OBJECT = re.compile(r"no ?such ?(object|key)", re.IGNORECASE)

_LONGEST_QUOTE = 200


def storage_error(error: Exception, place: str, *, writing: bool = False) -> DownloadError:
    """Return what an exception of any of the libraries below means for the one who waits.

    Args:
        error: What was raised.
        place: The object, as ``gs://bucket/name``.
        writing: Whether it was to be stored, and not read.

    Example:
        >>> print(storage_error(api.ServiceUnavailable("no"), "gs://kb/manifest.json"))
        Cloud Storage answered 503 for gs://kb/manifest.json
    """
    cause = redacted(f"{type(error).__name__}: {error}")
    match error:
        case DownloadError():
            return error
        case api.RetryError():
            return _given_up(error, place, writing=writing)
        case api.GoogleAPICallError():
            return _refusal(error, place, writing=writing)
        case InvalidResponse(response=response):
            # What an upload meets, before the SDK makes one of the errors above of it.
            refusal = api.from_http_status(  # type: ignore[no-untyped-call] # google's
                response.status_code, response.text, response=response
            )
            return _refusal(refusal, place, writing=writing)
        case auth.DefaultCredentialsError():
            message = (
                "no Google credentials found; run 'gcloud auth application-default login' "
                f"or set GOOGLE_APPLICATION_CREDENTIALS ({error})"
            )
            retryable = False
        case auth.GoogleAuthError():
            message = f"no access token for {place}: {cause}"
            retryable = error.retryable or isinstance(error, auth.TransportError)
        case DataCorruption():
            message, retryable = f"{place} arrived damaged", True
        case InvalidURL() | InvalidSchema() | MissingSchema():
            message, retryable = f"{place} cannot be asked for: {cause}", False
        case (
            requests.RequestException()
            | urllib3.exceptions.HTTPError()
            | ConnectionError()
            | TimeoutError()
        ):
            message, retryable = f"connection lost for {place}: {cause}", True
        case _:
            message, retryable = f"unexpected failure for {place}: {cause}", False
    return DownloadError(message, retryable=retryable)


def _given_up(error: api.RetryError, place: str, *, writing: bool) -> DownloadError:
    """Say what the SDK met again and again, in place of its own words about retrying."""
    if not isinstance(error.cause, Exception):
        return DownloadError(f"given up for {place}: {error}", retryable=True)
    last = storage_error(error.cause, place, writing=writing)
    return DownloadError(
        f"{last}, repeatedly, until the attempts were used up",
        retryable=True,
        retry_after_s=last.retry_after_s,
    )


def _refusal(error: api.GoogleAPICallError, place: str, *, writing: bool) -> DownloadError:
    status = int(error.code or 0)
    text = error.response.text if error.response is not None else str(error.message)
    headers = error.response.headers if error.response is not None else {}
    said = _Said.of(text)
    retryable = status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if _is_page(text) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        message = (
            f"a web page with status {status} came in place of {place}, not from Cloud Storage; "
            "check proxies and STORAGE_EMULATOR_HOST"
        )
    elif status == HTTPStatus.NOT_FOUND:
        message = _not_found(place, text, writing=writing)
    elif status == HTTPStatus.UNAUTHORIZED:
        message = f"the credentials were not accepted for {place}; check where they come from"
    elif said.reason in _TOO_MANY:
        message, retryable = f"too many requests for {place} ({status} {said.reason})", True
    elif said.reason in _USED_UP:
        message = f"the quota of the project is used up ({status} {said.reason}) for {place}"
    elif status == HTTPStatus.FORBIDDEN and said.reason in _NOT_ALLOWED:
        role = _WRITER if writing else _READER
        message = f"no permission for {place}; grant the role {role}"
    elif status == HTTPStatus.PRECONDITION_FAILED:
        message = f"{place} was replaced by someone else in the meantime"
    else:
        why = f" ({said})" if said.reason and not retryable else ""
        message = f"Cloud Storage answered {status} for {place}{why}"
    return DownloadError(message, retryable=retryable, retry_after_s=retry_after_s(headers))


def _not_found(place: str, text: str, *, writing: bool) -> str:
    bucket = place.removeprefix("gs://").partition("/")[0]
    # What is stored needs nothing to be there but the bucket.
    if writing:
        return f"bucket {bucket!r} does not exist; create it, or correct the name"
    if _NO_BUCKET.search(text):
        return f"bucket {bucket!r} does not exist; correct HELPDESK_INDEX__BUCKET"
    if not _NO_OBJECT.search(text):
        return (
            f"{place} does not exist, or the bucket does not; check HELPDESK_INDEX__BUCKET, "
            "then run 'helpdesk index publish'"
        )
    if place.endswith(MANIFEST_FILE):
        return f"no index has been published at {place}; run 'helpdesk index publish'"
    return f"{place} does not exist"


def _is_page(text: str) -> bool:
    # By its text, since storage calls its plain refusals text/html as well.
    return re.match(r"\s*<(!doctype html|html|head|body)\b", text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class _Said:
    """What the body of a refusal gives as its reason, if it is Cloud Storage's."""

    reason: str = ""
    message: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        try:
            error = json.loads(text)["error"]
            first, message = error["errors"][0], str(error["message"])
            return cls(str(first["reason"]), message[:_LONGEST_QUOTE])
        except (ValueError, LookupError, TypeError, RecursionError):
            return cls()

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"
