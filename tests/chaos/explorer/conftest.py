"""One world for all tests of the explorer, and how to load what they play."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator

import pytest

from chaos.explorer.subject import Run, Subject
from chaos.explorer.workers import Crew, Job
from chaos.ports import Target
from chaos.scenario.loader import LoadedScenario, load_text
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier

Load = Callable[[str, type[Target]], LoadedScenario]
CrewOf = Callable[[Subject], Crew]


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """Enter the simulated world once a module; what enters it by itself has its own."""
    with SimulatedTier() as entered:
        yield entered


@pytest.fixture
def load() -> Load:
    """Load the steps of a scenario for a target."""

    def load(steps: str, target: type[Target]) -> LoadedScenario:
        head = f"version: 1\nname: toy\nhypothesis: It holds.\ntarget: {target.name}\n"
        text = head + textwrap.dedent(steps)
        return load_text(text, "toy.yaml", lambda _: target.vocabulary())

    return load


@pytest.fixture
def crew_of(simulation: Simulation) -> CrewOf:
    """Play in the world of the tests."""

    def crew_of(subject: Subject) -> Crew:
        def crew(jobs: Iterable[Job]) -> Iterator[Run]:
            for job in jobs:
                yield subject.run(
                    simulation, job.deviations, wander=job.wander, looks_ahead=job.looks_ahead
                )

        return crew

    return crew_of
