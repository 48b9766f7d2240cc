"""A service that falls back from one provider to another: its mistakes are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import session
from chaos.compare.baseline import Baseline, conclude
from chaos.defects.defect import Defect
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds
from chaos.runner.result import RunResult
from chaos.scenario.laws import LAWS
from chaos.scenario.loader import LoadedScenario
from chaos.verdict import Outcome
from examples.two_models.defects import DEFECTS

pytestmark = pytest.mark.slow

SCENARIOS = Path(__file__).parents[2] / "examples/two_models/scenarios"
BY_LAW = {
    "second-model-goes-on": "no-fabricated-success",
    "half-is-whole": "no-fabricated-success",
    "no-words-are-an-answer": "no-fabricated-success",
    "only-statuses-are-failures": "every-ask-is-answered",
    "sdk-retries-the-first": "bounded-amplification",
}
"""Mistakes that nobody has to expect anything for."""


def named(name: str) -> Defect:
    """The planted defect of that name."""
    (found,) = [each for each in DEFECTS if each.name == name]
    return found


def broken_laws(results: tuple[RunResult, ...]) -> set[str]:
    """The laws among what is wrong."""
    return {problem.check for result in results for problem in result.problems} & set(LAWS)


def test_writer_passes_its_scenarios() -> None:
    """And the gate opens for it."""
    suite = session.run(session.load([SCENARIOS]))

    assert [result.outcome for result in suite.results] == [Outcome.PASSED] * 5
    assert (
        conclude(suite, Baseline.of(suite, Path()).compare(suite, [SCENARIOS])) is Outcome.PASSED
    )


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: each.name)
def test_every_mistake_is_noticed(defect: Defect) -> None:
    """By a scenario at least; those in the table by a law that knows no provider."""
    with defect.planted():
        suite = session.run(session.load([SCENARIOS]))

    assert suite.outcome is Outcome.FAILED
    if defect.name in BY_LAW:
        assert BY_LAW[defect.name] in broken_laws(tuple(suite.results))


def test_table_names_mistakes_that_there_are() -> None:
    """One that is renamed would be checked no more."""
    assert {named(name).name for name in BY_LAW} == BY_LAW.keys()


def question() -> LoadedScenario:
    """One question, with nothing expected of it but the laws."""
    (loaded,) = [
        each
        for each in session.load([SCENARIOS])
        if each.scenario.name == "stream-breaks-after-some-words"
    ]
    ask = loaded.scenario.method[1].model_copy(update={"expect": ()})
    bare = loaded.scenario.model_copy(update={"method": (ask,)})
    return LoadedScenario(scenario=bare, source=loaded.source)


def test_sound_writer_survives_every_fault() -> None:
    """Any fault of the menu, at any call of either model: no law is broken."""
    found = Campaign(loaded=question(), bounds=Bounds(faults=1)).search()

    assert not found.findings
    assert found.runs > 20
