"""Every way in which a call to the model can fail has a reason, whatever the SDK makes of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import openai
import pytest
from openai._streaming import SSEDecoder

from helpdesk.chat_replies import Reply
from helpdesk.errors import ChatError
from helpdesk.openai_chat import ChatClient
from helpdesk.prompts import Message
from helpdesk.retry_after import retry_after_s
from helpdesk.settings import Settings
from tests.conftest import Clock, Provider, completion, event_stream, failure, streamed

MESSAGES: list[Message] = [{"role": "user", "content": "Is the VPN down?"}]


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this machine into New York."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Slow(httpx2.SyncByteStream):
    """A body whose parts each take a while to come."""

    def __init__(self, clock: Clock, pause_s: float, *parts: bytes | Exception) -> None:
        self._clock, self._pause_s, self._parts = clock, pause_s, parts

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self._clock.advance(self._pause_s)
            if isinstance(part, Exception):
                raise part
            yield part


def ask(provider: Provider, *, stream: bool = False, seconds: float = 30.0) -> Reply:
    """Make one attempt with ``seconds`` until the deadline."""
    options = Settings().replaced({"openai.stream": stream}).openai
    deadline = time.monotonic() + seconds
    return ChatClient(options, provider.client()).complete(MESSAGES, deadline=deadline)


def failed(provider: Provider, *, stream: bool = False, seconds: float = 30.0) -> ChatError:
    """Make one attempt that fails with exactly one request, and return the error."""
    with pytest.raises(ChatError) as raised:
        ask(provider, stream=stream, seconds=seconds)
    assert provider.calls == 1
    return raised.value


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
def test_reply_is_the_text_the_model_gave(provider: Provider, *, stream: bool) -> None:
    """Whole and unchanged, in either mode, from exactly one request."""
    whole = completion("Use the portal. ")
    provider.will(streamed(event_stream("Use the ", "portal. ")) if stream else whole)

    reply = ask(provider, stream=stream)

    assert (reply.text, reply.finish_reason, reply.truncated) == (
        "Use the portal. ",
        "stop",
        False,
    )
    assert provider.calls == 1


@pytest.mark.usefixtures("clock")
def test_request_has_the_settings(provider: Provider) -> None:
    """Model, temperature, limit and timeout are those of the settings."""
    ask(provider)

    body = provider.requests[0].read()
    for part in (b'"model":"gpt-4o-mini"', b'"temperature":0.6', b'"max_tokens":500'):
        assert part in body
    assert provider.requests[0].headers["authorization"] == "Bearer sk-test"
    assert provider.requests[0].extensions["timeout"]["connect"] == 15.0


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "code", "reason", "retryable", "counts"),
    [
        (400, "context_length_exceeded", "rejected", False, False),
        (401, "invalid_api_key", "bad_api_key", False, False),
        (403, None, "rejected", False, False),
        (404, "model_not_found", "rejected", False, False),
        (408, None, "timeout", True, True),
        (409, None, "server_error", True, True),
        (413, None, "rejected", False, False),
        (422, None, "rejected", False, False),
        (429, "rate_limit_exceeded", "rate_limited", True, True),
        (429, "insufficient_quota", "quota_exhausted", False, False),
        (500, None, "server_error", True, True),
        (503, None, "server_error", True, True),
        (529, None, "server_error", True, True),
        (304, None, "malformed_reply", True, True),
    ],
)
def test_status_has_its_reason(  # noqa: PLR0913 - one argument for each fact
    provider: Provider,
    *,
    stream: bool,
    status: int,
    code: str | None,
    reason: str,
    retryable: bool,
    counts: bool,
) -> None:
    """One request, no retry of the SDK, and the status told apart by what can be done."""
    provider.will(failure(status, code))

    error = failed(provider, stream=stream)

    assert (error.reason, error.retryable, error.counts) == (reason, retryable, counts)
    assert error.status == status


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (httpx2.ConnectError("refused"), "unreachable"),
        (httpx2.RemoteProtocolError("server disconnected"), "unreachable"),
        (httpx2.ReadTimeout("slow"), "timeout"),
        (httpx2.ConnectTimeout("slow"), "timeout"),
    ],
)
def test_lost_connection_is_worth_another_attempt(
    provider: Provider, raised: Exception, reason: str
) -> None:
    """The SDK's own retries are off, so what only they covered is ours to try again."""
    provider.will(raised)

    error = failed(provider)

    assert (error.reason, error.retryable, error.counts) == (reason, True, True)


MALFORMED = [
    pytest.param(b'{"choices": [{"message"', "application/json", id="truncated JSON"),
    pytest.param(b"", "application/json", id="empty body"),
    pytest.param(b"<html>Sign in</html>", "text/html", id="captive portal"),
    pytest.param(b"<html>Sign in</html>", "application/json", id="HTML called JSON"),
    pytest.param(b"{}", "application/json", id="empty object"),
    pytest.param(b"null", "application/json", id="null"),
    pytest.param(b"[]", "application/json", id="a list"),
    pytest.param(b'{"choices": null}', "application/json", id="no choices"),
    pytest.param(b'{"choices": []}', "application/json", id="empty choices"),
    pytest.param(b'{"choices": [{}]}', "application/json", id="no message"),
    pytest.param(b'{"choices": [{"message": {"content": 5}}]}', "application/json", id="number"),
    pytest.param(b'{"choices": [{"message": "\xff"}]}', "application/json", id="invalid UTF-8"),
]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("body", "content_type"), MALFORMED)
def test_malformed_success_is_a_transient_failure(
    provider: Provider, body: bytes, content_type: str, *, stream: bool
) -> None:
    """A 200 whose body is no reply is never taken for one, and never another exception."""
    provider.will(httpx2.Response(200, content=body, headers={"content-type": content_type}))

    error = failed(provider, stream=stream)

    assert (error.reason, error.retryable, error.counts) == ("malformed_reply", True, True)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    "reply",
    [
        lambda: completion(None, finish_reason="content_filter"),
        lambda: completion("Half of it", finish_reason="content_filter"),
        lambda: completion("No.", refusal="I cannot help with that."),
        lambda: completion(None),
        lambda: completion("  "),
        lambda: completion("\u200b\u2060"),
        lambda: completion("…", finish_reason="length"),
    ],
    ids=[
        "filtered",
        "filtered half-way",
        "refused",
        "no content",
        "blank",
        "invisible",
        "cut before a word",
    ],
)
def test_declined_reply_is_final_and_blames_nobody(
    provider: Provider, reply: Callable[[], httpx2.Response]
) -> None:
    """The model would not answer: no retry, and no mark against the provider."""
    provider.will(reply())

    error = failed(provider)

    assert (error.reason, error.retryable, error.counts) == ("declined", False, False)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("finish_reason", "reason"),
    [
        ("error", "server_error"),
        ("tool_calls", "malformed_reply"),
        ("function_call", "malformed_reply"),
        ("end_turn", "malformed_reply"),
        ("STOP", "malformed_reply"),
    ],
)
def test_reply_that_ends_otherwise_is_no_answer(
    provider: Provider, *, stream: bool, finish_reason: str, reason: str
) -> None:
    """Only `stop` and `length` end an answer; what else was written is half of something."""
    half = event_stream("Open the", finish_reason=finish_reason)
    whole = completion("Open the", finish_reason=finish_reason)
    provider.will(streamed(half) if stream else whole)

    error = failed(provider, stream=stream)

    assert (error.reason, error.retryable, error.counts) == (reason, True, True)


@pytest.mark.usefixtures("clock")
def test_tool_call_is_no_answer_however_it_ends(provider: Provider) -> None:
    """Some gateways end a tool call with `stop`; its preamble is not what was asked for."""
    message = {"content": "Let me look.", "tool_calls": [{"id": "1", "type": "function"}]}
    provider.will(
        httpx2.Response(200, json={"choices": [{"message": message, "finish_reason": "stop"}]})
    )

    assert failed(provider).reason == "malformed_reply"


@pytest.mark.usefixtures("clock")
def test_polite_end_after_an_error_is_no_answer(provider: Provider) -> None:
    """Of two ends the bad one is true."""
    broken = event_stream("Open the", finish_reason="error")
    provider.will(streamed(broken.replace(b"data: [DONE]", event_stream().rstrip())))

    assert failed(provider, stream=True).reason == "server_error"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
def test_reply_cut_at_the_token_limit_is_marked(provider: Provider, *, stream: bool) -> None:
    """Half an answer is given, and known to be half."""
    part = streamed(event_stream("First,", finish_reason="length"))
    provider.will(part if stream else completion("First,", finish_reason="length"))

    reply = ask(provider, stream=stream)

    assert (reply.text, reply.truncated) == ("First,", True)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    "content",
    [
        event_stream("Use the ", finish_reason=None),
        event_stream("Use the ", "portal.")[:-180],
        b": keep-alive\n\n",
        b"data: {broken\n\n",
        b"data: [1, 2]\n\n",
        b'data: "text"\n\n',
        b'data: {"choices": null}\n\n',
        b"data: \xff\n\n",
    ],
    ids=[
        "ends early",
        "ends inside an event",
        "no event",
        "broken event",
        "list",
        "string",
        "no choices",
        "invalid UTF-8",
    ],
)
def test_broken_stream_is_never_a_reply(provider: Provider, content: bytes) -> None:
    """A stream without a finish_reason broke off, however politely."""
    provider.will(streamed(content))

    error = failed(provider, stream=True)

    assert (error.reason, error.retryable) == ("malformed_reply", True)


def chunk(**choice: object) -> bytes:
    """Return one event of a stream."""
    return f"data: {json.dumps({'choices': [{'index': 0, **choice}]})}\n\n".encode()


SAID = chunk(delta={"content": "Restart "}) + chunk(delta={"content": "it."})
ENDED = chunk(delta={}, finish_reason="stop")


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    "content",
    [
        b"event: ping\n\n" + SAID + b"event: ping\nid: 7\n\n" + ENDED + b"data: [DONE]\n\n",
        b": PROCESSING\n\n" + SAID + b":\n\n" + ENDED,
        SAID + chunk(finish_reason="stop"),
        SAID + chunk(delta=None) + ENDED,
        SAID + b'data: {"choices": null}\n\n' + ENDED,
        SAID + ENDED + b'data: {"choices": [], "usage": {"total_tokens": 14}}\n\n',
        SAID + b'data: {"usage": {}}\n\n' + ENDED + b"data: [DONE]\n\n",
        b"\xef\xbb\xbf" + SAID + ENDED,
        chunk(delta={"content": [{"type": "text", "text": "Restart "}, {"type": "image"}]})
        + chunk(delta={"content": ["it."]})
        + ENDED,
        (SAID + ENDED).replace(b"\n", b"\r\n"),
        SAID + chunk(delta={}, finish_reason="stop").rstrip(),
        SAID + chunk(message={"content": "Restart it."}, finish_reason="stop"),
        chunk(message={"content": "Restart it."}, finish_reason="stop"),
        SAID + chunk(index=1, delta={"content": "Buy one."}) + ENDED,
        SAID + b'data: {"error": null, "choices": []}\n\n' + ENDED,
        b"retry: 3000\n\n" + SAID + ENDED + b"event: done\ndata:\n\n",
    ],
    ids=[
        "events without data",
        "comments",
        "end without a delta",
        "delta of null",
        "choices of null",
        "usage at the end",
        "chunk without choices",
        "byte order mark",
        "content in parts",
        "other line ends",
        "last event without an empty line",
        "message at the end",
        "one event with all of it",
        "a second choice",
        "error of null",
        "an event that is only for browsers",
    ],
)
@pytest.mark.parametrize("pieces", [1, 1_000_000], ids=["byte by byte", "at once"])
def test_liberty_in_a_stream_costs_no_answer(
    provider: Provider, clock: Clock, content: bytes, pieces: int
) -> None:
    """A stream that says everything, and that it is over, is an answer in whatever dress."""
    parts = [content[at : at + pieces] for at in range(0, len(content), pieces)]
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    provider.will(httpx2.Response(200, stream=Slow(clock, 0.0, *parts), headers=headers))

    reply = ask(provider, stream=True)

    assert (reply.text, reply.finish_reason, provider.calls) == ("Restart it.", "stop", 1)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
def test_reply_is_read_as_what_it_is(provider: Provider, *, stream: bool) -> None:
    """A body for whoever asked for a stream, a stream for whoever did not: both are answers."""
    other = completion("Restart it.") if stream else streamed(event_stream("Restart it."))
    provider.will(other)

    assert ask(provider, stream=stream).text == "Restart it."


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    "content",
    [[{"type": "text", "text": "Restart "}, {"type": "text", "text": "it."}], ["Restart it."]],
)
def test_body_with_liberties_is_an_answer(provider: Provider, content: object) -> None:
    """Parts and a byte order mark."""
    choice = {"message": {"content": content}, "finish_reason": "stop"}
    body = b"\xef\xbb\xbf" + json.dumps({"choices": [choice], "model": None}).encode()
    headers = {"content-type": "application/json"}
    provider.will(httpx2.Response(200, content=body, headers=headers))

    assert ask(provider).text == "Restart it."


@pytest.mark.usefixtures("clock")
def test_pieces_are_passed_on_as_they_arrive(provider: Provider) -> None:
    """Whoever shows an answer while it is written gets it piece by piece, in order."""
    provider.will(streamed(event_stream("Use ", "the ", "portal.")))
    client = ChatClient(Settings().openai, provider.client())
    pieces: list[str] = []

    reply = client.complete(MESSAGES, deadline=time.monotonic() + 30, on_text=pieces.append)

    assert (pieces, reply.text) == (["Use ", "the ", "portal."], "Use the portal.")
    assert b'"stream":true' in provider.requests[0].read()


@pytest.mark.usefixtures("clock")
def test_redirect_is_not_followed(provider: Provider) -> None:
    """The SDK's client would go round twenty times; an attempt is one request."""
    provider.will(*[failure(302, location="/v1/chat/completions") for _ in range(30)])

    error = failed(provider)

    assert (error.reason, error.retryable, error.status) == ("malformed_reply", True, 302)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("step", "lasting"),
    [
        (lambda: failure(401), True),
        (lambda: failure(402), True),
        (lambda: failure(404, "model_not_found"), True),
        (lambda: failure(404), True),
        (lambda: failure(400, "model_not_found"), True),
        (lambda: failure(429, "insufficient_quota"), True),
        (lambda: failure(429, "billing_not_active"), True),
        (lambda: failure(429, "rate_limit_exceeded"), False),
        (lambda: failure(400), False),
        (lambda: failure(403), False),
        (lambda: failure(422), False),
        (lambda: failure(503), False),
        (lambda: completion(None), False),
    ],
)
def test_what_holds_for_the_next_question_is_told_apart(
    provider: Provider, step: Callable[[], httpx2.Response], *, lasting: bool
) -> None:
    """Key, allowance and model last; a question that was not liked and an outage do not."""
    provider.will(step())

    assert failed(provider).lasting is lasting


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"message": "x"}, "server_error"),
        ({"code": 429, "message": "x"}, "rate_limited"),
        ({"code": "502"}, "server_error"),
        ({"code": 402}, "quota_exhausted"),
        ({"code": ["odd"], "type": {}}, "server_error"),
        ("overloaded", "server_error"),
    ],
)
def test_error_with_a_success_status_has_its_reason(
    provider: Provider, *, stream: bool, error: object, reason: str
) -> None:
    """Gateways answer 200 and say what went wrong in the body, in forms of their own."""
    body = json.dumps({"error": error}).encode()
    whole = httpx2.Response(200, content=body, headers={"content-type": "application/json"})
    provider.will(streamed(b"data: " + body + b"\n\n") if stream else whole)

    assert failed(provider, stream=stream).reason == reason


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("code", [["odd"], {"a": 1}, True, 7], ids=str)
def test_odd_code_of_an_error_is_no_crash(provider: Provider, code: object) -> None:
    """Where a word belongs, a provider may put anything."""
    provider.will(httpx2.Response(400, json={"error": {"message": "x", "code": code}}))

    assert failed(provider).reason == "rejected"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ('"code": "insufficient_quota"', "quota_exhausted"),
        ('"code": "rate_limit_exceeded"', "rate_limited"),
        ('"type": "invalid_request_error"', "rejected"),
        ('"type": "server_error"', "server_error"),
    ],
)
def test_error_inside_a_stream_has_its_reason(
    provider: Provider, fields: str, reason: str
) -> None:
    """An error that comes after the 200 is judged by its code."""
    provider.will(streamed(f'data: {{"error": {{"message": "x", {fields}}}}}\n\n'.encode()))

    assert failed(provider, stream=True).reason == reason


def test_stream_reset_in_the_middle_is_unreachable(provider: Provider, clock: Clock) -> None:
    """What had arrived is thrown away; another attempt may give the whole answer."""
    body = Slow(clock, 0.0, event_stream("Use", finish_reason=None), httpx2.ReadError("reset"))
    provider.will(httpx2.Response(200, stream=body))

    assert failed(provider, stream=True).reason == "unreachable"


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("stream", [False, True])
def test_trickling_body_ends_at_the_timeout(
    provider: Provider, clock: Clock, status: int, *, stream: bool
) -> None:
    """A part every 4 s never runs into a read timeout of 15 s; the attempt ends all the same."""
    provider.will(httpx2.Response(status, stream=Slow(clock, 4.0, *[b" "] * 1000)))
    started_s = time.monotonic()

    error = failed(provider, stream=stream)

    assert error.reason == "timeout"
    assert time.monotonic() - started_s == pytest.approx(16.0)


def test_attempt_has_only_the_time_that_is_left(provider: Provider, clock: Clock) -> None:
    """Seven seconds before the deadline the timeout is seven seconds, in all phases."""
    provider.will(httpx2.Response(200, stream=Slow(clock, 4.0, *[b" "] * 1000)))
    started_s = time.monotonic()

    failed(provider, seconds=7.0)

    assert time.monotonic() - started_s == pytest.approx(8.0)
    assert provider.requests[0].extensions["timeout"]["connect"] == pytest.approx(7.0)


def test_body_is_read_with_what_late_headers_left(provider: Provider, clock: Clock) -> None:
    """After headers that took 10 of 15 s, a silent body gets 5 s and not 15."""

    def late(_: httpx2.Request) -> httpx2.Response:
        clock.advance(10.0)
        return completion()

    provider.will(late)

    ask(provider)

    assert provider.requests[0].extensions["timeout"]["read"] == pytest.approx(5.0)


@pytest.mark.usefixtures("clock")
def test_no_attempt_is_made_when_time_is_up(provider: Provider) -> None:
    """A call that could only time out would blame the provider for our deadline."""
    with pytest.raises(ChatError) as raised:
        ask(provider, seconds=0.25)

    assert (raised.value.reason, raised.value.counts) == ("deadline", False)
    assert provider.calls == 0


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, "no_api_key"),
        ("  ", "no_api_key"),
        ("sk-clé", "bad_api_key"),
        ("sk-\nx", "bad_api_key"),
    ],
)
def test_unusable_key_is_said_and_not_sent(key: str | None, reason: str) -> None:
    """Neither a missing key nor one no header can carry is an exception of the SDK.

    The settings refuse the latter; it can still come with a client that was handed in.
    """
    brought = openai.OpenAI(api_key=key) if key and key.strip() else None
    client = ChatClient(Settings().openai, brought)

    with pytest.raises(ChatError) as raised:
        client.complete(MESSAGES, deadline=time.monotonic() + 30)

    assert (raised.value.reason, raised.value.retryable) == (reason, False)
    assert key is None or not key.strip() or key not in str(raised.value)


@pytest.mark.usefixtures("clock")
def test_key_is_known_good_or_bad_after_a_call(provider: Provider) -> None:
    """Unknown at first; what the provider said last holds."""
    client = ChatClient(Settings().openai, provider.client())
    verdicts = [client.key_valid]
    provider.will(failure(401), completion(), failure(503))

    for _ in range(3):
        with contextlib.suppress(ChatError):
            client.complete(MESSAGES, deadline=time.monotonic() + 30)
        verdicts.append(client.key_valid)

    assert verdicts == [None, False, True, True]
    assert provider.calls == 3


@pytest.mark.usefixtures("clock")
def test_message_that_cannot_be_encoded_is_rejected(provider: Provider) -> None:
    """Half a surrogate pair is the asker's trouble, not the provider's."""
    client = ChatClient(Settings().openai, provider.client())

    with pytest.raises(ChatError) as raised:
        client.complete([{"role": "user", "content": "\ud800"}], deadline=time.monotonic() + 30)

    assert (raised.value.reason, raised.value.counts) == ("rejected", False)


@pytest.mark.usefixtures("clock")
def test_error_quotes_neither_key_nor_question(provider: Provider) -> None:
    """What a provider repeats in its message does not get into our log."""
    echo = {"error": {"message": "Incorrect key sk-test for 'Is the VPN down?'", "code": "x"}}
    provider.will(httpx2.Response(400, json=echo))

    message = str(failed(provider))

    assert message == "the provider answered HTTP 400 (x)"


SPENT = {"x-ratelimit-remaining-requests": "0"}
"""A limit of which nothing is left."""


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "20"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "20"}, 20.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
        (
            {
                "retry-after": format_datetime(
                    datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC), usegmt=True
                )
            },
            9.0,
        ),
        ({"retry-after": "Wed, 31 Dec 2025 23:59:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 2026 01:00:09 +0100"}, 9.0),
        ({"retry-after": "Thursday, 01-Jan-26 00:00:09 GMT"}, 9.0),
        ({"retry-after": "Thu Jan  1 00:00:09 2026"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:09"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:09 -0000"}, 9.0),
        ({"retry-after": "5, 20"}, 20.0),
        ({"retry-after": "5, soon"}, None),
        ({"retry-after": ".5"}, 0.5),
        ({"retry-after": "1_0"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "99999999999"}, 86400.0),
        ({"retry-after": "Thu, 01 Jan 2099 00:00:00 GMT"}, 86400.0),
        (SPENT | {"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        (SPENT | {"x-ratelimit-reset-requests": "20ms"}, 0.02),
        (SPENT | {"x-ratelimit-reset-requests": "1h2m3.5s"}, 3723.5),
        (SPENT | {"x-ratelimit-reset-requests": "900h"}, 86400.0),
        (SPENT | {"x-ratelimit-reset-requests": "soon"}, None),
        (SPENT | {"x-ratelimit-reset-requests": ""}, None),
        (SPENT | {"x-ratelimit-reset-requests": "90s", "retry-after": "5"}, 5.0),
        ({"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "90s"}, None),
        ({"x-ratelimit-reset-tokens": "90s"}, None),
    ],
)
@pytest.mark.usefixtures("far_from_greenwich")
def test_retry_after_is_read_in_all_its_forms(
    headers: dict[str, str], expected_s: float | None
) -> None:
    """Milliseconds before seconds; dates in GMT unless they say otherwise; a day at the most."""
    assert retry_after_s(headers) == (
        expected_s if expected_s is None else pytest.approx(expected_s)
    )


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize("form", ["%a %b %e %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S"])
def test_date_without_a_zone_is_in_greenwich(form: str) -> None:
    """By the real clock: a frozen one has no zone to be wrong about."""
    when = datetime.now(UTC) + timedelta(seconds=20)

    pause_s = retry_after_s({"retry-after": when.strftime(form)})

    assert pause_s is not None
    assert 10 < pause_s <= 20


@pytest.mark.usefixtures("clock")
def test_rate_limit_carries_the_pause_it_asks_for(provider: Provider) -> None:
    """The pause reaches whoever decides about the next attempt."""
    provider.will(failure(429, "rate_limit_exceeded", retry_after="20"))

    assert failed(provider).retry_after_s == 20.0


def test_sdk_has_its_decoder_where_we_look_for_it() -> None:
    """A canary: it is the SDK's, and its name is private."""
    events = SSEDecoder().iter_bytes(iter([b"data: 1\n", b"data: 2\n\n: x\n\n"]))

    assert [event.data for event in events] == ["1\n2"]


def test_sdk_keeps_its_http_client_where_we_look_for_it(provider: Provider) -> None:
    """A canary: the bound of a whole attempt hangs on this private name of the SDK."""
    client = provider.client()

    assert isinstance(client._client, httpx2.Client)
    assert isinstance(openai.OpenAI(api_key="sk-x")._client, httpx2.Client)
