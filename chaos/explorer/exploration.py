"""A search from its bounds to its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from chaos.explorer.asking import FAULT
from chaos.explorer.subject import ORDER, SWITCH, Deviations, FailedCheck, Run, Wander
from chaos.explorer.tree import Tree
from chaos.explorer.workers import Crew, Job
from chaos.processes.executor import ExecutorLostError
from chaos.simulation.timing import real

LOST = "the loss of --executor"
"""What ends a search whose runs nobody plays any more."""

_NOUNS = {FAULT: "fault", SWITCH: "preemption", ORDER: "reordering"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far to go.

    Attributes:
        faults: Most faults in one run.
        preemptions: Most interruptions in one run.
        orders: How often, at most, somebody other than the first in line goes on when several
            could; None for no limit, if there are preemptions, and else for what the seed draws.
        runs: Stop after so many runs; None for no limit.
        seconds: Stop after so many real seconds; None for no limit.
        stops_at_first: Whether to stop at the first finding.
        prunes: Whether to leave out runs that would come to the same.
        reduces: Whether to interrupt users only where it could matter; see `Footprints`.
    """

    faults: int = 0
    preemptions: int = 0
    orders: int | None = None
    runs: int | None = None
    seconds: float | None = None
    stops_at_first: bool = False
    prunes: bool = True
    reduces: bool = False

    @property
    def deviations(self) -> Mapping[str, int]:
        """Most deviations of each kind that is limited."""
        limits = {FAULT: self.faults, SWITCH: self.preemptions, ORDER: self.orders}
        return {kind: most for kind, most in limits.items() if most is not None}

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of decisions to search; faults, if nothing else is asked for."""
        kinds = {kind for kind, most in self.deviations.items() if most}
        return frozenset(kinds | ({ORDER} if self.preemptions else set()) or {FAULT})

    @property
    def noun(self) -> str:
        """What a deviation is called."""
        limited = [kind for kind, most in self.deviations.items() if most]
        return _NOUNS[limited[0]] if len(limited) == 1 else "deviation" if limited else "fault"


@dataclass(slots=True, kw_only=True)
class Finding:
    """A check that some runs failed.

    Attributes:
        problem: The check, and how the first of these runs failed it.
        deviations: Those of the first: there is no failing run with fewer, if the search went by
            their number.
        runs: How many failed it.
    """

    problem: FailedCheck
    deviations: Deviations
    runs: int = 1


@dataclass(slots=True, kw_only=True)
class Exploration:
    """What a search has come to so far.

    Attributes:
        runs: Runs played.
        real_s: Real time they took, in seconds.
        virtual_s: Virtual time in them, in seconds.
        depth: Deviations in the runs that are being played.
        done: Runs of this depth that were played.
        due: Runs of this depth there are, as far as is known; 0 at the end, and at random.
        finished: For each depth that was gone through, the number of its runs.
        saved: Runs left out because they would have come to the same.
        put_off: Interruptions that were not tried because nobody raced for anything there.
        findings: By check, in the order in which they were found.
        stopped: What ended it early: an option, such as ``--runs``, or `LOST`; empty if nothing
            did.
        lost: What became of those who played, if that ended it; empty otherwise.
    """

    runs: int = 0
    real_s: float = 0.0
    virtual_s: float = 0.0
    depth: int = 0
    done: int = 0
    due: int = 1
    finished: tuple[int, ...] = ()
    saved: int = 0
    put_off: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)
    stopped: str = ""
    lost: str = ""

    @property
    def rate(self) -> float:
        """Runs a second."""
        return self.runs / self.real_s if self.real_s else 0.0

    def note(self, run: Run) -> None:
        """Take a run into account."""
        self.runs += 1
        self.virtual_s += run.virtual_s
        for problem in run.problems:
            known = self.findings.get(problem.check)
            if known is None:
                self.findings[problem.check] = Finding(problem=problem, deviations=run.deviations)
            else:
                known.runs += 1


OnRun = Callable[[Exploration], None]
"""Told of the progress after each run."""


def explore(
    crew: Crew,
    bounds: Bounds,
    *,
    on_run: OnRun = lambda _: None,
    takes: Callable[[int], bool] | None = None,
    earlier_s: float = 0.0,
) -> Exploration:
    """Play every run within the bounds, those with the fewest deviations first.

    Args:
        crew: Plays the runs.
        bounds: How far to go.
        on_run: Told of the progress.
        takes: Which part of the tree to search; see `Tree`.
        earlier_s: Real time that was spent on this search before, in seconds.
    """
    deepest = sum(bounds.deviations.values())

    def play(all_deviations: Iterable[Deviations]) -> Iterator[Run]:
        # Runs at the bottom of the tree have no children to find out about.
        looks_ahead = bounds.prunes and tree.depth < deepest
        return crew(
            Job(deviations=deviations, looks_ahead=looks_ahead) for deviations in all_deviations
        )

    tree = Tree(play, bounds.deviations, prunes=bounds.prunes, takes=takes)
    exploration = Exploration()
    began_s = real.monotonic() - earlier_s
    with _noting_loss(exploration):
        for run in tree:
            exploration.note(run)
            exploration.real_s = real.monotonic() - began_s
            exploration.depth, exploration.done, exploration.due = tree.depth, tree.done, tree.due
            on_run(exploration)
            exploration.stopped = _spent(exploration, bounds)
            if exploration.stopped:
                break
    if exploration.lost:
        # The first run of a depth may be the one that nobody played.
        exploration.depth, exploration.done, exploration.due = tree.depth, tree.done, tree.due
    if tree.is_finished:
        exploration.stopped = ""
        exploration.due = 0
    exploration.finished = tuple(tree.finished)
    exploration.saved = tree.saved()
    exploration.put_off = tree.put_off
    return exploration


def wander(  # noqa: PLR0913 - what a walk consists of; all but the first three by keyword
    crew: Crew,
    bounds: Bounds,
    seed: int,
    *,
    share: float = 0.3,
    on_run: OnRun = lambda _: None,
    takes: Callable[[int], bool] | None = None,
    earlier_s: float = 0.0,
) -> Exploration:
    """Play runs with any number of deviations, at random, until the bounds end it.

    Args:
        crew: Plays the runs.
        bounds: Its runs and seconds; at least one of them must be limited.
        seed: Makes the walks differ; equal seeds give equal runs.
        share: Of the decisions, that are drawn at random.
        on_run: Told of the progress.
        takes: Which of the walks to go, by their numbers; all by default.
        earlier_s: Real time that was spent on this search before, in seconds.
    """
    assert bounds.runs or bounds.seconds, "nothing would ever end it"
    exploration = Exploration(due=0)
    began_s = real.monotonic() - earlier_s
    # All machines together play what one would.
    numbers = count() if bounds.runs is None else iter(range(bounds.runs))
    walks = (
        Job(wander=Wander(seed=seed + number, share=share))
        for number in numbers
        if takes is None or takes(number)
    )
    with _noting_loss(exploration):
        for run in crew(walks):
            exploration.note(run)
            exploration.real_s = real.monotonic() - began_s
            on_run(exploration)
            exploration.stopped = _spent(exploration, bounds)
            if exploration.stopped:
                break
    exploration.stopped = exploration.stopped or "--runs"
    return exploration


@contextmanager
def _noting_loss(exploration: Exploration) -> Iterator[None]:
    """What was played before those who play were lost is a search that was ended early."""
    try:
        yield
    except ExecutorLostError as lost:
        exploration.stopped, exploration.lost = LOST, str(lost)


def _spent(exploration: Exploration, bounds: Bounds) -> str:
    if bounds.runs is not None and exploration.runs >= bounds.runs:
        return "--runs"
    if bounds.seconds is not None and exploration.real_s >= bounds.seconds:
        return "--seconds"
    if bounds.stops_at_first and exploration.findings:
        return "--stop-at-first"
    return ""
