"""One world for all witnesses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """Entered once for a file of tests."""
    with SimulatedTier() as entered:
        yield entered
