"""Shipped scenarios in both tiers; ``chaos run --tier both`` plays all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from chaos import session
from chaos.compare.tiers.differences import compare
from chaos.compare.tiers.side_by_side import in_columns, sides_of
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.simulation.world import Simulation
from chaos.targets import find_target
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.wire.locate import LocatedToxiproxy
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.world import WireTier
from chaos.verdict import Outcome

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[3] / "scenarios"
NAMES = (
    "one-trial-among-twenty",
    "never-two-generations",
    "trickling-download-meets-the-budget",
    "cut-streams-are-never-shown",
)
"""Many users at once, both SDKs, a deadline within a body, and streams."""


def run(loaded: LoadedScenario, simulation: Simulation) -> RunResult:
    """Play one scenario."""
    return play(loaded, find_target(loaded.scenario.target), simulation)


@pytest.fixture(scope="module")
def both(location: LocatedToxiproxy) -> Mapping[str, tuple[RunResult, RunResult]]:
    """The scenarios, first in the simulated tier, then on the wire."""
    scenarios = [each for each in session.load([ROOT]) if each.scenario.name in NAMES]
    with SimulatedTier() as simulation:
        simulated = [run(each, simulation) for each in scenarios]
    with WireTier(Toxiproxy(location)) as simulation:
        wire = [run(each, simulation) for each in scenarios]
    return {
        each.scenario.name: pair
        for each, pair in zip(scenarios, zip(simulated, wire, strict=True), strict=True)
    }


@pytest.mark.parametrize("name", NAMES)
def test_scenario_takes_the_same_course_in_both_tiers(
    both: Mapping[str, tuple[RunResult, RunResult]], name: str
) -> None:
    """The same verdict, and the same trace, event for event."""
    simulated, wire = both[name]

    differences = compare(simulated.trace, wire.trace)

    assert not differences, "\n\n".join(in_columns(sides_of(each)) for each in differences)
    assert (simulated.outcome, wire.outcome) == (Outcome.PASSED, Outcome.PASSED), wire.problems
