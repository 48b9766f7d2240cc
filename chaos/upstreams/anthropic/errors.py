"""The error bodies of Anthropic's API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from chaos.http import Response, json_response, phrase

OVERLOADED = 529
"""Anthropic's own status for having too much to do."""

_USUAL: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "Invalid request."),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low to access the Anthropic API."),
    403: ("permission_error", "Your API key does not have permission to use this resource."),
    404: ("not_found_error", "Not found"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    504: ("timeout_error", "The request timed out."),
    529: ("overloaded_error", "Overloaded"),
}
"""Type and message by status."""

_BY_TYPE = {kind: (status, message) for status, (kind, message) in _USUAL.items()}


def error(status: int, kind: str, message: str) -> Response:
    """An error in Anthropic's shape."""
    return json_response(status, body_of(kind, message))


def body_of(kind: str, message: str) -> dict[str, Any]:
    """The body of an error, which streams carry too."""
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": None}


def invalid(message: str) -> Response:
    """The 400 that says what is wrong.

    Example:
        >>> invalid("max_tokens: Field required").json()["error"]["type"]
        'invalid_request_error'
    """
    return error(400, "invalid_request_error", message)


def failed(status: int) -> Response:
    """Anthropic's usual answer for ``status``: JSON from itself, HTML from a proxy.

    Example:
        >>> failed(529).json()["error"]["type"]
        'overloaded_error'
    """
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status=status)
    if status in {502, 503}:
        title = f"{status} {phrase(status)}"
        headers = (("content-type", "text/html; charset=UTF-8"), ("server", "cloudflare"))
        page = f"<html>\r\n<head><title>{title}</title></head>\r\n</html>\r\n".encode()
        return Response(status=status, headers=headers, body=page)
    server = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    usual = _USUAL[500] if server else _USUAL[400]
    return error(status, *_USUAL.get(status, usual))


def rate_limited(code: str) -> Response:
    """The 429; a quota that is spent is a 400 here, and stays one."""
    if code == "insufficient_quota":
        return invalid(
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
            "Billing to upgrade or purchase credits."
        )
    return failed(429)


def by_type(kind: str | None) -> tuple[int, dict[str, Any]]:
    """Status and body of an error by its type; of its usual one if there is no such type."""
    name = kind if kind in _BY_TYPE else "api_error"
    status, message = _BY_TYPE[name]
    return status, body_of(name, message)


def type_of(response: Response) -> str | None:
    """The type of an error; None if it has none, or is not Anthropic's."""
    try:
        kind = response.json()["error"]["type"]
    except (ValueError, TypeError, KeyError):
        return None
    return kind if isinstance(kind, str) else None
