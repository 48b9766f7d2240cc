"""The error bodies of Cloud Storage."""

from __future__ import annotations

from http import HTTPStatus
from xml.sax.saxutils import escape

from chaos.http import Response, json_response, phrase
from chaos.upstreams.refusal import RefusalError

_USUAL: dict[int, tuple[str, str]] = {
    400: ("Invalid argument.", "invalid"),
    401: ("Anonymous caller does not have access to the Google Cloud Storage object.", "required"),
    403: ("The caller does not have permission to access this object.", "forbidden"),
    404: ("Not Found", "notFound"),
    409: ("The object changed while the request was being processed.", "conflict"),
    412: ("At least one of the pre-conditions you specified did not hold.", "conditionNotMet"),
    500: ("We encountered an internal error. Please try again.", "internalError"),
    503: ("Backend Error", "backendError"),
}
"""Message and reason by status."""

_WITHOUT_JSON = frozenset({502, 504})
"""Statuses that come from Google's front end, as HTML."""

_REASONS = {"rate_limit_exceeded": "rateLimitExceeded", "insufficient_quota": "quotaExceeded"}


def error(status: int, message: str, reason: str, *, domain: str = "global") -> Response:
    """An error in the shape of the JSON API."""
    detail = {"message": message, "domain": domain, "reason": reason}
    return json_response(
        status, {"error": {"code": status, "message": message, "errors": [detail]}}
    )


def failed(status: int) -> Response:
    """Cloud Storage's usual answer for ``status``.

    Example:
        >>> failed(503).json()["error"]["errors"][0]["reason"]
        'backendError'
    """
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return rate_limited("rate_limit_exceeded")
    said = phrase(status) or "Unknown error"
    if status in _WITHOUT_JSON:
        return Response(
            status=status,
            headers=(("content-type", "text/html; charset=UTF-8"),),
            body=(
                f"<!DOCTYPE html>\n<html lang=en>\n<title>Error {status} ({said})!!1</title>\n"
                f"<p><b>{status}.</b> <ins>That is an error.</ins>\n"
            ).encode(),
        )
    message, reason = _USUAL.get(status, (said, "backendError"))
    return error(status, message, reason)


def rate_limited(code: str) -> Response:
    """The 429 for too many requests to one object, or for a used-up quota."""
    return error(
        429,
        "The rate of requests exceeds the limit. Please reduce your request rate.",
        _REASONS.get(code, code),
        domain="usageLimits",
    )


def unauthorized(*, xml: bool = False) -> Response:
    """The 401 for a token that is missing, unknown or too old."""
    message = "Invalid Credentials"
    if xml:
        body = f"<Error><Code>AuthenticationRequired</Code><Message>{message}</Message></Error>"
        headers = (("content-type", "application/xml; charset=UTF-8"),)
        return Response(status=401, headers=headers, body=body.encode())
    response = error(401, message, "authError")
    challenge = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return response.with_headers([("www-authenticate", challenge)])


def no_such_bucket() -> RefusalError:
    """The bucket is not there."""
    return RefusalError(error(404, "The specified bucket does not exist.", "notFound"))


def no_such_object(bucket: str, name: str) -> RefusalError:
    """The object, or that generation of it, is not there."""
    return RefusalError(error(404, f"No such object: {bucket}/{name}", "notFound"))


def invalid(message: str) -> RefusalError:
    """The request makes no sense."""
    return RefusalError(error(400, message, "invalid"))


def xml_error(status: int, code: str, message: str) -> Response:
    """An error of the XML API."""
    body = (
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    )
    headers = (("content-type", "application/xml; charset=UTF-8"),)
    return Response(status=status, headers=headers, body=body.encode())


def as_xml(response: Response) -> Response:
    """An error of the JSON API as the XML API has it; one that is XML already stays as it is.

    Example:
        >>> as_xml(failed(412)).body.partition(b"<Message>")[0][-31:]
        b'<Code>PreconditionFailed</Code>'
    """
    if (response.header("content-type") or "").partition(";")[0] != "application/json":
        return response
    message = response.json()["error"]["message"]
    code = _XML_CODES.get(response.status, "InvalidArgument")
    is_bucket = response.status == HTTPStatus.NOT_FOUND and "bucket" in message
    return xml_error(response.status, "NoSuchBucket" if is_bucket else code, message)


_XML_CODES = {
    403: "AccessDenied",
    404: "NoSuchKey",
    409: "BucketNotEmpty",
    412: "PreconditionFailed",
}
