"""The breaker and the retry of `helpdesk` beside those that can be installed, in turns.

Run it with ``nox -s bench_policies``: the others are in an environment of its own, and no part of
the project needs them. What is called does nothing, so that the policy is all that is measured;
each is called the way its documentation shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import circuitbreaker
import purgatory
import pybreaker
import stamina
import tenacity

from benchmarks import results
from benchmarks.figures import Figure, beside
from helpdesk.circuit_breaker import CircuitBreaker
from helpdesk.events import Event
from helpdesk.retry import Retry
from helpdesk.settings import BreakerSettings, RetrySettings

ROUNDS = 21
CALLS = 5_000
"""In each round, of each policy."""

DEADLINE = time.monotonic() + 1e6

Call = Callable[[], object]


def nothing() -> str:
    """What is called under a policy."""
    return "done"


class _Hearing(pybreaker.CircuitBreakerListener):  # type: ignore[misc] # is not installed here
    """Hears of everything, and does nothing."""


def _heard(event: Event) -> None:
    """The same for ours."""


def ours(*, is_heard: bool) -> Call:
    """A call under the breaker of `helpdesk`."""
    listeners = [_heard] if is_heard else []
    breaker = CircuitBreaker("openai", BreakerSettings(), listeners=listeners)

    def call() -> str:
        with breaker.acquire():
            return nothing()

    return call


def theirs(*, is_heard: bool) -> Call:
    """A call under pybreaker's."""
    listeners = [_Hearing()] if is_heard else []
    breaker = pybreaker.CircuitBreaker(listeners=listeners)
    return lambda: breaker.call(nothing)


def breakers() -> Mapping[str, Call]:
    """A call that succeeds, under each breaker."""
    factory = purgatory.SyncCircuitBreakerFactory()
    return {
        "circuitbreaker": circuitbreaker.CircuitBreaker()(nothing),
        "purgatory": factory("openai")(nothing),
        "pybreaker": theirs(is_heard=False),
        "pybreaker, a listener": theirs(is_heard=True),
        "ours": ours(is_heard=False),
        "ours, a listener": ours(is_heard=True),
    }


def retries() -> Mapping[str, Call]:
    """A call that succeeds at once, under each retry; and under retry and breaker together."""
    retry = Retry(RetrySettings(), upstream="openai")
    under_breaker = ours(is_heard=False)
    pybreakers = theirs(is_heard=False)
    stamina_alone = stamina.retry(on=OSError)(nothing)
    stamina_breaker = stamina.retry(on=OSError)(pybreakers)
    return {
        "tenacity": lambda: tenacity.Retrying(stop=tenacity.stop_after_attempt(3))(nothing),
        "stamina": stamina_alone,
        "ours": lambda: retry.call(nothing, deadline=DEADLINE),
        "stamina over pybreaker": stamina_breaker,
        "our retry over our breaker": lambda: retry.call(under_breaker, deadline=DEADLINE),
    }


def in_turns(calls: Mapping[str, Call]) -> Mapping[str, list[float]]:
    """Microseconds of a call, by policy, one number a round; the first round warms up."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(ROUNDS + 1):
        for name, call in calls.items():
            took_us = _cpu_us(call)
            if number:
                found[name].append(took_us)
    return found


def _cpu_us(call: Call) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - began) / CALLS * 1e6


def figures() -> Iterator[Figure]:
    """Ours against each, and how much of the others each takes."""
    took = in_turns(breakers())
    for other in ("circuitbreaker", "purgatory", "pybreaker"):
        yield _against(took, "ours", other, "a call under our breaker", goal=1.0)
    heard = "ours, a listener"
    yield _against(took, heard, "pybreaker", "the same, one listener", goal=1.0)
    yield _against(took, heard, "pybreaker, a listener", "the same, one listener", goal=1.0)
    took = in_turns(retries())
    for other in ("tenacity", "stamina"):
        yield _against(took, "ours", other, "a call under our retry", goal=1.2)
    stack = "our retry over our breaker"
    yield _against(took, stack, "stamina over pybreaker", stack, goal=1.0)


def _against(took: Mapping[str, Any], mine: str, other: str, what: str, *, goal: float) -> Figure:
    return beside(what, took[mine], took[other], unit="us", against=other, goal=goal)


if __name__ == "__main__":
    results.tell(figures(), title="Policies, beside others")
