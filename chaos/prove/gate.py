"""The gate: scenarios and laws against a service with one defect in it."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from enum import Enum

from chaos.checks.registry import law_names
from chaos.defects.defect import Defect, DefectError
from chaos.ports import Target
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.session import play_one
from chaos.simulation.world import Simulation
from chaos.verdict import Outcome


class Fate(Enum):
    """What became of a planted defect."""

    KILLED = "killed"
    """A scenario failed: whoever brings in this mistake is told so."""

    DOUBTED = "doubted"
    """Nothing failed, but a run came out inconclusive; it does not pass, but it does not say."""

    SURVIVED = "survived"
    """Everything passed: the gate is blind to it."""

    ERROR = "error"
    """It could not be planted, or took the whole process with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One scenario, played against one defect.

    Attributes:
        laws: Laws that were broken.
        checks: Whatever else did not pass: expectations, faults that never fired, a deadlock.
    """

    scenario: str
    outcome: Outcome
    laws: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: RunResult) -> Play:
        """What is worth keeping of a run."""
        names = dict.fromkeys(verdict.check for verdict in result.problems)
        laws = law_names()
        return cls(
            scenario=result.name,
            outcome=result.outcome,
            laws=tuple(name for name in names if name in laws),
            checks=tuple(name for name in names if name not in laws),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A defect, and what the gate made of it.

    Attributes:
        plays: In the order they were played.
        error: Why nothing could be concluded; None if something could.
    """

    defect: str
    plays: tuple[Play, ...] = ()
    error: str | None = None

    @property
    def caught(self) -> tuple[Play, ...]:
        """The plays that failed; if there are none, those that were inconclusive."""
        failed = tuple(play for play in self.plays if play.outcome is Outcome.FAILED)
        return failed or tuple(play for play in self.plays if play.outcome is not Outcome.PASSED)

    @property
    def fate(self) -> Fate:
        """What became of the defect."""
        if self.error is not None:
            return Fate.ERROR
        if not self.caught:
            return Fate.SURVIVED
        return Fate.KILLED if self.caught[0].outcome is Outcome.FAILED else Fate.DOUBTED


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectJob:
    """What to play against which defect.

    Attributes:
        scenarios: Those most likely to notice first, each with its target.
        plays_all: Go on after the first that fails.
    """

    defect: Defect
    scenarios: tuple[tuple[LoadedScenario, type[Target]], ...]
    plays_all: bool


def examine(job: DefectJob, simulation: Simulation) -> Case:
    """Plant the job's defect in this process, which is its own, and play until it is caught.

    Args:
        job: What to plant and play.
        simulation: A world that is entered already.
    """
    # What a defect breaks is judged by the trace, not by the noise it makes in logs and threads.
    logging.getLogger().addHandler(logging.NullHandler())
    threading.excepthook = lambda _: None
    plays: list[Play] = []
    try:
        with job.defect.planted():
            for scenario, target in job.scenarios:
                plays.append(Play.of(play_one(scenario, target, simulation)))
                if plays[-1].outcome is Outcome.FAILED and not job.plays_all:
                    break
    except DefectError as error:
        return Case(defect=job.defect.name, error=str(error))
    return Case(defect=job.defect.name, plays=tuple(plays))
