"""200s with the wrong body: what the real SDK makes of each."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from chaos.http import Request
from chaos.ports import Operation
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.faults.sent import (
    CHAT,
    DATA,
    chat_request,
    decide,
    fault,
    injector,
    media_request,
    store,
)
from tests.chaos.upstreams.sdk import openai_client

KINDS = [
    "truncated_json",
    "html",
    "empty_object",
    "empty_choices",
    "null_choices",
    "invalid_utf8",
]


def _ask(kind: str, *, stream: bool = False) -> Any:
    decision = decide(fault("malformed", **{"as": kind}))
    completion: Any = openai_client(decision.respond).chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello?"}], stream=stream
    )
    return completion


@pytest.mark.parametrize(
    ("kind", "error"),
    [("truncated_json", json.JSONDecodeError), ("invalid_utf8", UnicodeDecodeError)],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_unreadable_body_escapes_as_a_raw_error(
    kind: str, error: type[Exception], *, stream: bool
) -> None:
    """What cannot be parsed comes out of the SDK as no error of its own."""
    with pytest.raises(error) as caught:
        list(_ask(kind, stream=stream))

    assert not isinstance(caught.value, openai.OpenAIError)


def test_truncated_stream_says_something_first() -> None:
    """A stream breaks in its second event, after the first has come whole."""
    stream = _ask("truncated_json", stream=True)

    assert next(stream).choices[0].delta.role == "assistant"
    with pytest.raises(json.JSONDecodeError):
        next(stream)


def test_html_comes_as_text() -> None:
    """The page of a captive portal is returned as if it were an answer."""
    answer = _ask("html")

    assert isinstance(answer, str)
    assert "sign in" in answer


def test_empty_object_has_no_choices() -> None:
    """An empty object passes for a completion until its choices are looked at."""
    assert _ask("empty_object").choices is None


def test_empty_choices_leave_the_rest() -> None:
    """Only the choices are gone; the usage is still there."""
    completion = _ask("empty_choices")

    assert completion.choices == []
    assert completion.usage.total_tokens > 0


@pytest.mark.parametrize(("kind", "chunks"), [("html", 0), ("empty_object", 0)])
def test_stream_that_is_none_has_no_chunks(kind: str, chunks: int) -> None:
    """A stream that is answered with something else ends at once, without any error."""
    assert len(list(_ask(kind, stream=True))) == chunks


def test_stream_of_empty_choices_says_nothing() -> None:
    """Every chunk comes, and none has a choice."""
    chunks = list(_ask("empty_choices", stream=True))

    assert len(chunks) > 10
    assert all(chunk.choices == [] for chunk in chunks)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_malformed_completion_is_not_described(kind: str, *, stream: bool) -> None:
    """Nothing that can be read is left, so the trace keeps no text."""
    decision = decide(fault("malformed", **{"as": kind}))

    response = decision.respond(chat_request(stream=stream))

    assert response.status == 200
    assert OpenAIUpstream().describe(CHAT, response) == {}
    assert decision.touched == ("malformed",)


@pytest.mark.parametrize("kind", KINDS)
def test_malformed_leaves_errors_alone(kind: str) -> None:
    """An answer that is no 200 is not the fault's business."""
    decision = decide(fault("http_error", status=503), fault("malformed", **{"as": kind}))

    assert decision.respond(chat_request()).status == 503
    assert decision.touched == ("http_error",)


def test_html_takes_the_hashes_away() -> None:
    """A captive portal knows nothing of hashes, so no client can notice by them."""
    decision = decide(fault("malformed", "gcs", **{"as": "html"}), upstream=store())

    response = decision.respond(media_request())

    assert response.header("x-goog-hash") is None
    assert response.body != DATA


def test_empty_choices_do_not_concern_a_store() -> None:
    """Where there are no choices, there is nothing to empty."""
    decision = decide(fault("malformed", "gcs", **{"as": "empty_choices"}), upstream=store())

    assert decision.respond(media_request()).body == DATA
    assert decision.touched == ()


def test_list_of_models_is_no_completion() -> None:
    """Other answers of the same provider are left alone, too."""
    request = Request(
        method="GET",
        url="https://api.openai.com/v1/models",
        headers={"authorization": "Bearer sk-test"},
    )
    empty = fault("malformed", **{"as": "empty_choices"})
    decision = injector(empty).decide(OpenAIUpstream(), Operation("models.list"), call=1)

    assert decision.respond(request).json()["data"]
    assert decision.touched == ()
