"""Why the helpdesk stops trying is in the trace of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.reference.fragments import play_fragment
from chaos.simulation.world import Simulation
from chaos.targets import find_target
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import AnswerEvent, GivenUpEvent, ResponseEvent


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    find_target("helpdesk")  # Before time is frozen: importing takes its time from the clock.
    with SimulatedTier() as entered:
        yield entered


@pytest.mark.parametrize(
    ("fault", "attempt", "reason", "cause"),
    [
        ("fault: http_error, status: 400", 1, "not_retryable", "the provider answered HTTP 400"),
        ("fault: http_error, status: 503", 3, "attempts_used", "the provider answered HTTP 503"),
        ("fault: timeout", 2, "no_time_left", "the language model did not answer in time"),
    ],
    ids=["hopeless", "the last one", "no time"],
)
def test_trace_says_why_a_question_was_given_up(
    simulation: Simulation, fault: str, attempt: int, reason: str, cause: str
) -> None:
    """Once, between the last response and the answer, as part of the question."""
    method = f"- inject: {{upstream: openai, {fault}}}\n- ask: Is the VPN down?\n"

    trace = play_fragment(method, simulation).trace

    (given_up,) = trace.of(GivenUpEvent)
    assert (given_up.upstream, given_up.ask) == ("openai", 1)
    assert (given_up.attempt, given_up.reason, given_up.cause) == (attempt, reason, cause)
    (answer,) = trace.of(AnswerEvent)
    assert trace.of(ResponseEvent)[-1].seq < given_up.seq < answer.seq


def test_trace_says_why_a_refresh_was_given_up(simulation: Simulation) -> None:
    """Storage has attempts of its own, and the asker is answered all the same."""
    scenario = """\
version: 1
name: example
hypothesis: The asker is answered.
given: {index_cache: {age: 30h}}
method:
  - inject: {upstream: gcs, fault: http_error, status: 503}
  - ask: Is the VPN down?
    expect: {answer.mode: llm}
"""

    trace = play_fragment(scenario, simulation).trace

    (given_up,) = trace.of(GivenUpEvent)
    assert (given_up.upstream, given_up.attempt, given_up.reason) == ("gcs", 3, "attempts_used")


def test_trace_of_a_call_that_succeeds_in_the_end_has_no_giving_up(simulation: Simulation) -> None:
    """Two failures, then an answer of the model."""
    method = """\
- inject: {upstream: openai, fault: http_error, status: 503, calls: 1-2}
- ask: Is the VPN down?
  expect: {answer.mode: llm}
"""

    assert play_fragment(method, simulation).trace.of(GivenUpEvent) == []
