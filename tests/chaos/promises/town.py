"""A provider for small services, and what is seen of a service in the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import ClassVar, Protocol, Self, TypeVar

import pytest

from chaos.errors import SimulationError
from chaos.ports import StandIn
from chaos.testing import SimulatedWorld
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.simple import JsonUpstream

T = TypeVar("T")

URL = "https://api.town.test/mayor"
MAYOR = {"name": "Ada"}


class Town(JsonUpstream):
    """Knows its mayor."""

    name = "town"
    hosts = ("api.town.test",)
    routes: ClassVar = {"mayor": ("GET", "/mayor", MAYOR), "vote": ("POST", "/vote", {"ok": True})}


class TownWorld(SimulatedWorld):
    """Lives in a simulation that is entered already, since entering is what takes time."""

    def __init__(self, simulation: SimulatedTier) -> None:
        super().__init__()
        self._simulation = simulation

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._run is not None
        try:
            if exc_type is None:
                self._run.finish()
                self._check_faults()
        finally:
            self._run.close()


class Opens(Protocol):
    """Opens a world with a town in it, or others, and with a fault of the town if one is named."""

    def __call__(
        self, *upstreams: StandIn, **fault: object
    ) -> AbstractContextManager[SimulatedWorld]:
        """With these stand-ins; a town, if none is named."""


def opening(simulation: SimulatedTier) -> Opens:
    """Opens one run after another in a simulation."""

    @contextmanager
    def open_(*upstreams: StandIn, **fault: object) -> Iterator[SimulatedWorld]:
        with TownWorld(simulation) as world:
            world.serve(*(upstreams or (Town(),)))
            if fault:
                world.inject(upstream="town", **fault)  # type: ignore[arg-type]  # in the words of a scenario
            yield world

    return open_


def lived(world: SimulatedWorld, act: Callable[[], T]) -> tuple[T, float]:
    """What one user gets, and how many virtual seconds it took."""
    began_s = world.now_s
    (got,) = world.users(1, act)
    return got, round(world.now_s - began_s, 3)


@contextmanager
def inconclusive(words: str) -> Iterator[None]:
    """Whatever happens within proves nothing, and the message says why."""
    with pytest.raises(SimulationError, match=words):
        yield
