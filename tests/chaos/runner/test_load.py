"""Background traffic: who asks when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from chaos.runner.result import RunResult
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import AskEvent
from tests.chaos.runner.test_life import run


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def asks_at(result: RunResult) -> Counter[float]:
    """How many questions were asked at each second."""
    return Counter(round(event.at_s, 3) for event in result.trace.of(AskEvent))


def test_users_of_a_load_ask_together_by_default(simulation: Simulation) -> None:
    """All at the same instant, again and again until its end."""
    result = run(simulation, "method: [load: {ask: How is it?, users: 3, every: 10s, for: 30s}]\n")

    assert asks_at(result) == {0: 3, 10: 3, 20: 3}


def test_spread_parts_the_users(simulation: Simulation) -> None:
    """Each begins a little later, evenly; from then on each keeps its own time."""
    steps = "method: [load: {ask: How is it?, users: 4, every: 20s, spread: 20s, for: 30s}]\n"
    result = run(simulation, steps)

    assert asks_at(result) == {0: 1, 5: 1, 10: 1, 15: 1, 20: 1, 25: 1}


def test_users_come_and_go_by_schedule(simulation: Simulation) -> None:
    """As many ask as the schedule has at that offset; who pauses comes back."""
    result = run(
        simulation,
        "method:\n"
        "  - advance: 5s\n"
        "  - load:\n"
        "      {ask: How is it?, users: {0s: 1, 20s: 3, 40s: 0, 50s: 2}, every: 10s, for: 1m}\n",
    )

    assert asks_at(result) == {5: 1, 15: 1, 25: 3, 35: 3, 55: 2}
