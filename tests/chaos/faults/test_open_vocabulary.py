"""Any status with any headers and body, odd streams and encodings, providers that keep count."""

from __future__ import annotations

import gzip
import time
import zlib
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chaos.faults.decision import Decision
from chaos.faults.delivery import Answered
from chaos.http import Response
from chaos.scenario.faults import AnyFault, Fault
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.sse import DONE, split_events
from tests.chaos.faults.sent import CHAT, chat_request, decide, fault, injector

FAULT: TypeAdapter[Fault] = TypeAdapter(AnyFault)


@pytest.mark.parametrize(
    "said",
    ["20", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", "2026-01-01T00:00:00", "99999999999999", ""],
)
def test_retry_after_of_any_text_comes_with_any_status(said: str) -> None:
    """Negative, past, naive, huge, blank: sent as it stands."""
    headers = {"Retry-After": said}

    response = decide(fault("http_error", status=503, headers=headers)).respond(chat_request())

    assert (response.status, response.header("retry-after")) == (503, said)


def test_header_can_be_sent_twice() -> None:
    """In the order of the list, beside those of the provider's own error."""
    twice = fault("http_error", status=503, headers={"Retry-After": ("1", "60")})

    response = decide(twice).respond(chat_request())

    sent = [value for name, value in response.headers if name == "Retry-After"]
    assert sent == ["1", "60"]
    assert response.header("content-type") == "application/json"


def test_error_can_hide_in_a_200_and_a_body_be_empty() -> None:
    """Neither is announced by the status."""
    hidden = fault("http_error", status=200, body='{"error": {"message": "no"}}')
    empty = fault("http_error", status=200, body="")

    assert decide(hidden).respond(chat_request()).json() == {"error": {"message": "no"}}
    assert decide(empty).respond(chat_request()).body == b""


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Content-Length": "7"}, "frames the message"),
        ({"Retry-After": 20}, "20 is a number"),
        ({"Retry After": "20"}, "not a header name"),
        ({"X": "a\r\nB: c"}, "cannot be sent in a header"),
        ("Retry-After: 20", "is text"),
    ],
)
def test_header_that_cannot_be_sent_is_a_mistake(headers: object, why: str) -> None:
    """One message in the file, rather than a message that nobody can read on the way."""
    said = {"upstream": "openai", "fault": "http_error", "status": 503, "headers": headers}

    with pytest.raises(ValidationError, match=why):
        FAULT.validate_python(said)


def test_headers_are_written_as_they_were_read() -> None:
    """A finding is written as a file, which is read again."""
    said = {"Retry-After": ("1", "60"), "Location": "/elsewhere"}

    dumped = fault("http_error", status=503, headers=said).model_dump()

    assert dumped["headers"] == {"Retry-After": ["1", "60"], "Location": "/elsewhere"}


def test_gzip_is_wrong_in_the_way_that_is_asked_for() -> None:
    """Sound, cut, plain, with the checksum of another body, or of a name that nobody knows."""
    true = decide(fault("encoding", **{"as": "gzip"})).respond(chat_request())
    plain = gzip.decompress(true.body)

    def sent(how: str) -> Response:
        return decide(fault("encoding", **{"as": how})).respond(chat_request())

    assert true.header("content-encoding") == "gzip"
    assert true.body.startswith(sent("truncated_gzip").body)
    with pytest.raises(EOFError):
        gzip.decompress(sent("truncated_gzip").body)
    assert sent("not_gzip").body == plain
    assert sent("not_gzip").header("content-encoding") == "gzip"
    with pytest.raises(gzip.BadGzipFile, match="CRC"):
        gzip.decompress(sent("wrong_checksum").body)
    assert zlib.decompress(sent("wrong_checksum").body[10:-8], -15) == plain
    assert sent("unknown").header("content-encoding") == "x-nobody-knows"


def streamed(how: str, **more: Any) -> list[bytes]:
    """The events of an answer that is odd in one way."""
    request = chat_request(stream=True)
    return split_events(decide(fault("stream", **{"as": how}, **more)).respond(request).body)


def test_streams_are_odd_in_the_way_that_is_asked_for() -> None:
    """Each changes one thing of the sound stream."""
    sound = split_events(decide().respond(chat_request(stream=True)).body)

    assert streamed("comments")[::2] == [b": keep-alive\n\n"] * len(sound)
    assert streamed("comments")[1::2] == sound
    assert streamed("empty_events") == [sound[0], b"data:\n\n", *sound[1:]]
    assert streamed("without_data", after=2) == [*sound[:2], b"event: ping\n\n", *sound[2:]]
    assert streamed("error_event", after=2)[:2] == sound[:2]
    assert b'"error"' in streamed("error_event", after=2)[2]
    assert len(streamed("error_event", after=2)) == 3
    assert streamed("without_done") == sound[:-1]
    assert sound[-1] == DONE
    reasons = b"".join(streamed("finish_reason", finish_reason="eos"))
    assert b'"finish_reason": "eos"' in reasons
    assert b'"finish_reason": "stop"' not in reasons


@pytest.mark.parametrize("how", ["comments", "without_done", "error_event"])
def test_answer_that_is_no_stream_is_left_alone(how: str) -> None:
    """And so the fault has not touched it."""
    decision = decide(fault("stream", **{"as": how}))

    decision.respond(chat_request())

    assert decision.touched == ()


def test_quota_counts_down_refuses_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is in every answer; the refusal says when the next window begins."""
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    injected = Injecting(fault("quota", requests=2, per="60s"))

    left = []
    for _ in range(3):
        response = injected.respond()
        left.append((response.status, response.header("x-ratelimit-remaining-requests")))
        now_s += 10
    again = injected.respond()
    now_s = 161.0
    anew = injected.respond()

    assert left == [(200, "1"), (200, "0"), (429, "0")]
    assert again.header("retry-after") == "30"
    assert again.header("x-ratelimit-reset-requests") == "30s"
    assert (anew.status, anew.header("x-ratelimit-remaining-requests")) == (200, "1")


def test_overload_grows_with_the_calls_that_it_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    """And goes when they are forgotten."""
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    injected = Injecting(fault("overload", capacity=2, per_call="1s", memory="10s"))

    at_once = [injected.late_s() for _ in range(4)]
    now_s = 111.0
    later = injected.late_s()

    assert at_once == [0.0, 0.0, 1.0, 2.0]
    assert later == 0.0


class Injecting:
    """One fault, asked of call after call."""

    def __init__(self, injected: Fault) -> None:
        self._upstream = OpenAIUpstream()
        self._injector = injector(injected)

    def _decision(self) -> Decision:
        return self._injector.decide(self._upstream, CHAT, call=1)

    def respond(self) -> Response:
        """The answer to one more request."""
        return self._decision().respond(chat_request())

    def late_s(self) -> float:
        """How late the answer to one more request is."""
        decision = self._decision()
        delivery = decision.delivery(decision.respond(chat_request()))
        assert isinstance(delivery, Answered)
        return delivery.latency_s
