"""One simulation for all tests of the tier, and a fresh run for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from tests.chaos.simulation.toys import World


@pytest.fixture(scope="package")
def simulation() -> Iterator[Simulation]:
    """Freeze time once; that costs more than many runs."""
    with SimulatedTier() as simulation:
        yield simulation


@pytest.fixture
def world(simulation: Simulation) -> Iterator[World]:
    """A run with toys in it, at time zero."""
    world = World(simulation)
    yield world
    world.run.close()
