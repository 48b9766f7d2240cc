"""A scenario as far as it could be read, for checks that look across its parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from chaos.scenario.expectations import Expectation
from chaos.scenario.model import (
    AnyStep,
    AskStep,
    Given,
    InjectStep,
    LoadStep,
)
from chaos.scenario.source import NodePath


class Site(NamedTuple):
    """A step and where it stands."""

    path: NodePath
    step: AnyStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The parts that could be read.

    Attributes:
        waive: As the file has it: of any type.
        because: The same.
        is_whole: Whether nothing was wrong so far. A check that concludes from something
            missing (a fault that nobody heals) must not look at less than the whole.
        has_all_faults: Whether every step that may inject a fault could be read.
    """

    given: Given
    steady: tuple[Site, ...]
    method: tuple[Site, ...]
    expect: tuple[Expectation, ...]
    waive: object
    because: object
    is_whole: bool
    has_all_faults: bool

    @property
    def steps(self) -> tuple[Site, ...]:
        """Steady state and method."""
        return self.steady + self.method

    @property
    def injections(self) -> Iterator[tuple[NodePath, InjectStep]]:
        """The faults of the method, in order."""
        for path, step in self.method:
            if isinstance(step, InjectStep):
                yield path, step

    @property
    def is_anybody_asking(self) -> bool:
        """Whether any step of the run asks."""
        return any(isinstance(step, (AskStep, LoadStep)) for _, step in self.steps)
