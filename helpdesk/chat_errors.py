"""What a failed call to the language model means: its reason, and what to do about it."""

from __future__ import annotations

from http import HTTPStatus

import httpx2
import openai
import pydantic

from helpdesk.errors import ChatError, FailureReason
from helpdesk.retry_after import retry_after_s

_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})

_TRANSIENT_4XX: dict[int, FailureReason] = {
    408: "timeout",
    409: "server_error",
    425: "server_error",
    429: "rate_limited",
}


def chat_error(error: Exception) -> ChatError:  # noqa: PLR0911 - one for each kind of failure
    """Return what ``error``, raised by the SDK or its HTTP library, means to us.

    Example:
        >>> request = httpx2.Request("POST", "https://api.openai.com/v1/chat/completions")
        >>> chat_error(openai.APITimeoutError(request)).reason
        'timeout'
    """
    match error:
        case openai.APITimeoutError() | httpx2.TimeoutException():
            return _transient("the language model did not answer in time", "timeout")
        case openai.APIConnectionError() | httpx2.HTTPError():
            cause = error.__cause__ or error
            return _transient(f"no connection: {type(cause).__name__}: {cause}", "unreachable")
        case openai.APIResponseValidationError():
            return malformed("the reply is not what the SDK expects")
        case openai.APIStatusError():
            return _status_error(error)
        case openai.APIError():
            return _error_event(error)
        case UnicodeEncodeError(encoding="ascii"):
            # Of all that is sent, only headers are ASCII, and the key was looked at before.
            names = "OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS"
            return _final(
                f"a header has characters that cannot be sent; check {names}", "rejected"
            )
        case UnicodeEncodeError():
            return _final("the question has characters that cannot be sent", "rejected")
        case openai.OpenAIError():
            return _final(f"the SDK refused the call: {error}", "rejected")
        case pydantic.ValidationError():
            # Not its text: that quotes the reply, which may quote the question.
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "body"
            return malformed(f"the reply cannot be read: {place}: {first['type']}")
        case _:
            return malformed(f"the reply cannot be read: {type(error).__name__}")


def malformed(message: str) -> ChatError:
    """Return the error for a reply that is not what the interface promises."""
    return _transient(message, "malformed_reply")


def declined(finish_reason: str) -> ChatError:
    """Return the error for a reply in which the model would not answer.

    The provider is well, and would say the same again.
    """
    return _final(f"the model declined to answer (finish_reason {finish_reason})", "declined")


def _status_error(error: openai.APIStatusError) -> ChatError:
    status, message = error.status_code, _said(error, f"HTTP {error.status_code}")
    asked_s = retry_after_s(error.response.headers)
    if status == HTTPStatus.UNAUTHORIZED:
        return _final("the provider did not accept the API key", "bad_api_key", status)
    if error.code in _QUOTA_CODES:
        return _final(message, "quota_exhausted", status)
    if status in _TRANSIENT_4XX:
        return _transient(message, _TRANSIENT_4XX[status], status, asked_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _transient(message, "server_error", status, asked_s)
    if status >= HTTPStatus.BAD_REQUEST:
        return _final(message, "rejected", status)
    # A redirect that leads nowhere: something between us and the provider answered.
    return _transient(message, "malformed_reply", status, asked_s)


def _error_event(error: openai.APIError) -> ChatError:
    """Judge an error that arrived inside a stream, where there is no status any more."""
    message = _said(error, "an error in the middle of its reply")
    if error.code in _QUOTA_CODES:
        return _final(message, "quota_exhausted")
    if error.type == "invalid_request_error":
        return _final(message, "rejected")
    is_limit = error.code == "rate_limit_exceeded"
    return _transient(message, "rate_limited" if is_limit else "server_error")


def _said(error: openai.APIError, what: str) -> str:
    """Say what the provider answered; not in its words, which may quote key and question."""
    return f"the provider answered {what}" + (f" ({error.code})" if error.code else "")


def _transient(
    message: str,
    reason: FailureReason,
    status: int | None = None,
    asked_s: float | None = None,
) -> ChatError:
    return ChatError(
        message, reason=reason, retryable=True, counts=True, retry_after_s=asked_s, status=status
    )


def _final(message: str, reason: FailureReason, status: int | None = None) -> ChatError:
    return ChatError(message, reason=reason, retryable=False, counts=False, status=status)
