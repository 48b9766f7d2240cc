"""What the service says of a refresh to whoever had it made is held against what it reports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.defects.edits import Rewrite
from chaos.runner.life import AUDIT, play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.targets.helpdesk.target import HelpdeskTarget
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome

SCENARIO = """
version: 1
name: told
hypothesis: It is so.
method:
  - refresh_index
  - inject: {upstream: gcs, fault: http_error, status: 404}
  - refresh_index
expect: {calls.gcs: {at_least: 2}}
"""


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def refreshed(simulation: Simulation) -> RunResult:
    """One refresh that finds nothing newer, and one that fails."""
    loaded = load_text(SCENARIO, "told.yaml", lambda _: HelpdeskTarget.vocabulary())
    return play(loaded, HelpdeskTarget, simulation)


def test_what_is_said_of_refreshes_is_so(simulation: Simulation) -> None:
    """The service itself passes."""
    assert refreshed(simulation).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("becomes", "told"),
    [
        pytest.param("self._live.refresh() and None", "returns None", id="nothing"),
        pytest.param(
            "replace(self._live.refresh(), outcome='updated')",
            "it is said to be 'updated', and none such is reported",
            id="success",
        ),
        pytest.param(
            "replace(self._live.refresh(), outcome='failed', error=None)",
            "it failed, and the service does not say why",
            id="without a reason",
        ),
    ],
)
def test_a_lie_about_a_refresh_fails_the_run(
    becomes: str, told: str, simulation: Simulation
) -> None:
    """A run whose one flaw is what is returned to the caller."""
    diff = f"- return self._live.refresh()\n+ from dataclasses import replace\n+ return {becomes}"
    with Rewrite("helpdesk.faiss_helpdesk_service", diff).applied():
        result = refreshed(simulation)

    assert [each.check for each in result.problems] == [AUDIT] * len(result.problems)
    assert any(told in each.reason for each in result.problems), result.problems
