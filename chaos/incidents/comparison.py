"""Plays incidents against services, several at once, and measures what they got."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from chaos import session
from chaos.errors import ChaosError
from chaos.incidents.catalogue import Incident
from chaos.incidents.measures import Row, faults_of, row_of
from chaos.ports import Vocabulary
from chaos.processes.pool import workers
from chaos.runner.collection import no_collection
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import (
    ActStep,
    AnyStep,
    ExpectStep,
    Given,
    InjectStep,
    RestartStep,
)
from chaos.scenario.vocabulary import RESTART
from chaos.simulation.world import Simulation
from chaos.targets import find_target
from chaos.targets.here import importable_here
from chaos.tiers.simulated.world import SimulatedTier

STRATEGIES = {
    "no-retry": "chaos.targets.strategies:NoRetry",
    "retry-only": "chaos.targets.strategies:RetryOnly",
    "retry-with-breaker": "chaos.targets.strategies:RetryWithBreaker",
}
"""The simple services to compare with, by the names that tables show."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One service in one incident; what a process is given to do."""

    incident: str
    path: Path
    target: str

    def __str__(self) -> str:
        return f"{self.incident} on {self.target}"


def pairs(incidents: Sequence[Incident], targets: Sequence[str]) -> list[Pair]:
    """Every incident with every service, in that order."""
    return [
        Pair(incident.name, incident.path, target) for incident in incidents for target in targets
    ]


def compare(
    wanted: Sequence[Pair], *, jobs: int, on_row: Callable[[Row], None] = lambda _: None
) -> list[Row]:
    """Play every pair and measure it.

    Each run is the same whichever process it is in and whatever runs beside it, so the rows are
    too, but for their real time.

    Args:
        wanted: What to play.
        jobs: How many processes there may be at once.
        on_row: Told of each row when it is there, in no order.

    Returns:
        The rows, in the order of the pairs.

    Raises:
        ChaosError: A file, or a target, is wrong; or a process died.
    """
    with importable_here():
        targets = [find_target(reference_of(pair.target)) for pair in wanted]
    isolated = any(target.isolation == "process" for target in targets)
    rows: dict[Pair, Row] = {}
    # The longest first, so that no process is left alone with one at the end.
    begun = sorted(wanted, key=lambda pair: _questions(pair.path), reverse=True)
    with importable_here(), workers(_measuring, jobs, isolated=isolated) as measuring:
        for pair, row in measuring.as_they_end(begun):
            rows[pair] = row
            on_row(row)
    return [rows[pair] for pair in wanted]


def _questions(path: Path) -> float:
    """About how many questions the users of a scenario ask in the background."""
    (loaded,) = session.load([path])
    return loaded.scenario.background_questions


@contextmanager
def _measuring() -> Iterator[Callable[[Pair], Row]]:
    with SimulatedTier() as simulation, no_collection():
        yield lambda pair: _measured(pair, simulation)


def _measured(pair: Pair, simulation: Simulation) -> Row:
    """Play one pair and measure it."""
    (loaded,) = session.load([pair.path])
    is_its_own = pair.target == loaded.scenario.target
    if not is_its_own:
        loaded = aimed_at(loaded, reference_of(pair.target))
    result = session.play_one(loaded, find_target(loaded.scenario.target), simulation)
    # Whoever could not be built or left the simulation has no numbers worth showing.
    if not result.laws:
        raise ChaosError(f"{pair}: {result.problems[0].reason}")
    return replace(row_of(result, loaded.scenario, claims=is_its_own), target=pair.target)


def aimed_at(loaded: LoadedScenario, target: str) -> LoadedScenario:
    """The same incident for another service: same faults, load and seed; no claims.

    What the service has no words for is left out: settings, what is given, actions, and faults
    of providers that it does not use.

    Raises:
        ChaosError: Nothing of the incident is left: it does not concern this service.
    """
    vocabulary = find_target(target).vocabulary()
    scenario = loaded.scenario
    method = tuple(
        step.model_copy(update={"expect": ()})
        for step in scenario.method
        if _concerns(step, vocabulary)
    )
    if not faults_of(method):
        upstreams = ", ".join(sorted(vocabulary.upstreams)) or "no provider"
        raise ChaosError(f"{scenario.name} does not affect {target!r}, which uses {upstreams}")
    given = {
        key: value for key, value in scenario.given.world().items() if key in vocabulary.given
    }
    given["settings"] = {
        key: value for key, value in scenario.given.settings.items() if key in vocabulary.settings
    }
    changes = {
        "target": target,
        "given": Given.model_validate(given),
        "steady_state": (),
        "method": method,
        "expect": (),
        "waive": (),
        "because": None,
        "seed": scenario.seed_or_default,
    }
    return LoadedScenario(scenario=scenario.model_copy(update=changes), source=loaded.source)


def _concerns(step: AnyStep, vocabulary: Vocabulary) -> bool:
    match step:
        case InjectStep():
            return step.inject.upstream in vocabulary.upstreams
        case RestartStep():
            return RESTART in vocabulary.actions
        case ActStep():
            return step.act in vocabulary.actions
        case _:
            return not isinstance(step, ExpectStep)


def reference_of(target: str) -> str:
    """A service as scenarios name it; simple ones have a shorter name in tables.

    Example:
        >>> reference_of("no-retry"), reference_of("helpdesk")
        ('chaos.targets.strategies:NoRetry', 'helpdesk')
    """
    return STRATEGIES.get(target, target)


def grouped(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each incident, in order."""
    for name in dict.fromkeys(row.incident for row in rows):
        yield name, [row for row in rows if row.incident == name]
