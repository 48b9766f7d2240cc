"""The agent of the examples on an unmodified framework: its scenarios hold, and a law finds more.

It is no client, and has no row: it is played here because the framework is installed here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import session
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds
from chaos.runner.suite import SuiteResult
from chaos.scenario.loader import LoadedScenario
from chaos.verdict import Outcome

SCENARIOS = Path(__file__).parents[3] / "examples/agent/scenarios"
PLAYED = sorted(each.stem for each in SCENARIOS.glob("*.yaml"))


def loaded(name: str, target: str) -> LoadedScenario:
    """One of the agent's scenarios, for the agent on the framework."""
    (found,) = session.load([SCENARIOS / f"{name}.yaml"])
    where = f"examples.agent.framework_target:{target}"
    scenario = found.scenario.model_copy(update={"target": where})
    return LoadedScenario(scenario=scenario, source=found.source)


def played(name: str, target: str = "FrameworkAgent") -> SuiteResult:
    """What came of it."""
    return session.run([loaded(name, target)])


@pytest.mark.parametrize("name", PLAYED)
def test_scenarios_of_the_agent_hold(name: str) -> None:
    """The same files as for the agent without a framework, to the number of calls."""
    suite = played(name)

    assert suite.outcome is Outcome.PASSED, suite.results[0].problems


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("bank-answer-lost", "TrustingFrameworkAgent"),
        ("model-asks-twice", "CallKeyedFrameworkAgent"),
    ],
)
def test_a_second_refund_is_found_by_the_law(name: str, target: str) -> None:
    """Nothing else fails, and no scenario asks for it."""
    suite = played(name, target)

    assert {problem.check for problem in suite.results[0].problems} == {"at-most-once"}


def test_no_fault_leads_to_a_second_refund() -> None:
    """Any fault of the menu, at any call of the workload; the careless one is found by one."""
    sound, careless = (
        Campaign(loaded=loaded("broken-lamp", target), bounds=Bounds(faults=1)).search()
        for target in ("FrameworkAgent", "TrustingFrameworkAgent")
    )

    assert sound.runs > 50
    assert not sound.findings
    assert sound.stopped == ""
    assert "at-most-once" in careless.findings
