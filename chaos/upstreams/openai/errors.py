"""The error bodies of OpenAI's API, and of the proxies in front of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from chaos.http import Response, json_response, phrase

_OVERLOADED = "The server is currently overloaded with other requests. Please try again later."
_BROKEN = (
    "The server had an error while processing your request. Sorry about that! "
    "Please retry your request, or contact us through our help center."
)

_BAD_KEY = (
    "Incorrect API key provided. You can find your API key at "
    "https://platform.openai.com/account/api-keys."
)

_USUAL: dict[int, tuple[str, str, str | None]] = {
    400: ("We could not parse the body of your request.", "invalid_request_error", None),
    401: (
        _BAD_KEY,
        "invalid_request_error",
        "invalid_api_key",
    ),
    403: (
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    ),
    404: (
        "The model does not exist or you do not have access to it.",
        "invalid_request_error",
        "model_not_found",
    ),
    500: (_BROKEN, "server_error", None),
    503: (_OVERLOADED, "server_error", None),
}
"""Message, type and code by status."""

_PROXY_STATUSES = frozenset({502, 504, *range(520, 531)})
"""Statuses that come from the proxy, as HTML: OpenAI's own servers never saw the request."""

_PROXY_REASONS = {520: "Web server returned an unknown error", 529: "Site is overloaded"}


def error(
    status: int, message: str, *, kind: str, param: str | None = None, code: str | None = None
) -> Response:
    """An error in OpenAI's shape; ``kind`` is its ``type``."""
    return json_response(
        status,
        {"error": {"message": message, "type": kind, "param": param, "code": code}},
    )


def invalid_request(message: str, param: str | None = None, code: str | None = None) -> Response:
    """The 400 that names the parameter at fault."""
    return error(400, message, kind="invalid_request_error", param=param, code=code)


def failed(status: int) -> Response:
    """OpenAI's usual answer for ``status``: JSON from itself, HTML from a proxy, or no body.

    Example:
        >>> failed(502).header("content-type")
        'text/html; charset=UTF-8'
    """
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return rate_limited("rate_limit_exceeded")
    if status in _PROXY_STATUSES:
        title = f"{status} {_PROXY_REASONS.get(status) or _reason(status)}"
        return Response(
            status=status,
            headers=(("content-type", "text/html; charset=UTF-8"), ("server", "cloudflare")),
            body=(
                f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}"
                "</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
            ).encode(),
        )
    kind = (
        "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    )
    message, kind, code = _USUAL.get(status, (_reason(status), kind, None))
    return error(status, message, kind=kind, code=code)


def rate_limited(code: str) -> Response:
    """The 429 of ``code``: ``rate_limit_exceeded`` or ``insufficient_quota``.

    When to come back is not in it: that is for the fault to say, in Retry-After.
    """
    if code == "insufficient_quota":
        return error(
            429,
            "You exceeded your current quota, please check your plan and billing details. For "
            "more information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors.",
            kind="insufficient_quota",
            code="insufficient_quota",
        )
    response = error(
        429,
        "Rate limit reached for requests per min (RPM): Limit 500, Used 500, Requested 1. "
        "Visit https://platform.openai.com/account/rate-limits to learn more.",
        kind="requests",
        code=code,
    )
    return response.with_headers(
        [("x-ratelimit-limit-requests", "500"), ("x-ratelimit-remaining-requests", "0")]
    )


def in_a_stream(code: str | None) -> dict[str, Any]:
    """What a stream carries when the provider fails in the middle of it.

    Example:
        >>> in_a_stream(None)["error"]["type"]
        'server_error'
    """
    message = _OVERLOADED if code == "server_overloaded" else _BROKEN
    return {"error": {"message": message, "type": "server_error", "param": None, "code": code}}


def _reason(status: int) -> str:
    return phrase(status) or "Unknown error"


def code_of(response: Response) -> str | None:
    """The ``code`` in an error body; None if it has none, or is not OpenAI's.

    Example:
        >>> code_of(rate_limited("insufficient_quota"))
        'insufficient_quota'
    """
    try:
        code = response.json()["error"]["code"]
    except (ValueError, TypeError, KeyError):
        return None
    return code if isinstance(code, str) else None
