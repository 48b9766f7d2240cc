"""A search as one asks for it: a scenario and bounds in, words and scenarios out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chaos.errors import ChaosError
from chaos.explorer import telling
from chaos.explorer.asking import FAULT
from chaos.explorer.crew import crew_of
from chaos.explorer.exploration import Bounds, Exploration, Finding, explore, wander
from chaos.explorer.findings import Written, write_finding
from chaos.explorer.menu import Menu
from chaos.explorer.subject import Subject
from chaos.explorer.workload import interleavings_of, workload_of
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Explore
from chaos.targets import find_target
from chaos.tiers.simulated.world import SimulatedTier


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What is to be searched, and how.

    Attributes:
        loaded: The scenario.
        bounds: How far to go. If faults are searched, the scenario gives only its users and
            steps; else it is played as it is.
        menu: Which faults to try.
        users: Most users at once in interleavings; None leaves the scenario as it is.
        processes: How many play.
        at_random: Whether to leave the bound on faults, and walk at random.
        command: How all this was asked for, to be told with what is found.

    Raises:
        ChaosError: The scenario has nobody who asks, or its target names no code to interleave, or
            a search is to be reduced that cannot be.
    """

    loaded: LoadedScenario
    bounds: Bounds
    menu: Menu = field(default_factory=Menu)
    users: int | None = None
    processes: int = 1
    at_random: bool = False
    command: str = "chaos explore"

    def __post_init__(self) -> None:
        target = self.subject.target
        if self.bounds.preemptions and not target.interleaved:
            raise ChaosError(
                f"target {target.name!r} names no code to interleave; expected the names of its "
                "modules in 'interleaved'; add them to the target"
            )
        if self.bounds.reduces and (wrong := self._not_reducible()):
            raise ChaosError(f"--reduce {wrong}")

    @property
    def subject(self) -> Subject:
        """What is played over and over."""
        steers = self.bounds.kinds
        asked = self.loaded.scenario.explore or Explore()
        asked = asked.model_copy(update={"users": self.users or asked.users})
        loaded = workload_of(self.loaded) if FAULT in steers else self.loaded
        return Subject(
            loaded=loaded if steers == {FAULT} else interleavings_of(loaded, asked),
            target=find_target(self.loaded.scenario.target),
            steers=steers,
            menu=self.menu,
            reduces=self.bounds.reduces,
        )

    def search(self, *, on_progress: Callable[[str], None] = lambda _: None) -> Exploration:
        """Play until everything is covered, or a limit is reached.

        Args:
            on_progress: Told every now and then how far the search has come.
        """
        subject = self.subject

        def on_run(exploration: Exploration) -> None:
            if exploration.runs % _TOLD_EVERY == 0:
                on_progress(telling.progress(exploration, self.bounds.noun))

        with crew_of(subject, self.processes) as crew:
            if self.at_random:
                return wander(crew, self.bounds, subject.seed, on_run=on_run)
            return explore(crew, self.bounds, on_run=on_run)

    def summary(self, found: Exploration) -> Iterator[str]:
        """What was covered, and what was not; then what was found."""
        yield from telling.summary(found, self.bounds)
        for finding in found.findings.values():
            yield self._told(finding)
        if not found.findings:
            yield "found: nothing"

    def write(self, found: Exploration, folder: Path) -> Iterator[Written]:
        """Write each finding as a scenario."""
        if not found.findings:
            return
        with SimulatedTier() as simulation:
            for finding in found.findings.values():
                yield write_finding(
                    self.subject,
                    finding,
                    simulation,
                    folder=folder,
                    command=self.command,
                    shrinks=self.at_random,
                )

    def _not_reducible(self) -> str:
        """Why interruptions cannot be left out of this search; empty if they can."""
        if self.at_random:
            return "leaves nothing out of a random search; leave out one of --reduce and --random"
        if not self.bounds.preemptions:
            return (
                "leaves out interruptions, and there are none; give --preemptions, or leave it out"
            )
        if self.bounds.orders is not None:
            return (
                "may come to other turns, which --orders limits; "
                "leave out one of --reduce and --orders"
            )
        return ""

    def _told(self, finding: Finding) -> str:
        deviations = len(finding.deviations)
        return (
            f"found: {finding.problem.check}, in {finding.runs} runs, the first with "
            f"{deviations or 'no'} {self.bounds.noun}{'' if deviations == 1 else 's'}: "
            f"{finding.problem.reason}"
        )


_TOLD_EVERY = 20
