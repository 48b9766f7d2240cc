"""Claims are played against services that do the worst; one that holds even then is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.scenario.loader import LoadedScenario
from chaos.scenario.problems import ScenarioError

Load = Callable[[str], LoadedScenario]

EMPTY = [
    "answer.text: {matches: 'x*'}",
    "answer.text: {matches: '(a|b)?'}",
    r"answer.text: {matches: '\b|\B|$'}",
    "answer.text: {matches: ''}",
    "calls.openai: {not: 99999}",
    "calls.openai: {not: 777}",
    "calls.openai: {between: [0, 99999]}",
    "calls.openai: {at_most: 20000}",
    "calls.openai: {one_of: [{at_most: 3}, {at_least: 2}]}",
    "calls.openai: {not: {between: [40, 60]}}",
    "answer.elapsed: {at_least: 0s}",
    "answer.mode: {one_of: [llm, fallback, error]}",
    "answers: {error: {at_most: 1}}",
    "answers.error: {between: [0, 5]}",
    "waits.openai: {not: [17s]}",
]

TELLING = [
    "answer.text: {matches: 'x+'}",
    "answer.text: {matches: '.'}",
    "answer.text: {not: {contains: Traceback}}",
    "answer.text: {not: {matches: Traceback}}",
    "calls.openai: {not: 0}",
    "calls.openai: {not: 2}",
    "calls.openai: {at_most: 3}",
    "calls.openai: {at_least: 1}",
    "answer.elapsed: {at_most: 1h}",
    "answer.elapsed: {at_least: 1s}",
    "answer.stale: false",
    "answer.mode: {not: error}",
    "answers.error: 0",
    "answer.reason: {not: timeout}",
    "waits.openai: {contains: {at_least: 1s}}",
    "queue.length: {not: 3}",
    "answer.sources: {not: [vpn]}",
]


def with_claim(claim: str) -> str:
    """A method of one question and one claim."""
    return f"  - ask: Is the VPN down?\n    expect:\n      {claim}\n"


@pytest.mark.parametrize("claim", EMPTY)
def test_claim_that_holds_with_the_worst_service_is_refused(claim: str, load: Load) -> None:
    """It would be green whatever happens."""
    with pytest.raises(ScenarioError, match=r"\[always-true\]"):
        load(with_claim(claim))


@pytest.mark.parametrize("claim", TELLING)
def test_claim_that_some_service_fails_is_taken(claim: str, load: Load) -> None:
    """Among the worst services is one that fails it."""
    assert load(with_claim(claim)).scenario.method


def test_number_of_answers_bounds_what_can_be_claimed_of_them(load: Load) -> None:
    """At most three of three is nothing, at most three of four is something."""
    asked = "  - ask: {question: Is the VPN down?, times: TIMES}\n"
    steps = asked + "    expect: {answers.error: {at_most: 3}}\n"

    with pytest.raises(ScenarioError, match=r"\[always-true\]"):
        load(steps.replace("TIMES", "3"))
    assert load(steps.replace("TIMES", "4")).scenario.method
