"""An OpenAPI document is believed by clients; where the service does otherwise, it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaos.http import Request, Response
from chaos.targets.helpdesk.documented import Documented

DOCUMENT = {
    "paths": {
        "/ask": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Question"}}
                    }
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Answer"}
                            },
                            "text/event-stream": {
                                "schema": {"properties": {"event": {"enum": ["token", "answer"]}}}
                            },
                        }
                    },
                    "422": {"content": {"application/problem+json": {"schema": {}}}},
                },
            }
        },
        "/articles/{slug}": {"get": {"responses": {"200": {"content": {"text/html": {}}}}}},
    },
    "components": {
        "schemas": {
            "Question": {
                "type": "object",
                "properties": {"question": {"type": "string", "minLength": 1}},
                "required": ["question"],
            },
            "Answer": {"type": "object", "required": ["text"]},
        }
    },
}


def asked(target: str, body: object = None) -> Request:
    """A request, as ``METHOD /path``."""
    method, path = target.split()
    content = b"" if body is None else json.dumps(body).encode()
    return Request(method=method, url=f"http://desk{path}", body=content)


def said(body: object = None, *, status: int = 200, kind: str = "application/json") -> Response:
    """A response."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=status, headers=(("content-type", f"{kind}; charset=x"),), body=content)


QUESTION: dict[str, Any] = {"question": "Is the VPN down?"}
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (asked("POST /ask", QUESTION), said({"text": "No."})),
        (
            asked("POST /ask", QUESTION),
            said(b"event: token\ndata: x\n\n", kind="text/event-stream"),
        ),
        (asked("POST /ask", {"question": ""}), said({}, status=422, kind=PROBLEM)),
        (asked("GET /articles/vpn"), said(b"<p>", kind="text/html")),
        (asked("GET /nowhere"), said({}, status=404, kind=PROBLEM)),
        (asked("GET /page"), said(b"<p>", kind="text/html")),
    ],
    ids=["answer", "stream", "refusal", "template", "nothing there", "page"],
)
def test_nothing_is_told_of_what_is_as_documented(request_: Request, response: Response) -> None:
    """Nor of what is no operation."""
    assert list(Documented(DOCUMENT).differences(request_, response)) == []


@pytest.mark.parametrize(
    ("request_", "response", "told"),
    [
        (
            asked("GET /status"),
            said({}),
            "GET /status: the OpenAPI document has no such operation",
        ),
        (
            asked("GET /ask"),
            said({}),
            "GET /ask: the OpenAPI document has no such operation",
        ),
        (
            asked("POST /ask", QUESTION),
            said({}, status=429, kind=PROBLEM),
            "POST /ask: the OpenAPI document does not describe HTTP 429",
        ),
        (
            asked("POST /ask", QUESTION),
            said(b"No.", kind="text/plain"),
            "POST /ask: HTTP 200 is 'text/plain', which the OpenAPI document lacks",
        ),
        (
            asked("POST /ask", QUESTION),
            said({"words": "No."}),
            (
                "POST /ask: HTTP 200 is not as the OpenAPI document has it: "
                "$: 'text' is a required property"
            ),
        ),
        (
            asked("POST /ask", QUESTION),
            said(b"event: done\ndata: x\n\n", kind="text/event-stream"),
            (
                "POST /ask: HTTP 200 is not as the OpenAPI document has it: "
                "$.event: 'done' is not one of ['token', 'answer']"
            ),
        ),
        (
            asked("POST /ask", {}),
            said({"text": "No."}),
            (
                "POST /ask: the request was answered; the OpenAPI document refuses it: "
                "$: 'question' is a required property"
            ),
        ),
        (
            asked("POST /ask", QUESTION),
            said({}, status=422, kind=PROBLEM),
            "POST /ask: the request was refused; the OpenAPI document allows it",
        ),
    ],
    ids=["path", "method", "status", "media type", "body", "event", "answered", "refused"],
)
def test_whatever_is_otherwise_is_told(request_: Request, response: Response, told: str) -> None:
    """With the operation that it is about."""
    assert list(Documented(DOCUMENT).differences(request_, response)) == [told]
