"""What others add has the standing of what comes with the harness."""

from __future__ import annotations

import pytest

from chaos import session
from chaos.authoring.explain import explain
from chaos.authoring.starters import starter
from chaos.checks.registry import find_law, law_names
from chaos.errors import ChaosError
from chaos.explorer.menu import Menu, fault_name
from chaos.faults.effects import effect_in_words
from chaos.scenario.faults import FAULTS
from chaos.scenario.problems import ScenarioError
from chaos.scenario.schema import json_schema
from chaos.targets.here import find_here
from chaos.tiers.tier import Tier
from chaos.trace.events import FaultEvent
from chaos.verdict import Outcome
from chaos.witness import assert_witnessed
from tests.chaos.extensions.conftest import FAULT, LAW, OBSERVABLE, Project

SHED = "- inject: {id: shed, upstream: weather, fault: brownout, without: text, calls: 2}"
ASK = "- ask: How is it?"
ASK_TWICE = "- ask: {question: How is it?, times: 2}"


def test_fault_has_id_calls_and_heal(project: Project) -> None:
    """It touches the call that it is for, under its id, and is over when it is healed."""
    project.add(brownout=FAULT)

    result = project.play(SHED, ASK_TWICE, "- heal: shed", ASK, rest="expect: {answers.told: 3}")

    told = [(each.fault, each.what, each.call) for each in result.trace.of(FaultEvent)]
    assert result.outcome is Outcome.PASSED
    assert told == [("shed", "injected", None), ("shed", "touched", 2), ("shed", "healed", None)]


def test_fault_that_changes_nothing_is_not_felt(project: Project) -> None:
    """A run in which it touched no call proves nothing."""
    project.add(brownout=FAULT)

    result = project.play(
        SHED.replace("text", "gone"), ASK_TWICE, rest="expect: {answers.told: 2}"
    )

    assert result.outcome is Outcome.INCONCLUSIVE
    assert [problem.check for problem in result.problems] == ["fault shed"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("witout: text", "6:50: unknown key 'witout' in fault 'brownout'"),
        ("without: x", "without is empty"),
        ("without: text, share: 2", "6:72: share is 2; expected at most 1"),
        ("without: text, operation: put", "upstream 'weather' has no operation 'put'"),
        ("upstream: weather", "fault 'brownout' has no 'without'"),
    ],
    ids=["unknown key", "too short", "out of range", "aim", "missing"],
)
def test_fault_is_checked_as_any_other(said: str, message: str, project: Project) -> None:
    """With line and column, before anything is played."""
    project.add(brownout=FAULT)
    keys = said if said.startswith("upstream") else f"upstream: weather, {said}"

    with pytest.raises(ScenarioError) as raised:
        project.load(f"- inject: {{fault: brownout, {keys}}}", ASK)

    assert message in str(raised.value)


def test_unknown_fault_is_offered_the_nearest(project: Project) -> None:
    """Also if that is somebody's own."""
    project.add(brownout=FAULT)

    with pytest.raises(ScenarioError, match="did you mean 'brownout'"):
        project.load("- inject: {upstream: weather, fault: brown_out}", ASK)


def test_fault_is_in_every_list(project: Project) -> None:
    """Schema, menu of the explorer, starters, words: nothing has to be told of it twice."""
    project.add(brownout=FAULT)

    fault = FAULTS["brownout"].model_validate(starter("brownout", "weather", {}))

    assert list(FAULTS)[-1] == "brownout"
    assert "BrownoutFault" in json_schema()["$defs"]
    assert "brownout-text" in [fault_name(each) for each in Menu().at("weather", "get")]
    assert fault.in_words() == "has the fault 'brownout' (without: text)"
    assert effect_in_words(type(fault)).startswith("What was asked is done")


def test_scenario_of_others_is_explained(project: Project) -> None:
    """In the words of whoever wrote it, or in those that follow from its parameters."""
    project.add(brownout=FAULT, refusals=OBSERVABLE)
    loaded = project.load(SHED, ASK_TWICE, rest="expect: {refusals: 0}")

    text = explain(loaded.scenario, find_here("service:Weather").vocabulary())

    assert "weather has the fault 'brownout' (without: text), to its call 2" in text
    assert "responses that were errors: 0  [refusals]" in text


def test_law_judges_every_run(project: Project) -> None:
    """It is broken, kept, waived and not exercised as the others are."""
    project.add(brownout=FAULT, said=LAW)
    expect = "expect: {answers.told: 2}"

    broken = project.play(SHED, ASK_TWICE, rest=expect)
    waived = project.play(
        SHED, ASK_TWICE, rest=f"{expect}\nwaive: [something-is-said]\nbecause: It is shed."
    )

    assert law_names()[-1] == "something-is-said"
    assert find_law("something-is-said").doc == "No answer says nothing."
    assert [each.check for each in broken.problems] == ["something-is-said"]
    assert waived.outcome is Outcome.PASSED
    assert waived.laws[-1].reason.startswith("waived, because: It is shed.")


def test_unknown_law_cannot_be_waived(project: Project) -> None:
    """The names of others are among those that are offered."""
    project.add(said=LAW)

    with pytest.raises(ScenarioError, match="did you mean 'something-is-said'"):
        project.load(ASK, rest="waive: [something-said]\nbecause: Why not.")


def test_law_of_others_has_a_witness(project: Project) -> None:
    """What is not noticed, or not put to the test, is no witness."""
    project.add(said=LAW)
    sound = find_here("service:Weather")

    class Mute(sound):  # type: ignore[valid-type, misc] # a class of a module that was just written
        def ask(self, question: str) -> object:
            return super().ask(question).__class__(mode="told", text="nothing")

    assert_witnessed("something-is-said", breaks=Mute, keeps=sound)
    with pytest.raises(AssertionError, match="Weather should break 'something-is-said' alone"):
        assert_witnessed("something-is-said", breaks=sound, keeps=sound)
    with pytest.raises(AssertionError, match="should break no law"):
        assert_witnessed("something-is-said", breaks=Mute, keeps=Mute)
    project.add(said=LAW.replace("if not answers:", "if True:"))
    with pytest.raises(AssertionError, match="did not exercise 'something-is-said'"):
        assert_witnessed("something-is-said", breaks=Mute, keeps=sound)


def test_expectation_is_measured_and_checked(project: Project) -> None:
    """Its kind says what files may hold; what fails shows its events."""
    project.add(refusals=OBSERVABLE)
    refusing = "- inject: {upstream: weather, fault: http_error, status: 503, calls: 1}"

    result = project.play(refusing, ASK_TWICE, rest="expect: {refusals: 2}")

    (problem,) = result.problems
    assert (problem.seen, problem.expected) == ("1", "2")
    assert [result.trace[seq].kind for seq in problem.evidence] == ["response"]
    with pytest.raises(ScenarioError, match="expected a whole number from 0"):
        project.load(ASK, rest="expect: {refusals: many}")
    with pytest.raises(ScenarioError, match=r"is always .at_least: 0"):
        project.load(ASK, rest="expect: {refusals: {at_least: 0}}")


def test_measure_that_raises_fails_the_expectation(project: Project) -> None:
    """It must not look as if there had been nothing to judge."""
    project.add(refusals=OBSERVABLE.replace("refused = [", "refused = 1 / 0, ["))

    result = project.play(ASK, rest="expect: {refusals: 0}")

    assert result.outcome is Outcome.FAILED
    assert "cannot be measured: ZeroDivisionError" in result.problems[0].reason


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "said = response.json()",
            "1 / 0",
            "the stand-in for weather is broken: ZeroDivisionError",
        ),
        (
            "    def alter",
            "    def __init__(self, *a, **k):\n        1 / 0\n\n    def alter",
            ("fault 'brownout:Brownout' cannot be made: ZeroDivisionError"),
        ),
    ],
    ids=["when it strikes", "when it begins"],
)
def test_fault_that_raises_accuses_nobody(
    before: str, after: str, message: str, project: Project
) -> None:
    """Neither the service nor its target: the run proves nothing, and says whose mistake it is."""
    project.add(brownout=FAULT.replace(before, after))

    result = project.play(SHED, ASK_TWICE, rest="expect: {answers.told: 2}")

    assert [each.check for each in result.problems] == ["simulation"]
    assert result.outcome is Outcome.INCONCLUSIVE
    assert message in result.problems[0].reason


def test_words_that_raise_are_one_message(project: Project) -> None:
    """It names the fault whose words they are."""
    project.add(
        brownout=FAULT.replace(
            "    fault: Lit", "    def in_words(self):\n        1 / 0\n\n    fault: Lit"
        )
    )
    loaded = project.load(SHED, ASK_TWICE)

    with pytest.raises(ChaosError, match="'brownout:Brownout' cannot be put into words"):
        explain(loaded.scenario, find_here("service:Weather").vocabulary())


def test_law_that_gives_no_verdict_fails(project: Project) -> None:
    """None is no verdict, whatever it was meant to be."""
    project.add(said=LAW.replace('return self.passed("every', 'return ("every'))

    result = project.play(ASK, rest="expect: {answers.told: 1}")

    assert "which is not a verdict on 'something-is-said'" in result.problems[0].reason


def test_order_of_plug_ins_changes_nothing(project: Project) -> None:
    """Neither a trace nor a list depends on who is named first."""
    steps = (SHED, ASK_TWICE)
    project.add(brownout=FAULT, said=LAW, refusals=OBSERVABLE)
    first = project.play(*steps, rest="expect: {refusals: 0}")
    project.add(refusals=OBSERVABLE, said=LAW, brownout=FAULT)

    again = project.play(*steps, rest="expect: {refusals: 0}")

    assert again.digest == first.digest
    assert [each.check for each in again.laws] == [each.check for each in first.laws]


@pytest.mark.wire
def test_fault_is_played_in_both_tiers(project: Project) -> None:
    """Over sockets the service sees the same."""
    project.add(brownout=FAULT)
    loaded = project.load(SHED, ASK_TWICE, rest="expect: {answers.told: 2}")

    suite = session.run([loaded], tier=Tier.BOTH)

    assert [result.outcome for result in suite.results] == [Outcome.PASSED] * 2
