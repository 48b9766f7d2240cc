"""Rate limits that are drawn from and fill up again, alone and in OpenAI's headers."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from chaos.http import Response
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.prices import Price, Usage, cost
from chaos.upstreams.rates import Meter, RateLimits
from tests.chaos.upstreams.openai.asking import Clock, chat, client_of, post, user


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, to turn."""
    return Clock(monkeypatch)


def test_bucket_fills_up_evenly(clock: Clock) -> None:
    """What a minute allows comes back bit by bit, and never more than that."""
    meter = Meter(RateLimits(requests_per_minute=60))
    for _ in range(60):
        assert meter.draw(tokens=0) is None

    excess = meter.draw(tokens=0)
    assert excess is not None
    assert (excess.kind, excess.used, excess.wait_s) == ("requests", 60, 1.0)
    clock.advance(1.0)
    assert meter.draw(tokens=0) is None
    clock.advance(1000.0)
    assert meter.standings()[0].remaining == 60


def test_call_that_is_too_much_costs_nothing(clock: Clock) -> None:
    """If one limit is broken, the other is not drawn from."""
    meter = Meter(RateLimits(requests_per_minute=10, tokens_per_minute=100))

    assert meter.draw(tokens=90) is None
    excess = meter.draw(tokens=20)

    assert excess is not None
    assert (excess.kind, excess.requested) == ("tokens", 20)
    assert excess.wait_s == pytest.approx(6.0)
    assert [each.remaining for each in meter.standings()] == [9, 10]
    never = meter.draw(tokens=101)
    assert never is not None
    assert never.wait_s is None
    assert clock.now_s


def ask(upstream: OpenAIUpstream, **change: Any) -> Response:
    """One chat completion as raw HTTP."""
    body = {"model": "gpt-4o-mini", "messages": [user("Is the VPN down?")]} | change
    return upstream.handle(post("/chat/completions", body))


def test_headers_count_down(clock: Clock) -> None:
    """Each answer says what is left, and when all will be there again."""
    upstream = OpenAIUpstream(limits=RateLimits(requests_per_minute=3, tokens_per_minute=1000))

    answers = [ask(upstream, max_tokens=100) for _ in range(4)]

    def told(name: str) -> list[str | None]:
        return [each.header(f"x-ratelimit-{name}") for each in answers]

    assert [each.status for each in answers] == [200, 200, 200, 429]
    assert told("limit-requests") == ["3"] * 4
    assert told("remaining-requests") == ["2", "1", "0", "0"]
    assert told("reset-requests") == ["20s", "40s", "1m0s", "1m0s"]
    assert told("remaining-tokens") == ["900", "800", "700", "700"]
    assert told("reset-tokens")[0] == "6s"
    assert clock.now_s


def test_refusal_says_which_limit_and_how_long(clock: Clock) -> None:
    """The 429 names the limit; whoever waits as it says is served."""
    upstream = OpenAIUpstream(limits=RateLimits(tokens_per_minute=600))
    ask(upstream, max_tokens=600)

    refused = ask(upstream, max_tokens=100)

    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("tokens", "rate_limit_exceeded")
    assert "Limit 600, Used 600, Requested 100. Please try again in 10s" in error["message"]
    assert (refused.header("retry-after"), refused.header("retry-after-ms")) == ("10", "10000")
    clock.advance(9.9)
    assert ask(upstream, max_tokens=100).status == 429
    clock.advance(0.1)
    assert ask(upstream, max_tokens=100).status == 200


def test_request_that_is_too_large_can_never_be_served(clock: Clock) -> None:
    """More than a whole minute has is refused without a time to wait."""
    upstream = OpenAIUpstream(limits=RateLimits(tokens_per_minute=100))

    with pytest.raises(openai.RateLimitError, match="Request too large") as caught:
        chat(client_of(upstream), max_tokens=101)

    assert "retry-after" not in caught.value.response.headers
    assert clock.now_s


def test_other_operations_are_not_counted(clock: Clock) -> None:
    """Only what asks a model uses the limits up; without limits nothing is told of them."""
    upstream = OpenAIUpstream(limits=RateLimits(requests_per_minute=1))
    client = client_of(upstream)
    for _ in range(3):
        client.models.list()

    assert ask(upstream).status == 200
    assert ask(OpenAIUpstream()).header("x-ratelimit-limit-requests") is None
    assert json.loads(ask(upstream).body)["error"]["type"] == "requests"
    assert clock.now_s


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(), 0.0),
        (Usage(tokens_in=1_000_000), 2.0),
        (Usage(tokens_out=1_000_000), 8.0),
        (Usage(tokens_in=1_000_000, cached=500_000), 1.25),
        (Usage(tokens_in=1, tokens_out=1), 0.00001),
    ],
)
def test_cost_is_what_the_price_list_says(usage: Usage, dollars: float) -> None:
    """Tokens in, out of the cache, and out, each at its price."""
    assert cost(usage, Price(input=2.0, cached=0.5, output=8.0)) == pytest.approx(dollars)


def test_cached_tokens_cost_as_others_without_a_price_of_their_own() -> None:
    """A price list need not have a price for the cache."""
    assert cost(Usage(tokens_in=2_000_000, cached=1_000_000), Price(input=1.0)) == 2.0


def test_limits_are_those_of_one_model() -> None:
    """Whoever has used up one may ask another; a date in its name makes no other one."""
    upstream = OpenAIUpstream(limits=RateLimits(requests_per_minute=1))
    names = ("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-mini")
    bodies = [{"model": name, "messages": [user("?")]} for name in names]
    statuses = [upstream.handle(post("/chat/completions", body)).status for body in bodies]
    assert statuses == [200, 429, 200]


def test_request_that_names_no_model_is_counted() -> None:
    """It is for the usual one."""
    upstream = OpenAIUpstream(limits=RateLimits(requests_per_minute=1))
    named = {"model": "omni-moderation-latest"}
    statuses = [
        upstream.handle(post("/moderations", {"input": "?"} | more)).status for more in ({}, named)
    ]
    assert statuses == [200, 429]


def test_every_error_has_an_id_of_its_own() -> None:
    """Whether the request is at fault or the provider, but not a proxy before it."""
    upstream = OpenAIUpstream()
    failed = [
        upstream.handle(post("/chat/completions", {})),
        upstream.failed(500),
        upstream.failed(500),
        upstream.rate_limited("rate_limit_exceeded"),
    ]
    ids = {each.header("x-request-id") for each in failed}
    assert len(ids - {None}) == len(failed)
    assert upstream.failed(502).header("x-request-id") is None
