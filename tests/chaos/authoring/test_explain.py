"""Scenarios in plain words, and their timelines."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from chaos import session
from chaos.authoring.claim_words import describe_tolerance
from chaos.authoring.explain import explain
from chaos.authoring.fault_words import describe_fault
from chaos.authoring.starters import parsed, starter
from chaos.authoring.timeline import timeline
from chaos.reference.fragments import load_fragment
from chaos.scenario.faults import FAULTS
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Explore
from chaos.targets import find_target

SCENARIOS = session.load([Path("scenarios")])


def words(steps: str) -> str:
    """What is said of a piece of a scenario."""
    scenario = load_fragment(steps).scenario
    return explain(scenario, find_target("helpdesk").vocabulary())


def drawn(steps: str, width: int = 80) -> list[str]:
    """The timeline of a piece of a scenario."""
    return timeline(load_fragment(steps).scenario, width=width)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_has_words(kind: str) -> None:
    """A sentence about its upstream, written for it, whose parameters are in it."""
    fault = starter(kind, "openai", {})

    text = describe_fault(parsed(fault))

    assert text.startswith("openai ")
    assert "has the fault" not in text, f"{FAULTS[kind].__name__} needs an in_words of its own"
    numbers = [str(value) for key, value in fault.items() if key in {"status", "after", "latency"}]
    assert all(number in text for number in numbers)


@pytest.mark.parametrize("kind", ["stream", "malformed", "encoding"])
def test_every_way_of_a_fault_has_words(kind: str) -> None:
    """A word that the language knows is one that can be explained."""
    ways = get_args(FAULTS[kind].model_fields["as_"].annotation)

    for way in ways:
        assert describe_fault(parsed({"upstream": "openai", "fault": kind, "as": way}))


def test_reason_of_a_gateway_is_quoted() -> None:
    """It is no word that models of OpenAI's use."""
    fault = {"upstream": "openai", "fault": "completion", "finish_reason": "eos"}

    assert "that it stopped for 'eos'" in describe_fault(parsed(fault))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("calls: 2", "to its call 2"),
        ("calls: [1, 3]", "to its calls 1 and 3"),
        ("calls: 1-4", "to its calls 1 to 4"),
        ("toxicity: 0.3", "to 30 % of its calls"),
        ("toxicity: {0s: 0.1, 5s: 0.2}", "changes: {0s: 0.1, 5s: 0.2}"),
        ("toxicity: 0.5, calls: 1-2", "to half of its calls 1 and 2"),
        ("operation: chat.completions", "only for chat.completions"),
        ("for: 20s", "for 20s"),
    ],
)
def test_limits_of_a_fault_are_said(limits: str, said: str) -> None:
    """Which calls a fault touches, how many, and for how long."""
    fault = f"- inject: {{upstream: openai, fault: timeout, {limits}}}\n- ask: Why?"

    assert said in words(fault)


def test_fault_that_heals_by_itself_is_not_there_from_now_on() -> None:
    """How long it lasts is said once, in place of 'from now on'."""
    fault = "- inject: {id: half, upstream: openai, fault: timeout, for: 20s}\n- ask: Why?"

    text = words(fault)

    assert "1. for 20s (half), openai takes requests and never answers\n" in text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("answer.elapsed: {at_most: 50ms}", "at most 50ms"),
        ("answer.elapsed: {between: [2s, 3s]}", "2s to 3s"),
        ("answer.mode: {not: error}", "anything but error"),
        ("answer.mode: {one_of: [llm, fallback]}", "one of llm, fallback"),
        ("answer.reason: null", "nothing"),
        ("answer.text: {contains: VPN}", "with VPN in it"),
        ("answer.text: {matches: '[0-9]+'}", "matching [0-9]+"),
        ("waits.openai: []", "none"),
        ("waits.openai: [2s, {at_least: 4s}]", "2s, then at least 4s"),
        ("answers: {llm: all, error: 0}", "llm all, error 0"),
        ("calls.openai: {at_least: 1, not: 3}", "at least 1 and anything but 3"),
    ],
)
def test_tolerances_have_words(value: str, said: str) -> None:
    """Each form of a value reads like a sentence."""
    (step,) = load_fragment(f"- ask: Why?\n  expect: {{{value}}}").scenario.method

    assert describe_tolerance(step.expect[0].tolerance) == said


@pytest.mark.parametrize("loaded", SCENARIOS, ids=lambda each: each.scenario.name)
def test_every_shipped_scenario_can_be_explained(loaded: LoadedScenario) -> None:
    """Claim, every step and every fault window are there; no line is wider than asked."""
    scenario = loaded.scenario

    text = explain(scenario, find_target(scenario.target).vocabulary(), width=72)

    assert " ".join(scenario.hypothesis.split()) in " ".join(text.split())
    assert f"  {len(scenario.method)}. " in text
    assert max(map(len, timeline(scenario, width=72))) <= 72


def test_window_ends_where_its_fault_does() -> None:
    """By heal, by itself, or never."""
    steps = (
        "- inject: {id: healed, upstream: openai, fault: timeout}\n"
        "- inject: {id: brief, upstream: openai, fault: latency, latency: 1s, for: 30s}\n"
        "- inject: {id: lasting, upstream: gcs, fault: timeout}\n"
        "- ask: {question: Why?, users: 12}\n"
        "- heal: healed\n"
        "- advance: 60s\n"
        "- restart\n"
        "- ask: Why?\n"
        "  expect: {answer.mode: llm}\n"
    )

    assert drawn(steps) == [
        "step     1     2     3     4     5     6           7     8     end",
        "time     0s                                  30s   1m",
        "healed   [=======================]",
        "brief          [=============================]",
        "lasting              [============================================>",
        "users                      12                            1",
        "also                                               rest",
        "expect                                                   *",
    ]


def test_steps_beside_the_script_are_drawn_at_their_time() -> None:
    """Load is a window of its own; a step with ``at`` stands between those of the script."""
    steps = (
        "- load: {ask: Why?, every: 10s, for: 1m}\n"
        "- advance: 40s\n"
        "- expect: {openai.breaker.state: closed}\n"
        "- inject: {upstream: openai, fault: timeout, for: 5s}\n"
        "  at: 20s\n"
    )

    assert drawn(steps) == [
        "step     1     2     4           3           end",
        "time     0s          20s   25s   40s   1m",
        "load     [=============================]".replace("=", "~"),
        "timeout              [=====]",
        "expect                           *",
    ]


def test_long_timelines_continue_below() -> None:
    """Too many moments for the terminal make a further band, with its own head."""
    lines = drawn("- ask: Why?\n" * 20, width=60)

    assert lines.count("") == 2
    assert [line.split()[0] for line in lines if line] == ["step", "time", "users"] * 2 + [
        "step",
        "time",
    ] + ["users"] * lines[-1].startswith("users")
    assert all(len(line) <= 60 for line in lines)


@pytest.mark.parametrize(
    ("explore", "said"),
    [
        (Explore(preemptions=2), "interrupted up to 2 times between two lines"),
        (Explore(preemptions=1), "interrupted once between two lines"),
        (Explore(preemptions=0), "Every order is played"),
        (Explore(preemptions=1, choices=(1,)), "One interleaving is played"),
    ],
)
def test_what_is_explored_has_words(explore: Explore, said: str) -> None:
    """Whoever reads it knows how many runs there will be: one, or many."""
    scenario = SCENARIOS[0].scenario.model_copy(update={"explore": explore})

    told = explain(scenario, find_target("helpdesk").vocabulary())

    assert said in " ".join(told.split())
