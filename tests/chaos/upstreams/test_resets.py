"""What rate-limit headers ask for, in the words of each provider, becomes one number."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from chaos.http import Request, Response
from chaos.ports import Operation, Upstream
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.resets import pause_s
from chaos.upstreams.simple import JsonUpstream

HOUR_1 = "2026-01-01T01:00:00Z"
"""An hour after a run begins."""


@pytest.fixture
def simulation() -> Simulation:
    """A world in which it is the first of January."""
    return SimulatedTier()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(
            {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"},
            360.0,
            id="of OpenAI",
        ),
        pytest.param(
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": HOUR_1,
            },
            3600.0,
            id="of Anthropic",
        ),
        pytest.param(
            {
                "anthropic-ratelimit-requests-remaining": "12",
                "anthropic-ratelimit-requests-reset": HOUR_1,
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-01-01T00:00:30Z",
            },
            30.0,
            id="only the limit that is used up",
        ),
        pytest.param(
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1767229200"},
            3600.0,
            id="of GitHub, in seconds of the epoch",
        ),
        pytest.param({"x-rate-limit-reset": "1767229200000"}, 3600.0, id="in milliseconds of it"),
        pytest.param({"RateLimit-Reset": "30"}, 30.0, id="of the IETF's draft"),
        pytest.param(
            {"ratelimit-reset": "Thu, 01 Jan 2026 00:10:00 GMT"}, 600.0, id="a date of HTTP"
        ),
        pytest.param({"ratelimit-reset": "-5"}, 0.0, id="in the past"),
        pytest.param({"ratelimit-reset": "in a while"}, None, id="in words"),
        pytest.param({"ratelimit-reset": ""}, None, id="nothing"),
        pytest.param({"ratelimit-reset": "9" * 400}, None, id="a number too large"),
        pytest.param(
            {"ratelimit-remaining": "3", "ratelimit-reset": "30"}, None, id="something is left"
        ),
        pytest.param(
            {"ratelimit-remaining": "?", "ratelimit-reset": "30"},
            None,
            id="who knows",
        ),
        pytest.param({"x-reset": "30"}, None, id="no limit"),
    ],
)
def test_reset_of_a_spent_limit_is_a_pause(
    simulation: Simulation, headers: Mapping[str, str], expected: float | None
) -> None:
    """Whoever writes it, in seconds, as a duration or as a date."""
    with simulation:
        assert pause_s(Response(status=429, headers=tuple(headers.items()))) == expected


def test_other_refusals_must_say_that_nothing_is_left() -> None:
    """A 403 may be about the key; a 429 cannot be about anything else."""
    told = ("ratelimit-reset", "30")

    assert pause_s(Response(status=403, headers=(told,))) is None
    assert pause_s(Response(status=403, headers=(told, ("ratelimit-remaining", "0")))) == 30.0
    assert pause_s(Response(status=200, headers=(told, ("ratelimit-remaining", "0")))) is None


class Weather(JsonUpstream):
    """Somebody else."""

    name, hosts = "weather", ("weather.test",)
    routes = {"now.get": ("GET", "/now", {"text": "sunny"})}  # noqa: RUF012 - as a target writes it


@pytest.mark.parametrize(
    ("upstream", "operation"),
    [
        (OpenAIUpstream(), "chat.completions"),
        (AnthropicUpstream(), "messages"),
        (GcsUpstream(), "objects.get"),
        (Weather(), "now.get"),
    ],
    ids=lambda each: getattr(each, "name", each),
)
def test_every_stand_in_says_it(upstream: Upstream, operation: str) -> None:
    """In the typed form that laws read."""
    refused = Response(status=429, headers=(("x-ratelimit-reset", "30"),), body=b"{}")
    request = Request(method="POST", url="https://any.test/")

    said = upstream.said(Operation(operation), request, refused)

    assert said is not None
    assert said.pause_s == 30.0
