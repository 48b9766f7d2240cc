"""What a failed call to the language model means: its reason, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import httpx2
import openai
import pydantic

from helpdesk.errors import ChatError, FailureReason
from helpdesk.redaction import redacted
from helpdesk.retry_after import retry_after_s

_QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
)

_TRANSIENT_4XX: dict[int, FailureReason] = {
    408: "timeout",
    409: "server_error",
    425: "server_error",
    429: "rate_limited",
}

_UNKNOWN_MODEL_CODES = frozenset({"model_not_found", "invalid_model", "DeploymentNotFound"})

# Nothing at that address speaks the interface. Whatever is asked next, it is asked there again.
_WRONG_ADDRESS = frozenset({404, 405, 410})

_HIGHEST_STATUS = 599
_LONGEST_CODE = 80


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
            said = redacted(f"{type(cause).__name__}: {cause}")
            return _transient(f"no connection: {said}", "unreachable")
        case openai.APIStatusError():
            return _status_error(error)
        case UnicodeEncodeError(encoding="ascii"):
            # Of all that is sent, only headers are ASCII, and the settings were looked at before.
            return _final("a header has characters that cannot be sent", "rejected")
        case UnicodeEncodeError():
            return _final("the question has characters that cannot be sent", "rejected")
        case openai.OpenAIError():
            return _final(redacted(f"the SDK refused the call: {error}"), "rejected")
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


def error_in_reply(error: object) -> ChatError:
    """Return what an error means that arrived in the body of a success.

    Args:
        error: What the reply says of it, in whatever form.

    Example:
        >>> error_in_reply({"code": "rate_limit_exceeded"}).reason
        'rate_limited'
    """
    facts = error if isinstance(error, Mapping) else {}
    code, kind = _word(facts.get("code")), _word(facts.get("type"))
    said = "an error in the middle of its reply"
    if code.isdecimal() and HTTPStatus.BAD_REQUEST <= int(code) <= _HIGHEST_STATUS:
        # Gateways put the status here that they were answered with themselves.
        return _by_status(int(code), said, "", None)
    if code in _QUOTA_CODES or kind in _QUOTA_CODES:
        return _final(_told(said, code), "quota_exhausted", lasting=True)
    if code in _UNKNOWN_MODEL_CODES:
        return _final(_told(said, code), "rejected", lasting=True)
    if kind == "invalid_request_error":
        return _final(_told(said, code), "rejected")
    is_limit = code == "rate_limit_exceeded"
    return _transient(_told(said, code), "rate_limited" if is_limit else "server_error")


def _status_error(error: openai.APIStatusError) -> ChatError:
    asked_s = retry_after_s(error.response.headers)
    status, code = error.status_code, _word(error.code)
    if code in _QUOTA_CODES or _word(error.type) in _QUOTA_CODES:
        return _final(_told(f"HTTP {status}", code), "quota_exhausted", status, lasting=True)
    return _by_status(status, f"HTTP {status}", code, asked_s)


def _by_status(status: int, said: str, code: str, asked_s: float | None) -> ChatError:
    message = _told(said, code)
    if status == HTTPStatus.UNAUTHORIZED:
        wrong = "the provider did not accept the API key"
        return _final(wrong, "bad_api_key", status, lasting=True)
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return _final(message, "quota_exhausted", status, lasting=True)
    if status in _TRANSIENT_4XX:
        return _transient(message, _TRANSIENT_4XX[status], status, asked_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _transient(message, "server_error", status, asked_s)
    if status >= HTTPStatus.BAD_REQUEST:
        lasts = status in _WRONG_ADDRESS or code in _UNKNOWN_MODEL_CODES
        return _final(message, "rejected", status, lasting=lasts)
    # A redirect: something between us and the provider answered, or its address has changed.
    return _transient(message, "malformed_reply", status, asked_s)


def _word(value: object) -> str:
    """Return a code as a word; a provider may put anything where one belongs."""
    return str(value)[:_LONGEST_CODE] if isinstance(value, str | int) else ""


def _told(said: str, code: str) -> str:
    """Say what the provider answered; not in its words, which may quote key and question."""
    return f"the provider answered {said}" + (f" ({code})" if code else "")


def _transient(
    message: str,
    reason: FailureReason,
    status: int | None = None,
    asked_s: float | None = None,
) -> ChatError:
    return ChatError(
        message, reason=reason, retryable=True, counts=True, retry_after_s=asked_s, status=status
    )


def _final(
    message: str, reason: FailureReason, status: int | None = None, *, lasting: bool = False
) -> ChatError:
    return ChatError(
        message, reason=reason, retryable=False, counts=False, lasting=lasting, status=status
    )
