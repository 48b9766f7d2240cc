"""429s and other errors, as the real SDK sees them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai
import pytest

from chaos.http import Request
from tests.chaos.faults.sent import DATA, chat_request, decide, fault, store
from tests.chaos.upstreams.sdk import Handler, openai_client


@pytest.mark.parametrize(
    ("parameters", "header", "value"),
    [
        pytest.param({"retry_after": "20s"}, "retry-after", "20", id="whole seconds"),
        pytest.param({"retry_after": "1500ms"}, "retry-after-ms", "1500", id="not whole"),
        pytest.param(
            {"retry_after": "2s", "retry_after_as": "milliseconds"},
            "retry-after-ms",
            "2000",
            id="milliseconds",
        ),
        pytest.param({"retry_after": "0s"}, "retry-after", "0", id="at once"),
    ],
)
def test_retry_after_is_said_as_asked(parameters: dict[str, str], header: str, value: str) -> None:
    """The wait is in the header that the scenario asks for, and in no other."""
    response = decide(fault("rate_limit", **parameters)).respond(chat_request())

    (other,) = {"retry-after", "retry-after-ms"} - {header}
    assert response.status == 429
    assert (response.header(header), response.header(other)) == (value, None)


def test_any_status_may_ask_for_a_pause() -> None:
    """A 503 says when to come back as a 429 does, beside what headers it has."""
    unavailable = fault(
        "http_error", status=503, retry_after="12s", headers={"X-Request-Id": "r-1"}
    )

    response = decide(unavailable).respond(chat_request())

    assert response.status == 503
    assert (response.header("retry-after"), response.header("x-request-id")) == ("12", "r-1")


def test_retry_after_date_is_never_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A date has whole seconds, so it is rounded up: whoever waits for it has waited enough."""
    now_s = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + 0.25
    monkeypatch.setattr(time, "time", lambda: now_s)
    limited = fault("rate_limit", retry_after="7s", retry_after_as="date")

    date = decide(limited).respond(chat_request()).header("retry-after")

    assert date == "Thu, 01 Jan 2026 00:00:08 GMT"
    assert parsedate_to_datetime(date).timestamp() - now_s >= 7


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "insufficient_quota"])
def test_rate_limit_reaches_the_sdk_with_its_code(code: str) -> None:
    """The SDK raises RateLimitError with the provider's code; no wait was asked for."""
    decision = decide(fault("rate_limit", code=code))

    with pytest.raises(openai.RateLimitError) as caught:
        _ask(decision.respond)

    assert caught.value.code == code
    assert "retry-after" not in caught.value.response.headers
    assert decision.touched == ("rate_limit",)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (307, openai.APIStatusError),
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (408, openai.APIStatusError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (425, openai.APIStatusError),
        (500, openai.InternalServerError),
        (502, openai.InternalServerError),
        (503, openai.InternalServerError),
        (529, openai.InternalServerError),
    ],
)
def test_http_error_surfaces_as_its_class(status: int, error: type[openai.APIError]) -> None:
    """Each status raises the class the SDK has for it."""
    decision = decide(fault("http_error", status=status))

    with pytest.raises(error) as caught:
        _ask(decision.respond)

    assert isinstance(caught.value, openai.APIStatusError)
    assert caught.value.status_code == status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"error": "mine"}', "application/json"),
        ("<h1>Down</h1>", "text/html; charset=utf-8"),
        ("down", "text/plain; charset=utf-8"),
    ],
)
def test_http_error_takes_the_body_of_the_scenario(body: str, content_type: str) -> None:
    """A body of the scenario replaces the provider's, and is labelled as what it is."""
    response = decide(fault("http_error", status=503, body=body)).respond(chat_request())

    assert response.body == body.encode()
    assert response.header("content-type") == content_type


def test_refused_request_changes_nothing() -> None:
    """The provider never sees a request that a fault answers for it."""
    upstream = store()
    refused = Request(
        method="DELETE", url="https://storage.googleapis.com/storage/v1/b/kb/o/index.faiss"
    )

    response = decide(fault("http_error", "gcs", status=503), upstream=upstream).respond(refused)

    assert response.status == 503
    assert upstream.get("kb", "index.faiss") == DATA


def _ask(handler: Handler) -> None:
    openai_client(handler).chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "How do I reset?"}]
    )
