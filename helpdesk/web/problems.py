"""Errors as problem details (RFC 9457): one shape for all of them, with what to do about it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from helpdesk.errors import OverloadedError, QuestionError
from helpdesk.web.request_ids import current_request_id

MEDIA_TYPE = "application/problem+json"


_SHOWN = 100
"""Characters of somebody else's header that are told back."""

_EXPECTED = 'expected JSON such as {"question": "Is the VPN down?"}'


class Problem(BaseModel):
    """Why a request was not answered."""

    type: str = "about:blank"
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What is wrong, what was expected, and what to do.")
    request_id: str | None = Field(description="The id of the request in the log.")


_RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""What RFC 9110 calls them, whatever an older Python says."""


def title_of(status: int) -> str:
    """What HTTP calls a status.

    Example:
        >>> title_of(422)
        'Unprocessable Content'
    """
    return _RENAMED.get(status) or HTTPStatus(status).phrase


def problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for a problem.

    Args:
        status: Of HTTP.
        detail: What is wrong, what was expected, and what to do.
        headers: Further ones, such as ``Retry-After``.

    Example:
        >>> problem(413, "the body is too long").headers["content-type"]
        'application/problem+json'
    """
    body = Problem(
        title=title_of(status),
        status=status,
        detail=detail,
        request_id=current_request_id(),
    )
    # Half a surrogate pair can come back out of a question; JSON can write it, UTF-8 cannot.
    content = json.dumps(body.model_dump()).encode()
    return Response(content, status, dict(headers or {}), MEDIA_TYPE)


def described(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return the part of a route's OpenAPI that says which problems it answers with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": title_of(status), "content": content} for status in statuses}


def handle_problems(app: FastAPI) -> None:
    """Have ``app`` answer every error as a problem."""

    @app.exception_handler(QuestionError)
    async def refuse_question(_: Request, error: QuestionError) -> Response:
        return problem(422, str(error))

    @app.exception_handler(OverloadedError)
    async def refuse_for_load(_: Request, error: OverloadedError) -> Response:
        return problem(
            429, str(error), headers={"Retry-After": f"{math.ceil(error.retry_after_s)}"}
        )

    @app.exception_handler(RequestValidationError)
    async def refuse_body(request: Request, error: RequestValidationError) -> Response:
        unread = _not_as_expected(request)
        if unread is not None:
            return unread
        wrong = "; ".join(str(mistake["msg"]) for mistake in error.errors())
        return problem(422, f"{wrong}; {_EXPECTED}")

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        detail, headers = str(error.detail), dict(error.headers or {})
        if error.status_code == HTTPStatus.BAD_REQUEST and isinstance(error.__cause__, Exception):
            # The framework says so of what its reader of JSON cannot even begin to read.
            unread = _not_as_expected(request)
            if unread is not None:
                return unread
            detail = f"the body cannot be read: not UTF-8, or nested too deep; {_EXPECTED}"
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and "Allow" in headers:
            headers["Allow"] = headers["Allow"].replace("GET", "GET, HEAD")
            detail = (
                f"{request.method} is not allowed at this address; expected {headers['Allow']}"
            )
        elif error.status_code == HTTPStatus.NOT_FOUND:
            detail = "there is nothing at this address; /docs describes the interface"
        return problem(error.status_code, detail, headers=headers)


def _not_as_expected(request: Request) -> Response | None:
    """The refusal of a body whose headers say why it could not be read; None if they do not."""
    packed = request.headers.get("content-encoding", "identity").lower()
    if packed != "identity":
        message = f"the body is sent with Content-Encoding {packed[:_SHOWN]!r}; expected it as it "
        return problem(415, f"{message}is; leave that header out")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return None
    shown = f"as {kind[:_SHOWN]!r}" if kind else "without a Content-Type"
    return problem(415, f"the body is sent {shown}; expected Content-Type: application/json")
