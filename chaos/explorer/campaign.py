"""A search as one asks for it: a scenario and bounds in, words and scenarios out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from chaos.errors import ChaosError
from chaos.explorer import search_text
from chaos.explorer.asking import FAULT
from chaos.explorer.exploration import LOST, Bounds, Exploration, Finding, explore, wander
from chaos.explorer.menu import Menu
from chaos.explorer.records import Key, Recorded
from chaos.explorer.subject import Run, Subject
from chaos.explorer.workers import Job, crew_of
from chaos.explorer.workload import interleavings_of, workload_of
from chaos.explorer.written_findings import Written, write_finding
from chaos.processes.executor import HERE, Executor, ExecutorLostError
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Explore
from chaos.targets import find_target
from chaos.tiers.simulated.world import SimulatedTier


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is known of a search before it begins.

    Attributes:
        runs: Runs by what their jobs are known by.
        on_played: Told of each run that is not among them, once it was played.
        real_s: Real time that the known runs have taken.
        is_earlier: Whether they are the beginning of this search, so that its limits begin anew.
    """

    runs: Mapping[Key, Run] = field(default_factory=dict)
    on_played: Callable[[Job, Run], None] = lambda _job, _run: None
    real_s: float = 0.0
    is_earlier: bool = False

    def beyond(self, bounds: Bounds) -> Bounds:
        """The bounds of the whole search, where these are of what is still to be played."""
        if not self.is_earlier:
            return bounds
        return replace(
            bounds,
            runs=bounds.runs and bounds.runs + len(self.runs),
            seconds=bounds.seconds and bounds.seconds + self.real_s,
        )


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What is to be searched, and how.

    Attributes:
        loaded: The scenario.
        bounds: How far to go. If faults are searched, the scenario gives only its users and
            steps; else it is played as it is.
        menu: Which faults to try.
        users: Most users at once in interleavings; None leaves the scenario as it is.
        executor: Where runs are played.
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
    executor: Executor = HERE
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

    def search(
        self,
        *,
        on_progress: Callable[[str], None] = lambda _: None,
        memory: Memory | None = None,
        takes: Callable[[int], bool] | None = None,
    ) -> Exploration:
        """Play until everything is covered, or a limit is reached.

        Args:
            on_progress: Told every now and then how far the search has come.
            memory: Runs that need not be played, and who is told of the others. Limits are of
                what is played now, if the memory is of earlier times.
            takes: Which part of the search to play; all by default.
        """
        subject = self.subject
        memory = memory or Memory()
        bounds = memory.beyond(self.bounds)

        def on_run(exploration: Exploration) -> None:
            if exploration.runs % _TOLD_EVERY == 0:
                on_progress(search_text.progress(exploration, self.bounds.noun))

        try:
            with crew_of(subject, self.executor) as playing:
                crew = Recorded(playing, memory.runs, memory.on_played)
                if self.at_random:
                    return wander(
                        crew,
                        bounds,
                        subject.seed,
                        on_run=on_run,
                        takes=takes,
                        earlier_s=memory.real_s,
                    )
                return explore(crew, bounds, on_run=on_run, takes=takes, earlier_s=memory.real_s)
        except ExecutorLostError as lost:
            # It went away between two searches, of which this is the second.
            return Exploration(stopped=LOST, lost=str(lost))

    def summary(self, found: Exploration) -> Iterator[str]:
        """What was covered, and what was not; then what was found."""
        yield from search_text.summary(found, self.bounds)
        yield from self.found(found)

    def found(self, found: Exploration) -> Iterator[str]:
        """What was found, whatever was covered."""
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
            return "has no effect on a random search; leave out one of --reduce and --random"
        if not self.bounds.preemptions:
            return (
                "leaves out interruptions, but none are searched; add --preemptions, or leave "
                "--reduce out"
            )
        if self.bounds.orders is not None:
            return (
                "may change the order of turns, which --orders limits; leave out one of --reduce "
                "and --orders"
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
