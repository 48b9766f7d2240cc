"""What traces and laws get to know of an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chaos.http import Request, Response
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.openai.models import Model
from chaos.upstreams.prices import Price
from chaos.upstreams.replies import Breaks, Calls, Refuses, Says
from chaos.upstreams.said import Said
from tests.chaos.upstreams.openai.asking import function, post, user

TOOL = {"type": "function", "name": "refund", "parameters": None, "strict": False}


def request_to(operation: str, *, stream: bool, **more: Any) -> Request:
    """A question, by each of the ways on which a model can be asked."""
    match operation:
        case "chat.completions":
            tools = [function("refund")]
            body = {"model": "gpt-4o-mini", "messages": [user("Refund?")], "tools": tools}
            path = "/chat/completions"
        case "responses.create":
            body = {"model": "gpt-4o-mini", "input": "Refund?", "tools": [TOOL]}
            path = "/responses"
        case _:
            body = {"model": "gpt-3.5-turbo-instruct", "prompt": "Refund?"}
            path = "/completions"
    return post(path, {**body, "stream": stream, **more})


def answered(
    operation: str, reply: Any, *, stream: bool, **more: Any
) -> tuple[OpenAIUpstream, Any, Request, Response]:
    """A question with its answer, and all that is needed to ask about it."""
    upstream = OpenAIUpstream(answers=reply)
    request = request_to(operation, stream=stream, **more)
    found = upstream.classify(request)
    assert found is not None
    assert found.name == operation
    return upstream, found, request, upstream.handle(request)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("operation", ["chat.completions", "responses.create", "completions"])
@pytest.mark.parametrize(
    ("reply", "text", "whole", "ended", "retry"),
    [
        pytest.param("Done.", "Done.", True, "finished", None, id="an answer"),
        pytest.param(Refuses("No."), "No.", True, "refused", False, id="a refusal"),
        pytest.param(Calls("refund"), None, True, "asks_for_tools", None, id="a call"),
        pytest.param(
            Calls("refund", before="Wait."), "Wait.", True, "asks_for_tools", None, id="both"
        ),
        pytest.param("x " * 400, "x " * 20, False, "cut_short", None, id="cut"),
        pytest.param(
            Breaks(after=1, reply=Says("One two.")), "One", False, "failed", True, id="broken"
        ),
    ],
)
def test_said_is_the_same_on_every_way(  # noqa: PLR0913 - a table
    operation: str,
    reply: Any,
    text: str | None,
    ended: str,
    *,
    stream: bool,
    whole: bool,
    retry: bool | None,
) -> None:
    """Whichever API it was, plain or streamed, a reply is told in the same words."""
    legacy = operation == "completions"
    if legacy and not isinstance(reply, str | Breaks):
        return
    limit = {"max_output_tokens": 20} if operation == "responses.create" else {"max_tokens": 20}
    upstream, found, request, response = answered(operation, reply, stream=stream, **limit)

    said = upstream.said(found, request, response)

    assert said is not None
    broken_at_once = ended == "failed" and not stream
    expected = None if broken_at_once else text
    assert ((said.text or "").strip() or None) == (expected.strip() if expected else None)
    assert (said.whole, said.ended, said.retry_can_help) == (whole, ended, retry)


@pytest.mark.parametrize(
    ("response", "retry"),
    [
        pytest.param(OpenAIUpstream().rate_limited("insufficient_quota"), False, id="no quota"),
        pytest.param(OpenAIUpstream().rate_limited("rate_limit_exceeded"), True, id="too fast"),
        *(
            pytest.param(OpenAIUpstream().failed(status), retry, id=f"HTTP {status}")
            for status, retry in ((400, False), (401, False), (404, False), (408, True))
        ),
        *(pytest.param(OpenAIUpstream().failed(s), True, id=f"HTTP {s}") for s in (409, 500, 529)),
    ],
)
def test_errors_say_whether_another_try_can_help(response: Response, *, retry: bool) -> None:
    """A spent quota does not come back by itself; an overload goes by."""
    upstream = OpenAIUpstream()
    request = request_to("chat.completions", stream=False)
    operation = upstream.classify(request)
    assert operation is not None

    said = upstream.said(operation, request, response)

    assert said == Said(
        text=None, whole=False, ended="failed", retry_can_help=retry, had_effect=False
    )


def test_stream_that_ends_too_soon_is_cut_short() -> None:
    """Half a stream says what it says, and is not whole."""
    upstream, operation, request, response = answered(
        "chat.completions", "One two three four.", stream=True
    )
    half = replace(response, body=b"\n\n".join(response.body.split(b"\n\n")[:3]) + b"\n\n")

    said = upstream.said(operation, request, half)

    assert said is not None
    assert (said.text, said.whole, said.ended) == ("One two", False, "cut_short")
    assert said.tokens_out == 2
    bill = OpenAIUpstream().handle(request_to("chat.completions", stream=False)).json()["usage"]
    assert said.tokens_in == bill["prompt_tokens"]


@pytest.mark.parametrize(
    ("reason", "ended"),
    [("content_filter", "refused"), ("error", "failed"), ("unheard_of", "cut_short")],
)
def test_reason_that_nobody_knows_promises_nothing(reason: str, ended: str) -> None:
    """Only an answer that is said to be finished is taken for one."""
    upstream, operation, request, response = answered(
        "chat.completions", "One two three four.", stream=False
    )
    other = replace(response, body=response.body.replace(b'"stop"', f'"{reason}"'.encode()))

    said = upstream.said(operation, request, other)

    assert said is not None
    assert said.ended == ended


@pytest.mark.parametrize(
    "quirk",
    [
        pytest.param(b"retry: 3000\n\n", id="event without data"),
        pytest.param(b": keep-alive\n\n", id="comment"),
        pytest.param(b'data: {"choices": null}\n\n', id="choices null"),
        pytest.param(b'data: {"choices": [{"index": 0}]}\n\n', id="choice without delta"),
    ],
)
def test_quirks_of_gateways_change_nothing(quirk: bytes) -> None:
    """Chunks that say nothing do not make an answer unreadable."""
    upstream, operation, request, response = answered(
        "chat.completions", "One two three four.", stream=True
    )
    odd = replace(response, body=quirk + response.body)

    assert upstream.said(operation, request, odd) == upstream.said(operation, request, response)


def test_operations_without_a_model_say_nothing() -> None:
    """Only what a model said is told."""
    upstream = OpenAIUpstream()
    request = post("/embeddings", {"model": "text-embedding-3-small", "input": "vpn"})
    operation = upstream.classify(request)
    assert operation is not None

    assert upstream.said(operation, request, upstream.handle(request)) is None


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("operation", ["chat.completions", "responses.create"])
def test_trace_knows_what_a_call_cost(operation: str, *, stream: bool) -> None:
    """Tokens and dollars follow from the bill and the price of the model."""
    model = Model(name="gpt-4o-mini", price=Price(input=1.0, output=10.0))
    upstream = OpenAIUpstream(answers="One two three.", models=[model])
    options = {"stream_options": {"include_usage": True}} if operation[0] == "c" and stream else {}
    request = request_to(operation, stream=stream, tools=None, **options)
    found = upstream.classify(request)
    assert found is not None

    described = upstream.describe(found, upstream.handle(request))

    assert (described["tokens_in"], described["tokens_out"]) == (1, 3)
    assert described["cost"] == pytest.approx((1 * 1.0 + 3 * 10.0) / 1e6)
    assert (described["text"], described["finish_reason"]) == ("One two three.", "stop")


def test_trace_knows_what_embeddings_cost() -> None:
    """Embeddings cost what they read."""
    price = Price(input=0.02)
    model = Model(name="text-embedding-3-small", kind="embedding", price=price)
    upstream = OpenAIUpstream(models=[model])
    request = post("/embeddings", {"model": "text-embedding-3-small", "input": "a b c"})
    operation = upstream.classify(request)
    assert operation is not None

    described = upstream.describe(operation, upstream.handle(request))

    assert described == {"tokens_in": 3, "cost": pytest.approx(3 * 0.02 / 1e6)}
