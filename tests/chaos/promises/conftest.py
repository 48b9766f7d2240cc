"""One simulation for all tests of the folder, and a run for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.tiers.simulated.world import SimulatedTier
from tests.chaos.promises.town import Opens, opening


@pytest.fixture(scope="package")
def simulation() -> Iterator[SimulatedTier]:
    """Take over once; that costs more than many runs."""
    with SimulatedTier() as simulation:
        yield simulation


@pytest.fixture
def town(simulation: SimulatedTier) -> Opens:
    """Opens a world with a town in it."""
    return opening(simulation)
