"""An agent whose tool gives money back: the law of at most once finds what does so twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import session
from chaos.defects.catalogue import defects_of
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds, Exploration
from chaos.prove.gate import Fate
from chaos.prove.proof import prove
from chaos.scenario.loader import LoadedScenario
from chaos.targets import find_target
from chaos.verdict import Outcome
from examples.agent.defects import DEFECTS

pytestmark = pytest.mark.slow

SCENARIOS = Path(__file__).parents[2] / "examples/agent/scenarios"
COUNT = 10


def broken_lamp(target: str) -> LoadedScenario:
    """The workload, for one of the agents."""
    (loaded,) = session.load([SCENARIOS / "broken-lamp.yaml"])
    scenario = loaded.scenario.model_copy(update={"target": f"examples.agent.target:{target}"})
    return LoadedScenario(scenario=scenario, source=loaded.source)


def search(target: str) -> tuple[Campaign, Exploration]:
    """Try each single fault on the workload."""
    campaign = Campaign(loaded=broken_lamp(target), bounds=Bounds(faults=1))
    return campaign, campaign.search()


def test_agent_passes_its_scenarios() -> None:
    """Threads and event loops; four of them put the law of at most once to the test."""
    suite = session.run(session.load([SCENARIOS]))

    assert [result.outcome for result in suite.results] == [Outcome.PASSED] * COUNT
    judged = [
        result.name
        for result in suite.results
        for law in result.laws
        if law.check == "at-most-once" and law.outcome is Outcome.PASSED
    ]
    assert judged == [
        "async-bank-answer-lost",
        "async-model-asks-twice",
        "bank-answer-lost",
        "model-asks-twice",
    ]


def test_sound_agent_survives_every_fault() -> None:
    """Any fault of the menu, at any call: nobody is left alone, and nobody is paid twice."""
    _, found = search("Agent")

    assert not found.findings
    assert found.stopped == ""
    assert found.runs > 50


@pytest.mark.parametrize(
    ("target", "upstream"), [("TrustingAgent", "bank"), ("RestartingAgent", "openai")]
)
def test_second_refund_is_found_and_written_down(
    tmp_path: Path, target: str, upstream: str
) -> None:
    """One fault will do, and the file fails by itself; with the sound agent it passes."""
    campaign, found = search(target)
    finding = found.findings["at-most-once"]

    list(campaign.write(found, tmp_path))

    path = tmp_path / "broken-lamp-at-most-once.yaml"
    (written,) = session.load([path])
    assert len(finding.deviations) == 1
    assert f"upstream: {upstream}" in path.read_text(encoding="utf-8")
    assert session.run([written]).outcome is Outcome.FAILED

    path.write_text(path.read_text(encoding="utf-8").replace(target, "Agent"), encoding="utf-8")
    (mended,) = session.load([path])
    suite = session.run([mended])
    assert "at-most-once" not in {problem.check for problem in suite.results[0].problems}


def test_every_planted_defect_is_noticed() -> None:
    """In both agents; a second refund by the law of at most once, which no scenario asks for."""
    suite = [(each, find_target(each.scenario.target)) for each in session.load([SCENARIOS])]

    proof = prove(suite, defects_of(dict.fromkeys(target for _, target in suite)))

    assert proof.is_sound
    assert {case.fate for case in proof.cases} == {Fate.KILLED}
    assert len(proof.cases) == 2 * len(DEFECTS)


@pytest.mark.parametrize(
    ("name", "target"),
    [("bank-answer-lost", "TrustingAgent"), ("async-bank-answer-lost", "TrustingAsyncAgent")],
)
def test_lost_answer_without_a_key_is_found_by_the_scenario(name: str, target: str) -> None:
    """In threads and in an event loop; nothing but the law fails."""
    (loaded,) = session.load([SCENARIOS / f"{name}.yaml"])
    scenario = loaded.scenario.model_copy(update={"target": f"examples.agent.target:{target}"})

    suite = session.run([LoadedScenario(scenario=scenario, source=loaded.source)])

    assert {problem.check for problem in suite.results[0].problems} == {"at-most-once"}
