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
from chaos.explorer.subject import Deviations, Subject, problems_of
from chaos.explorer.yaml_text import scenario_text
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario, load_file
from chaos.scenario.model import Explore
from chaos.targets import vocabulary_of
from chaos.tiers.simulated.world import Simulation


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
    if FAULT in subject.steers:
        loaded = _as_scenario(subject, simulation, deviations, check)
    else:
        loaded = _as_interleaving(subject, deviations)
    loaded = named(loaded, finding.problem)
    path = _free_path(folder, loaded.scenario.name)
    loaded = replace(loaded, scenario=loaded.scenario.model_copy(update={"name": path.stem}))
    comment = f"Found by `{command}`:\n{finding.problem.reason}."
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(scenario_text(loaded.scenario, comment), encoding="utf-8")
    written = load_file(path, vocabulary_of)
    if FAULT in subject.steers:
        result = play(written, subject.target, simulation)
    else:
        result = replay_interleaving(written, subject.target, simulation)
    return Written(path=path, result=result, fails=_fails(result, check))


def _fewest(
    subject: Subject, simulation: Simulation, deviations: Deviations, check: str
) -> Deviations:
    def fails(tried: Sequence[tuple[int, int]]) -> bool:
        return check in subject.run(simulation, tuple(tried)).checks

    return plainer(tuple(fewer(deviations, fails)), fails)


def _as_scenario(
    subject: Subject, simulation: Simulation, deviations: Deviations, check: str
) -> LoadedScenario:
    result, faults = subject.result(simulation, deviations)
    scenario = with_faults(subject.loaded.scenario, struck_in(result.trace, faults))
    loaded = replace(subject.loaded, scenario=scenario)

    def again(tried: LoadedScenario) -> RunResult:
        return play(tried, subject.target, simulation)

    return smaller(loaded, check, again) if _fails(again(loaded), check) else loaded


def _as_interleaving(subject: Subject, deviations: Deviations) -> LoadedScenario:
    picks = dict(deviations)
    last = max(picks, default=-1)
    explore = Explore(
        preemptions=max(1, len(deviations)),
        choices=tuple(picks.get(number, 0) for number in range(last + 1)),
    )
    scenario = subject.loaded.scenario.model_copy(update={"explore": explore})
    return replace(subject.loaded, scenario=scenario)


def _fails(result: RunResult, check: str) -> bool:
    return check in {problem.check for problem in problems_of(result)}


def _free_path(folder: Path, name: str) -> Path:
    path, number = folder / f"{name}.yaml", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.yaml"
    return path
