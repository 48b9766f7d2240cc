"""A Toxiproxy, found or built once, and a world of real sockets."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from chaos.errors import MissingComponentError
from chaos.tiers.wire.locate import LocatedToxiproxy, find_or_build
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.world import WireTier
from tests.chaos.simulation.toys import World


@pytest.fixture(scope="session")
def location() -> LocatedToxiproxy:
    """Where Toxiproxy is. Without one the test is skipped; in CI it fails."""
    try:
        return find_or_build()
    except MissingComponentError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def simulation(location: LocatedToxiproxy) -> Iterator[WireTier]:
    """Sockets for the tests of a module; only one simulation can be on at a time."""
    with WireTier(Toxiproxy(location)) as simulation:
        yield simulation


@pytest.fixture
def world(simulation: WireTier) -> Iterator[World]:
    """A run with toys in it, at time zero; whatever went wrong on the wire fails the test."""
    world = World(simulation)
    yield world
    world.run.finish()
