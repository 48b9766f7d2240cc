"""Writes what a search found as scenarios that fail until the service is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.explorer.asking import FAULT
from chaos.explorer.counterexample import named, smaller, struck_in, with_faults
from chaos.explorer.exploration import Finding
from chaos.explorer.interleavings import replay_interleaving
from chaos.explorer.shrink import fewer, plainer
from chaos.explorer.subject import SWITCH, Deviations, Played, Subject, problems_of
from chaos.explorer.yaml_text import scenario_text
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario, load_file
from chaos.scenario.model import Explore
from chaos.simulation.world import Simulation
from chaos.targets import vocabulary_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A finding in a file.

    Attributes:
        path: The file.
        result: What came of playing it, as ``chaos run`` would.
        fails: Whether it fails the check by itself, so that it can guard against it.
    """

    path: Path
    result: RunResult
    fails: bool


def write_finding(  # noqa: PLR0913 - what a finding and its file have in common
    subject: Subject,
    finding: Finding,
    simulation: Simulation,
    *,
    folder: Path,
    command: str,
    shrinks: bool = False,
) -> Written:
    """Write a finding as the smallest scenario that fails the same check.

    Args:
        subject: What was explored.
        finding: What was found.
        simulation: The world to run in; entered, and idle.
        folder: Where to put the file; it is made if need be. A file of another finding is left
            alone, and the name of this one gets a number.
        command: How it was found, for the comment.
        shrinks: Whether the run may have more deviations than it takes.
    """
    check = finding.problem.check
    deviations = finding.deviations
    if shrinks:
        deviations = _fewest(subject, simulation, deviations, check)
    loaded = named(_as_scenario(subject, simulation, deviations, check), finding.problem)
    path = _free_path(folder, loaded.scenario.name)
    loaded = replace(loaded, scenario=loaded.scenario.model_copy(update={"name": path.stem}))
    comment = f"Found by `{command}`:\n{finding.problem.reason}."
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(scenario_text(loaded.scenario, comment), encoding="utf-8")
    result = _replayed(load_file(path, vocabulary_of), subject, simulation)
    return Written(path=path, result=result, fails=_fails(result, check))


def _replayed(loaded: LoadedScenario, subject: Subject, simulation: Simulation) -> RunResult:
    """What comes of a scenario by itself."""
    if loaded.scenario.explore is None:
        return play(loaded, subject.target, simulation)
    return replay_interleaving(loaded, subject.target, simulation)


def _fewest(
    subject: Subject, simulation: Simulation, deviations: Deviations, check: str
) -> Deviations:
    def fails(tried: Sequence[tuple[int, int]]) -> bool:
        return check in subject.run(simulation, tuple(tried)).checks

    return plainer(tuple(fewer(deviations, fails)), fails)


def _as_scenario(
    subject: Subject, simulation: Simulation, deviations: Deviations, check: str
) -> LoadedScenario:
    played = subject.played(simulation, deviations)
    scenario = subject.loaded.scenario
    if FAULT in subject.steers:
        scenario = with_faults(
            scenario, struck_in(played.result.trace, played.faults, played.attempts)
        )
    if subject.steers != {FAULT}:
        scenario = scenario.model_copy(update={"explore": _repeating(played)})
    loaded = replace(subject.loaded, scenario=scenario)

    def again(tried: LoadedScenario) -> RunResult:
        return _replayed(tried, subject, simulation)

    # With fewer steps, other numbers would tell whose turn it is.
    shrinks = subject.steers == {FAULT} and _fails(again(loaded), check)
    return smaller(loaded, check, again) if shrinks else loaded


def _repeating(played: Played) -> Explore:
    """The interleaving of a run; faults are steps by now, and take no decision any more."""
    picks = dict(played.deviations)
    made = [
        (point.kind, picks.get(number, 0))
        for number, point in enumerate(played.points)
        if point.kind != FAULT
    ]
    while made and not made[-1][1]:
        made.pop()
    is_steered = any(point.kind == SWITCH for point in played.points)
    interruptions = sum(1 for kind, picked in made if kind == SWITCH and picked)
    return Explore(
        preemptions=max(1, interruptions) if is_steered else 0,
        # Without any choice, the file would ask for all interleavings instead of the first.
        choices=tuple(picked for _, picked in made) or (0,),
    )


def _fails(result: RunResult, check: str) -> bool:
    return check in {problem.check for problem in problems_of(result)}


def _free_path(folder: Path, name: str) -> Path:
    path, number = folder / f"{name}.yaml", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.yaml"
    return path
