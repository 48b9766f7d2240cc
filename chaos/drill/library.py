"""The scenarios and incidents that can be played live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos import session
from chaos.errors import ChaosError
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import AdvanceStep, AnyStep, AskStep, LoadStep, RestartStep
from chaos.scenario.problems import ScenarioError
from chaos.scenario.scalars import write
from chaos.serve.meaning import check
from chaos.units import format_duration

_TARGET = "helpdesk"
TOUR = Path(__file__).parent / "tour.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Playable:
    """A scenario that can be played.

    Attributes:
        loaded: The scenario.
        lasts: How long that takes at least, for people.
        lasts_s: The same in seconds.
        unlike: The settings and the copy of the index that it was written for.
    """

    loaded: LoadedScenario
    lasts: str
    lasts_s: float
    unlike: str


class Library:
    """Scenarios by name, read when somebody looks.

    Args:
        paths: Files and folders.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._pieces: dict[str, Playable] | None = None

    def pieces(self) -> dict[str, Playable]:
        """Every scenario that a drill can play, the shortest first."""
        if self._pieces is None:
            loaded = session.load_all([TOUR, *self._paths]).scenarios
            found = [_piece(each) for each in loaded if _can_be_played(each)]
            found.sort(key=lambda piece: piece.lasts_s)
            self._pieces = {piece.loaded.scenario.name: piece for piece in found}
        return self._pieces

    def find(self, name: str) -> LoadedScenario:
        """The scenario of this name.

        Raises:
            ChaosError: There is none that can be played.
        """
        piece = self.pieces().get(name)
        if piece is None:
            raise ChaosError(f"no scenario {name!r} can be played here; choose one of the list")
        return piece.loaded


def length_s(steps: Iterable[AnyStep]) -> float:
    """How long steps take at least.

    Example:
        >>> from datetime import timedelta
        >>> length_s([AdvanceStep(advance=timedelta(seconds=9)),
        ...     AdvanceStep(advance=timedelta(seconds=1), at=timedelta(minutes=1))])
        61.0
    """
    in_order = beside = 0.0
    for step in steps:
        takes = 0.0
        match step:
            case AdvanceStep(advance=length):
                takes = length.total_seconds()
            case AskStep(ask=ask) if ask.every:
                takes = ask.every.total_seconds() * (ask.times - 1)
            case LoadStep(load=load):
                beside = max(beside, in_order + load.for_.total_seconds())
        if step.at is None:
            in_order += takes
        else:
            beside = max(beside, step.at.total_seconds() + takes)
    return max(in_order, beside)


def _can_be_played(loaded: LoadedScenario) -> bool:
    scenario = loaded.scenario
    if scenario.target != _TARGET or any(isinstance(s, RestartStep) for s in scenario.method):
        return False
    try:
        check(loaded, has_target=True)
    except ScenarioError:
        return False
    return True


def _piece(loaded: LoadedScenario) -> Playable:
    scenario = loaded.scenario
    lasts_s = length_s(scenario.steady_state) + length_s(scenario.method)
    world = {**scenario.given.settings, **scenario.given.world()}
    unlike = ", ".join(f"{key}: {write(value)}" for key, value in world.items())
    return Playable(
        loaded=loaded,
        lasts=format_duration(round(lasts_s)),
        lasts_s=lasts_s,
        unlike=unlike,
    )
