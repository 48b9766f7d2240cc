"""What a target brings along has the standing of what is shipped, for its own scenarios alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import extensions, session
from chaos.checks.registry import law_names
from chaos.explorer.menu import Menu
from chaos.extensions import ExtensionKind
from chaos.scenario.problems import ScenarioError
from chaos.targets.here import find_here
from chaos.verdict import Outcome
from tests.chaos.extensions.conftest import FAULT, LAW, OBSERVABLE, Project

BRINGING = f"""
from service import Weather
{FAULT}
{LAW}
{OBSERVABLE}

class Bringing(Weather):
    brings = (Brownout, SomethingIsSaid, Refusals)
"""
SHED = "- inject: {id: shed, upstream: weather, fault: brownout, without: text, calls: 1}"
ASK = "- ask: How is it?"


@pytest.fixture
def bringing(project: Project) -> Project:
    """A project with a target that brings things along, beside one that does not."""
    (project.folder / "bringing.py").write_text(BRINGING, encoding="utf-8")
    project.forget()
    return project


def of(project: Project, target: str, *lines: str, rest: str = "") -> Path:
    """A scenario for a target, named like it."""
    name = target.partition(":")[2].lower()
    path = project.folder / f"{name}.yaml"
    head = f"version: 1\nname: {name}\nhypothesis: It holds.\ntarget: {target}\nmethod:\n"
    steps = "".join(f"  {line}\n" for line in lines)
    path.write_text(f"{head}{steps}{rest}\n", encoding="utf-8")
    return path


def test_fault_law_and_expectation_are_used_from_the_class_alone(bringing: Project) -> None:
    """Without pyproject.toml or entry point: the fault strikes, and the law judges."""
    path = of(bringing, "bringing:Bringing", SHED, ASK, rest="expect: {refusals: 0}")

    (result,) = session.run(session.load([path]), is_alone=True).results

    judged = {law.check: law.outcome for law in result.laws}
    assert result.outcome is Outcome.FAILED
    assert judged["something-is-said"] is Outcome.FAILED
    assert [each.outcome for each in result.verdicts if "refusals" in each.check] == [
        Outcome.PASSED
    ]


def test_other_target_is_not_judged_whatever_is_played_beside_it(bringing: Project) -> None:
    """Its laws are the same, alone and in one suite with the target that brings one."""
    plain = of(bringing, "service:Weather", ASK, rest="expect: {answers.told: 1}")
    beside = of(bringing, "bringing:Bringing", ASK, rest="expect: {answers.told: 1}")

    alone, *_ = session.run(session.load([plain]), is_alone=True).results
    results = {run.name: run for run in session.run(session.load([beside, plain])).results}

    assert "something-is-said" in law_names(), "it is known by now"
    assert [law.check for law in results["weather"].laws] == [law.check for law in alone.laws]
    assert results["weather"].promised == alone.promised
    assert "something-is-said" in {law.check for law in results["bringing"].laws}


@pytest.mark.parametrize(
    ("lines", "rest", "said"),
    [
        ((SHED, ASK), "expect: {answers.told: 1}", "unknown fault 'brownout'"),
        ((ASK,), "expect: {refusals: 0}", "'refusals'"),
        (
            (ASK,),
            "waive: [something-is-said]\nbecause: It rains.\nexpect: {answers.told: 1}",
            "law 'something-is-said' belongs to another target",
        ),
    ],
    ids=["fault", "expectation", "law"],
)
def test_words_of_one_target_are_unknown_to_another(
    bringing: Project, lines: tuple[str, ...], rest: str, said: str
) -> None:
    """Also if the one that brings them was found before."""
    find_here("bringing:Bringing")

    with pytest.raises(ScenarioError) as caught:
        session.load([of(bringing, "service:Weather", *lines, rest=rest)])

    assert said in str(caught.value)


@pytest.mark.usefixtures("bringing")
def test_search_tries_what_the_target_brings() -> None:
    """Its faults are on the menu, and not on that of another."""
    mine, plain = find_here("bringing:Bringing"), find_here("service:Weather")

    def kinds(brings: object) -> set[str]:
        dishes = Menu().of(brings).at("weather", "get")  # type: ignore[arg-type] # a test's shorthand
        return {each.fault for each in dishes}  # type: ignore[attr-defined] # of every fault

    assert "brownout" in kinds(mine.vocabulary().brings)
    assert "brownout" not in kinds(plain.vocabulary().brings)


@pytest.mark.usefixtures("bringing")
def test_what_is_brought_is_forgotten_with_the_rest() -> None:
    """It comes back when its target is found again."""
    find_here("bringing:Bringing")
    extensions.forget()
    before = extensions.found(ExtensionKind.LAW)
    find_here("bringing:Bringing")

    assert "something-is-said" not in before
    assert "something-is-said" in extensions.found(ExtensionKind.LAW)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("brings = (int,)", "brings <class 'int'>; expected a class of one of"),
        ("brings = (Weather,)", "expected a class of one of these kinds: fault, "),
        ("brings = (Nameless,)", "'wrong:Nameless', named by target"),
        (
            "brings = (SomethingIsSaid,)\n    vocabulary = Weather.vocabulary",
            "give its Vocabulary brings=cls.brings",
        ),
    ],
    ids=["no extension", "of another kind", "not whole", "not in its words"],
)
def test_mistake_in_what_is_brought_names_the_target(
    bringing: Project, body: str, said: str
) -> None:
    """One message, when the target is found."""
    nameless = "class Nameless(Law):\n    def judge(self, run):\n        return self.passed('x')\n"
    text = f"from service import Weather\n{LAW}\n{nameless}\n\nclass Wrong(Weather):\n    {body}\n"
    (bringing.folder / "wrong.py").write_text(text, encoding="utf-8")

    with pytest.raises(ScenarioError) as caught:
        session.load([of(bringing, "wrong:Wrong", ASK, rest="expect: {answers.told: 1}")])

    assert said in str(caught.value)
