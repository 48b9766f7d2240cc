"""From a file to a scenario."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from chaos.scenario.expectations import expecting
from chaos.scenario.faults import FAULTS, HttpErrorFault, LatencyFault
from chaos.scenario.laws import LAWS
from chaos.scenario.loader import LoadedScenario, Vocabularies, load_file, load_text
from chaos.scenario.model import (
    ACTIONS,
    ActStep,
    AdvanceStep,
    Ask,
    AskStep,
    ClockJumpStep,
    ExpectStep,
    Given,
    HealStep,
    InjectStep,
    LoadStep,
    RestartStep,
    Scenario,
)
from chaos.scenario.problems import Location, ScenarioError

Load = Callable[[str], LoadedScenario]

LIFECYCLE = """\
version: 1
name: breaker-lifecycle
hypothesis: >-
  Five failed calls open the breaker. While it is open nobody waits and OpenAI is left alone.
  After the recovery timeout one trial goes through, and one success closes it.
target: helpdesk
tags: [breaker, openai]
seed: 7

given:
  index_cache: {age: 2h}
  settings: {openai.breaker.recovery_timeout: 60s}

steady_state:
  - ask: How do I reset my password?
    expect: {answer.mode: llm}

method:
  - inject: {id: outage, upstream: openai, fault: http_error, status: 503}
  - ask: {question: How do I reset my password?, times: 5}
    expect: {answers: {fallback: 5}, calls.openai: 15}
  - expect: {openai.breaker.state: open}
  - ask: Is the VPN down?
    expect: {answer.mode: fallback, answer.elapsed: {at_most: 50ms}, calls.openai: 0}
  - heal: outage
  - advance: 60s
  - ask: Is the VPN down?
    expect: {answer.mode: llm, calls.openai: 1}

expect:
  openai.breaker.transitions: [closed -> open, open -> half_open, half_open -> closed]
  answers.error: 0
"""


@pytest.fixture
def lifecycle(tmp_path: Path, vocabularies: Vocabularies) -> LoadedScenario:
    """The scenario that the language was designed with, loaded from a file."""
    path = tmp_path / "breaker-lifecycle.yaml"
    path.write_text(LIFECYCLE)
    return load_file(path, vocabularies)


def test_scenario_is_what_its_file_says(lifecycle: LoadedScenario) -> None:
    """Every part of the file is in the model."""
    scenario = lifecycle.scenario

    assert scenario.hypothesis.startswith("Five failed calls open the breaker. While")
    assert (scenario.name, scenario.target, scenario.seed) == ("breaker-lifecycle", "helpdesk", 7)
    assert scenario.tags == ("breaker", "openai")
    assert scenario.given.world() == {"index_cache": {"age": "2h"}}
    assert scenario.given.settings == {"openai.breaker.recovery_timeout": "60s"}
    assert [type(step) for step in scenario.method] == [
        InjectStep, AskStep, ExpectStep, AskStep, HealStep, AdvanceStep, AskStep,
    ]  # fmt: skip
    assert [(claim.key, claim.tolerance.describe()) for claim in scenario.expect] == [
        (
            "openai.breaker.transitions",
            "[closed -> open, open -> half_open, half_open -> closed]",
        ),
        ("answers.error", "0"),
    ]


def test_step_knows_where_it_stands(lifecycle: LoadedScenario) -> None:
    """Its path as people say it, and its line; the source knows every node within."""
    ask = lifecycle.scenario.method[1]

    assert (ask.path, ask.location.line, ask.location.column) == ("method[1]", 20, 5)
    assert lifecycle.scenario.steady_state[0].path == "steady_state[0]"
    where = lifecycle.source.at("method", 1, "ask", "times")
    assert lifecycle.source.lines[where.line - 1][where.column - 1 :] == "5}"


def test_expectation_knows_where_it_stands(lifecycle: LoadedScenario) -> None:
    """A report can point at the key that was not met."""
    (claim,) = lifecycle.scenario.method[2].expect

    line = LIFECYCLE.splitlines()[claim.location.line - 1]
    assert line[claim.location.column - 1 :] == "openai.breaker.state: open}"


def test_every_step_can_be_written(load: Load) -> None:
    """Short and long forms of all actions."""
    scenario = load("""\
  - ask: Is the VPN down?
  - ask: {question: Is the VPN down?, times: 2, every: 5s, users: 3}
    at: 10s
    name: three more
  - load: {ask: Is the VPN down?, users: 2, every: 5s, for: 1m}
  - advance: 60s
  - inject: {id: slow, upstream: openai, fault: latency, latency: 2s, calls: 1-2}
  - ask: Is the VPN down?
  - heal: slow
  - publish_index: {}
  - publish_index:
  - refresh_index
  - refresh_index: true
    expect: {calls.gcs: 2}
  - restart
  - restart:
    name: after the crash
  - clock: {step: -1h}
  - expect: {queue.length: 0}
""").scenario

    kinds = [type(step) for step in scenario.method]
    assert kinds == [
        AskStep, AskStep, LoadStep, AdvanceStep, InjectStep, AskStep, HealStep, ActStep,
        ActStep, ActStep, ActStep, RestartStep, RestartStep,
        ClockJumpStep, ExpectStep,
    ]  # fmt: skip
    assert {*kinds} == {*ACTIONS.values(), ActStep, ExpectStep}
    asked = scenario.method[1]
    assert isinstance(asked, AskStep)
    assert asked.ask == Ask(
        question="Is the VPN down?", times=2, every=timedelta(seconds=5), users=3
    )
    assert (asked.at, asked.name, asked.ask.answers) == (timedelta(seconds=10), "three more", 6)
    slow = scenario.method[4]
    assert isinstance(slow, InjectStep)
    assert slow.inject == LatencyFault(
        id="slow", upstream="openai", fault="latency", latency=timedelta(seconds=2), calls=(1, 2)
    )


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_can_be_written(kind: str, load: Load) -> None:
    """The example in the documentation of each fault is one."""
    example = re.search(r"``(\{.*\})``", FAULTS[kind].__doc__ or "")
    assert example is not None

    scenario = load(f"  - inject: {example[1]}\n  - ask: Is the VPN down?\n").scenario

    step = scenario.method[0]
    assert isinstance(step, InjectStep)
    assert type(step.inject) is FAULTS[kind]


def test_call_window_names_calls(load: Load) -> None:
    """A number, a range or a list."""
    steps = "".join(
        f"  - inject: {{upstream: openai, fault: timeout, calls: {calls}}}\n"
        for calls in ("1", "2-4", "[1, 3]")
    )

    scenario = load(steps + "  - ask: Is the VPN down?\n").scenario

    injected = [step.inject.calls for step in scenario.method if isinstance(step, InjectStep)]
    assert injected == [(1,), (2, 3, 4), (1, 3)]


def test_scenario_can_be_built_in_code() -> None:
    """Without a file there are no locations, and nothing needs them."""
    outage = HttpErrorFault(id="outage", upstream="openai", fault="http_error", status=503)

    scenario = Scenario(
        version=1,
        name="built",
        hypothesis="It holds.",
        method=(InjectStep(inject=outage), AskStep(ask=Ask(question="Is the VPN down?"))),
    )

    assert scenario.method[1].location == Location()
    assert scenario.given == Given()


def test_scenario_built_in_code_is_that_of_the_file(
    load: Load, vocabularies: Vocabularies
) -> None:
    """Once its places are set aside."""
    toy = vocabularies("helpdesk")
    assert toy is not None

    loaded = load("  - ask: Is the VPN down?\n    expect: {calls.openai: {at_most: 3}}\n").scenario

    (step,) = loaded.method
    assert step.model_copy(update={"location": Location(), "path": ""}) == AskStep(
        ask=Ask(question="Is the VPN down?"),
        expect=expecting({"calls.openai": {"at_most": 3}}, toy),
    )


def test_scenario_cannot_be_changed(load: Load) -> None:
    """What was loaded is what runs."""
    scenario = load("  - ask: Is the VPN down?\n").scenario

    with pytest.raises(ValueError, match="frozen"):
        scenario.name = "other"  # type: ignore[misc] # the type checker sees it too


def test_default_seed_depends_on_the_name_alone(load: Load) -> None:
    """It is the same in another process, whatever that hashes text to."""
    scenario = load("  - ask: Is the VPN down?\n").scenario

    expected = int.from_bytes(hashlib.sha256(b"case").digest()[:4])
    assert scenario.seed_or_default == expected
    assert scenario.model_copy(update={"seed": 0}).seed_or_default == 0


def test_all_mistakes_are_told_at_once_in_file_order(vocabularies: Vocabularies) -> None:
    """Mistakes of form and of sense, in every part of a file, in one go."""
    with pytest.raises(ScenarioError) as caught:
        load_text(
            "version: 1\n"
            "nme: x\n"
            "hypothesis: It holds.\n"
            "given: {index_cahce: absent}\n"
            "steady_state: [restart]\n"
            "method:\n"
            "  - ask: {question: Hm?, times: 0}\n"
            "  - inject: {upstream: opanai, fault: timeout}\n"
            "  - ask: Hm?\n"
            "    expect: {calls.gcs.objects.meda: 1}\n"
            "expect: {availability: 2}\n"
            "expect: {}\n",
            "a.yaml",
            vocabularies,
        )

    told = [(p.location.line, p.code) for p in caught.value.problems]
    assert told == [
        (2, "unknown-key"),
        (4, "unknown-given"),
        (5, "steady-state-step"),
        (7, "out-of-range"),
        (8, "unknown-upstream"),
        (10, "unknown-observable"),
        (11, "out-of-range"),
        (12, "duplicate-key"),
    ]


def test_laws_can_be_waived_with_a_reason(vocabularies: Vocabularies) -> None:
    """Each law has a name that a scenario may use."""
    head = "version: 1\nname: a\nhypothesis: It holds.\nmethod: [ask: Hm?]\n"
    text = f"{head}waive: [{', '.join(LAWS)}]\nbecause: It is not meant to.\n"

    assert load_text(text, "a.yaml", vocabularies).scenario.waive == tuple(LAWS)


def test_target_that_is_unknown_is_the_only_mistake(vocabularies: Vocabularies) -> None:
    """Words that only the target could explain are not called mistakes on top."""
    text = (
        "version: 1\nname: a\nhypothesis: It holds.\ntarget: other\nmethod:\n"
        "  - restart\n  - ask: Hm?\n    expect: {anything.at.all: 5}\n"
    )

    with pytest.raises(ScenarioError) as caught:
        load_text(text, "a.yaml", vocabularies)

    assert [problem.code for problem in caught.value.problems] == ["unknown-target"]


def test_language_is_read_without_what_runs_it() -> None:
    """No SDK and no simulation is imported: editors and `chaos validate` start fast."""
    program = (
        "import sys, chaos.scenario.loader, chaos.scenario.suite, chaos.scenario.schema\n"
        "mine = {'scenario', 'units', 'errors', 'inputs', 'extensions', 'processes'}\n"
        "print([m for m in sys.modules if m.startswith('chaos.') and m.split('.')[1] not in mine])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == "[]"
