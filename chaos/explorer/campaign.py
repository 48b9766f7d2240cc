"""A search as one asks for it: a scenario and bounds in, words and scenarios out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from chaos.errors import ChaosError
from chaos.explorer import telling
from chaos.explorer.asking import FAULT
from chaos.explorer.crew import crew_of
from chaos.explorer.exploration import Bounds, Exploration, Finding, explore, wander
from chaos.explorer.findings import Written, write_finding
from chaos.explorer.interleavings import interleaved
from chaos.explorer.menu import Menu
from chaos.explorer.subject import Subject
from chaos.explorer.workload import workload_of
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Explore
from chaos.targets import find_target
from chaos.tiers.simulated.world import Simulation


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What is to be searched, and how.

    Attributes:
        loaded: The scenario.
        bounds: How far to go; with preemptions, interleavings are searched instead of faults.
        menu: Which faults to try.
        users: Most users at once in interleavings; None leaves the scenario as it is.
        processes: How many play.
        at_random: Whether to leave the bound on faults, and walk at random.
        command: How all this was asked for, to be told with what is found.

    Raises:
        ChaosError: The scenario has nobody who asks, or its target names no code to interleave.
    """

    loaded: LoadedScenario
    bounds: Bounds
    menu: Menu = field(default_factory=Menu)
    users: int | None = None
    processes: int = 1
    at_random: bool = False
    command: str = "chaos explore"

    def __post_init__(self) -> None:
        target = find_target(self.loaded.scenario.target)
        if self.bounds.preemptions and not target.interleaved:
            raise ChaosError(
                f"target {target.name!r} names no code to interleave; expected the names of its "
                "modules in 'interleaved'; add them to the target"
            )

    @property
    def subject(self) -> Subject:
        """What is played over and over."""
        target = find_target(self.loaded.scenario.target)
        if self.bounds.preemptions:
            asked = self.loaded.scenario.explore or Explore()
            asked = asked.model_copy(update={"users": self.users or asked.users})
            scenario = self.loaded.scenario.model_copy(update={"explore": asked})
            return interleaved(target, replace(self.loaded, scenario=scenario))
        return Subject(
            loaded=workload_of(self.loaded),
            target=target,
            steers=frozenset({FAULT}),
            menu=self.menu,
        )

    def search(self, *, on_progress: Callable[[str], None] = lambda _: None) -> Exploration:
        """Play until everything is covered, or a limit is reached.

        Args:
            on_progress: Told every now and then how far the search has come.
        """
        subject = self.subject

        def on_run(exploration: Exploration) -> None:
            if exploration.runs % _TOLD_EVERY == 0:
                on_progress(telling.progress(exploration, self._noun))

        with crew_of(subject, self.processes) as crew:
            if self.at_random:
                return wander(crew, self.bounds, subject.seed, on_run=on_run)
            return explore(crew, self.bounds, on_run=on_run)

    def summary(self, found: Exploration) -> Iterator[str]:
        """What was covered, and what was not; then what was found."""
        yield from telling.summary(found, self.bounds, self._noun)
        for finding in found.findings.values():
            yield self._told(finding)
        if not found.findings:
            yield "found: nothing"

    def write(self, found: Exploration, folder: Path) -> Iterator[str]:
        """Write each finding as a scenario, and say where it is."""
        if not found.findings:
            return
        with Simulation() as simulation:
            for finding in found.findings.values():
                written = write_finding(
                    self.subject,
                    finding,
                    simulation,
                    folder=folder,
                    command=self.command,
                    shrinks=self.at_random,
                )
                yield _told_of(written)

    @property
    def _noun(self) -> str:
        return "preemption" if self.bounds.preemptions else "fault"

    def _told(self, finding: Finding) -> str:
        deviations = len(finding.deviations)
        return (
            f"found: {finding.problem.check}, in {finding.runs} runs, the first with "
            f"{deviations or 'no'} {self._noun}{'' if deviations == 1 else 's'}: "
            f"{finding.problem.reason}"
        )


_TOLD_EVERY = 20


def _told_of(written: Written) -> str:
    by_itself = "" if written.fails else " (it does not fail by itself; look into it)"
    return f"written: {written.path}{by_itself}; replay it with: chaos replay {written.path}"
