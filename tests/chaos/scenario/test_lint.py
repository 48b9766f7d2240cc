"""Sense: what must not be called a mistake. What must be is in ``test_error_texts``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.ports import Vocabulary
from chaos.scenario.faults import TimeoutFault
from chaos.scenario.lint import lint_scenario
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Ask, AskStep, HealStep, InjectStep, Scenario

SOUND = {
    "a fault that lasts to the end": """
  - inject: {upstream: openai, fault: timeout}
  - ask: Is the VPN down?
""",
    "a fault under background traffic that came before": """
  - load: {ask: Is the VPN down?, every: 5s, for: 1m}
  - inject: {id: outage, upstream: openai, fault: timeout}
  - heal: outage
""",
    "a fault touched only by a background refresh": """
  - ask: Is the VPN down?
  - inject: {upstream: gcs, fault: timeout, for: 30s}
  - advance: 60s
""",
    "a fault injected last, beside a step with at": """
  - ask: Is the VPN down?
    at: 30s
  - inject: {upstream: openai, fault: timeout}
""",
    "a fault before a restart": """
  - inject: {upstream: gcs, fault: timeout}
  - restart
""",
    "a heal beside the script": """
  - inject: {id: outage, upstream: openai, fault: timeout}
  - heal: outage
    at: 10s
  - ask: {question: Is the VPN down?, times: 3, every: 10s}
""",
    "offsets within the slowest course of the run": """
  - ask: {question: Is the VPN down?, times: 3}
  - inject: {upstream: openai, fault: timeout}
    at: 20s
""",
    "counts that fit": """
  - ask: {question: Is the VPN down?, times: 2, users: 2}
    expect: {answers: {llm: 3, fallback: {at_most: 4}}, calls.gcs: 3, calls.gcs.objects.get: 3}
""",
    "a mode and its count": """
  - ask: Is the VPN down?
    expect: {answer.mode: llm, answers: {llm: all, error: 0}, answers.fallback: 0}
""",
    "transitions after a restart": """
  - restart
  - expect: {openai.breaker.transitions: [open -> half_open]}
""",
    "transitions of a step that begins with an open breaker": """
  - ask: Is the VPN down?
    expect: {openai.breaker.transitions: [open -> half_open, half_open -> closed]}
""",
    "traffic seen without an ask": """
  - refresh_index
  - expect: {calls.gcs: 2, waits.gcs: [], index.state: fresh}
""",
    "an expectation of a load": """
  - load: {ask: Is the VPN down?, every: 5s, for: 1m}
    expect: {answers: {fallback: {at_least: 1}}}
""",
    "numbers over time before the end": """
  - ask: Is the VPN down?
  - expect: {availability: 1, slowest_answer: {at_most: 20s}}
""",
    "a completion that is empty on purpose": """
  - inject: {upstream: openai, fault: completion, content: null}
  - ask: Is the VPN down?
""",
    "what the target alone can show": """
  - ask: Is the VPN down?
  - expect: {queue.length: 0, queue.oldest: {at_most: 1s}}
""",
}


@pytest.mark.parametrize("steps", SOUND.values(), ids=SOUND)
def test_sound_scenario_is_not_called_mistaken(
    steps: str, load: Callable[[str], LoadedScenario]
) -> None:
    """A check that cries wolf is switched off: in doubt, no mistake."""
    assert load(steps.strip("\n") + "\n").scenario.method


def test_scenario_built_in_code_is_checked_too(toy: Vocabulary) -> None:
    """With the words for a file, but for the place."""
    fault = TimeoutFault(id="outage", upstream="opanai", fault="timeout")
    scenario = Scenario(
        version=1,
        name="built",
        hypothesis="It holds.",
        method=(
            InjectStep(inject=fault),
            AskStep(ask=Ask(question="Is the VPN down?")),
            HealStep(heal="otage"),
        ),
    )

    upstream, heal = map(str, lint_scenario(scenario, toy))
    assert upstream.startswith("unknown upstream 'opanai'; expected one of: gcs, openai; did you")
    assert heal.startswith("no fault has the id 'otage'; expected outage; did you mean 'outage'?")
