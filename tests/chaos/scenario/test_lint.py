"""Sense: what must not be called a mistake. What must be is in ``test_error_texts``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.scenario.loader import LoadedScenario

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
    "a fault touched only by a worker that was begun with the service": """
  - inject: {id: outage, upstream: gcs, fault: timeout}
  - advance: 60s
  - heal: outage
  - ask: Is the VPN down?
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
    expect: {answers: {llm: 3, fallback: {at_most: 3}}, calls.gcs: 3, calls.gcs.objects.get: 3}
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
    "a service that is only looked at": """
  - advance: 1h
  - expect: {queue.length: 0, calls.openai: 0}
""",
    "a service that is to work by itself": """
  - advance: 1h
    expect: {calls.gcs: {at_least: 1}, waits.openai: []}
""",
    "an index that is only published and looked for": """
  - publish_index: {}
  - advance: 1h
expect: {calls.gcs: 0}
""",
    "a bound that says there is a value": """
  - inject: {id: outage, upstream: openai, fault: timeout, calls: 1}
  - ask: Is the VPN down?
    expect:
      openai.breaker.retry_after: {at_least: 0s}
      answer.reason: {matches: ""}
      answer.index_state: {one_of: [fresh, stale, absent]}
  - heal: outage
  - ask: Is the VPN down?
expect: {time_to_recover: {at_least: 0s}, index.age: {at_least: 0s}}
""",
    "bounds that some value is outside of": """
  - ask: {question: Is the VPN down?, times: 4}
    expect:
      answer.mode: {one_of: [llm, fallback]}
      answer.text: {matches: "^.*$"}
      calls.openai: {at_least: 0, not: 2}
      answers: {llm: {at_least: 1}, fallback: {between: [0, 3]}}
expect: {availability: {between: [0.5, 1]}, queue.length: {at_least: 0}}
""",
    "a load that is judged beyond the fault": """
  - load: {ask: Is the VPN down?, every: 5s, for: 1m}
    expect: {answers: {llm: {at_least: 1}}}
  - inject: {upstream: openai, fault: timeout}
""",
    "a fault whose place in time only the run can tell": """
  - ask: Is the VPN down?
    expect: {answer.mode: llm}
  - inject: {upstream: openai, fault: timeout}
    at: 0s
  - ask: Is the VPN down?
""",
    "the longest run with the most questions": """
  - advance: 15d
  - load: {ask: Is the VPN down?, every: 1d, for: 15d, users: 1000}
  - advance: 14d
  - ask: {question: Is the VPN down?, every: 1d, times: 2}
  - ask: {question: Is the VPN down?, times: 983, users: 1000}
  - ask: {question: Is the VPN down?, times: 1998}
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
