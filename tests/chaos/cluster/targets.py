"""Targets to be played on a cluster."""

from __future__ import annotations

from chaos.ports import World
from chaos.simulation.timing import real
from tests.chaos.explorer.targets import TiredToy


class Slow(TiredToy):
    """Takes a while of real time for each run, so that somebody can be killed in the middle."""

    def build(self, world: World) -> None:
        """Dawdle."""
        super().build(world)
        real.sleep(0.03)


class Alone(Slow):
    """The same, with a process for each run."""

    isolation = "process"  # type: ignore[assignment] # the toy has but one of the two
