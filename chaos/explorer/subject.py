"""One run out of the many: a workload, and the decisions by which this run differs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chaos.choices import Choices, Steered
from chaos.explorer.asking import FAULT, AskingInjector, ConnectAttempt
from chaos.explorer.equivalence import watched
from chaos.explorer.menu import Menu
from chaos.faults.injector import Injector
from chaos.ports import Target
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.faults import Fault
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import AskStep, LoadStep
from chaos.simulation.conflicts.footprints import Footprints
from chaos.simulation.world import Simulation
from chaos.verdict import Outcome, Verdict

SWITCH = "switch"
"""The kind of decision that interrupts a user between two lines; 0 is for going on."""

ORDER = "order"
"""The kind of decision that says who goes on when several can; it interrupts nobody."""

Deviations = tuple[tuple[int, int], ...]
"""Number of a decision, counted from 0, and what was picked; all others are 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A decision of a run that could have come out otherwise.

    Attributes:
        label: What was asked.
        options: How many possibilities there were.
        idle: Those that would have made no difference from the first.
        state: Equal to that of another run if all that follows is the same; None if unknown.
        place: Where in the code a user could be interrupted, if it would come to the same a few
            lines later unless somebody races for what is touched in between; empty otherwise.
    """

    label: str
    options: int
    idle: frozenset[int] = frozenset()
    state: str | None = None
    place: str = ""

    @property
    def kind(self) -> str:
        """What sort of decision it is."""
        return self.label.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCheck:
    """Something that a run did wrong: the check it failed, and why."""

    check: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the search needs to know of a run; small, since it travels between processes.

    Attributes:
        deviations: How it differs from the ordinary run.
        points: The decisions that were searched.
        problems: What it did wrong.
        virtual_s: How long it took.
        races: Places at which the order of two users was seen to matter; see `Footprints`.
    """

    deviations: Deviations
    points: tuple[Point, ...] = field(repr=False)
    problems: tuple[FailedCheck, ...]
    virtual_s: float
    races: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def checks(self) -> frozenset[str]:
        """What it failed."""
        return frozenset(problem.check for problem in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wander:
    """How a run leaves the beaten track: ``share`` of its decisions are drawn from ``seed``."""

    seed: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is explored.

    Attributes:
        loaded: The scenario to play.
        target: The service under test.
        steers: Kinds of decisions to search: any of `FAULT`, `SWITCH` and `ORDER`.
        menu: Which faults there are to pick.
        reduces: Whether to find out where an interruption would come to the same as another.
    """

    loaded: LoadedScenario
    target: type[Target]
    steers: frozenset[str]
    menu: Menu = field(default_factory=Menu)
    reduces: bool = False

    @property
    def seed(self) -> int:
        """Of all decisions that are not searched."""
        return self.loaded.scenario.seed_or_default

    def run(
        self,
        simulation: Simulation,
        deviations: Deviations = (),
        *,
        wander: Wander | None = None,
        looks_ahead: bool = False,
    ) -> Run:
        """Play one run and say what came of it.

        Args:
            simulation: The world to run in; entered, and idle.
            deviations: How it differs from the ordinary run.
            wander: How else it does, at random.
            looks_ahead: Whether to find out what need not be tried from here.
        """
        return self.played(simulation, deviations, wander=wander, looks_ahead=looks_ahead).run

    def played(
        self,
        simulation: Simulation,
        deviations: Deviations = (),
        *,
        wander: Wander | None = None,
        looks_ahead: bool = False,
    ) -> Played:
        """Like `run`, with all that the run leaves behind."""
        choices = Steered(
            self.seed,
            kinds=self.steers,
            deviations=dict(deviations),
            wander=wander.share if wander else 0.0,
            wander_seed=wander.seed if wander else 0,
        )
        asking: list[AskingInjector] = []

        def injector(_: Choices) -> Injector:
            if FAULT not in self.steers:
                return Injector(choices)
            menu = self.menu.of(self.target.vocabulary().brings)
            asking.append(AskingInjector(choices, menu, looks_ahead=looks_ahead))
            return asking[0]

        states: dict[int, str] = {}
        footprints = Footprints(lambda: len(choices.steered)) if self.reduces else None
        # Where lines are decisions, to look at the service's state would be to take some.
        looks_around = looks_ahead and SWITCH not in self.steers and not _hides_work(self)
        result = play(
            self.loaded,
            watched(self.target, choices, states, lambda: _open_connections(asking))
            if looks_around
            else self.target,
            simulation,
            choices=choices,
            injector=injector,
            interleaved=self.target.interleaved if SWITCH in self.steers else (),
            footprints=footprints,
        )
        idle = asking[0].idle if asking else {}
        places = footprints.places() if footprints is not None else {}
        return Played(
            result=result,
            faults=tuple(asking[0].struck) if asking else (),
            attempts=tuple(asking[0].attempts) if asking else (),
            deviations=tuple(choices.deviations.items()),
            points=tuple(_points(choices, idle, states, places)),
            races=footprints.races() if footprints is not None else frozenset(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A run in full.

    Attributes:
        result: Its trace and its verdicts.
        faults: Those that it suffered, with the ids they had.
        attempts: Every attempt to connect.
        deviations: Every decision that was not 0.
        points: Every decision that was searched.
        races: Places at which the order of two users was seen to matter.
    """

    result: RunResult
    faults: tuple[Fault, ...]
    attempts: tuple[ConnectAttempt, ...]
    deviations: Deviations
    points: tuple[Point, ...]
    races: frozenset[str] = frozenset()

    @property
    def run(self) -> Run:
        """What the search needs to know of it."""
        return Run(
            deviations=self.deviations,
            points=self.points,
            problems=tuple(problems_of(self.result)),
            virtual_s=self.result.virtual_s,
            races=self.races,
        )


def _open_connections(asking: Sequence[Injector]) -> Hashable:
    connections = asking[0].connections if asking else None
    return connections.idle() if connections is not None else None


def _points(
    choices: Steered,
    idle: Mapping[int, frozenset[int]],
    states: Mapping[int, str],
    places: Mapping[int, str],
) -> Iterator[Point]:
    for number, made in enumerate(choices.steered):
        yield Point(
            label=made.label,
            options=made.options,
            idle=idle.get(number, frozenset()),
            state=states.get(number),
            place=places.get(number, ""),
        )


def problems_of(result: RunResult) -> Iterator[FailedCheck]:
    """What a run did wrong, failures first."""
    for verdict in result.problems:
        if not _is_of_no_matter(verdict):
            yield FailedCheck(check=verdict.check, reason=verdict.reason)


def _is_of_no_matter(verdict: Verdict) -> bool:
    """Whether it makes a scenario inconclusive, and a search no poorer.

    A fault that changed nothing is one of the possibilities; and a workload is judged by laws.
    """
    return verdict.outcome is Outcome.INCONCLUSIVE and (
        verdict.check == "expect" or verdict.check.startswith("fault ")
    )


def _hides_work(subject: Subject) -> bool:
    """Whether something may be due that the number of questions so far does not tell."""
    return any(
        step.at is not None
        or isinstance(step, LoadStep)
        # Of two users who ask again and again, one may be ahead of the other, or still pause.
        or (isinstance(step, AskStep) and step.ask.users > 1 and step.ask.times > 1)
        for step in subject.loaded.scenario.method
    )
