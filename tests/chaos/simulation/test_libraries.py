"""Libraries that go past Python's sockets are refused; trio is let in."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import httpx
import pytest
import trio

from chaos.errors import SimulationError
from chaos.simulation.outside import libraries
from chaos.simulation.outside.libraries import Bypass
from chaos.tiers.simulated.world import SimulatedTier
from tests.chaos.simulation.toys import RESET, SILENT, World

_SOURCE = """
class Channel:
    def call(self):
        return "called"

    @classmethod
    def made(cls):
        return "made"

class Stub:
    def __call__(self):
        return "called"

def connect():
    return "connected"
"""
_USES: list[Callable[[ModuleType], object]] = [
    lambda library: library.connect(),
    lambda library: library.Channel().call(),
    lambda library: library.Channel.made(),
    lambda library: library.Stub()(),
]
_WORDS = (
    "bypassing was used, which reaches the network without Python's sockets; expected a client "
    "over those, which are simulated; use something else in this run"
)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A library that is refused, and not yet imported."""
    (tmp_path / "bypassing.py").write_text(_SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    doors = ("connect", "Channel.call", "Channel.made", "*.__call__")
    bypass = Bypass("bypassing", "something else", doors)
    monkeypatch.setitem(libraries.BYPASSES, "bypassing", bypass)
    yield
    sys.modules.pop("bypassing", None)


@pytest.mark.parametrize("use", _USES, ids=["function", "method", "class method", "call"])
@pytest.mark.parametrize("is_early", [True, False], ids=["imported before", "imported late"])
def test_library_is_refused_in_a_run_and_nowhere_else(
    library: None, use: Callable[[ModuleType], object], *, is_early: bool
) -> None:
    """Whenever it is imported; and what was swallowed is kept."""

    def swallow() -> object:
        try:
            return use(importlib.import_module("bypassing"))
        except SimulationError:
            return "swallowed"

    if is_early:
        importlib.import_module("bypassing")
    with SimulatedTier() as simulation:
        world = World(simulation)
        assert world.result(swallow) == "swallowed"
        assert world.run.violations == [_WORDS]
        world.run.close()

    assert use(sys.modules["bypassing"]) in {"connected", "called", "made"}
    assert isinstance(sys.modules["bypassing"].__loader__, SourceFileLoader)


def _ask_on_trio(timeout_s: float = 15.0) -> int:
    async def ask() -> int:
        async with httpx.AsyncClient(timeout=timeout_s) as client:
            answer = await client.get("https://storage.googleapis.com/b/o?alt=media")
        return answer.status_code

    status: int = trio.run(ask)
    return status


def test_trio_waits_in_virtual_time_on_virtual_sockets(world: World) -> None:
    """A request, a sleep, and a timeout at its second."""

    async def wait() -> None:
        await trio.sleep(60)

    def act() -> int:
        trio.run(wait)
        return _ask_on_trio()

    assert world.result(act) == 200
    assert world.now_s == 60.0


def test_trio_meets_faults_as_other_loops_do(simulation: object, world: World) -> None:
    """A reset is an error of reading; silence lasts until the timeout."""
    world.injector.script = [RESET, SILENT]

    def act() -> tuple[str, str]:
        names = []
        for _ in range(2):
            try:
                _ask_on_trio(timeout_s=7)
            except httpx.TransportError as error:
                names.append(type(error).__name__)
        first, second = names
        return first, second

    assert world.result(act) == ("ReadError", "ReadTimeout")
    assert world.now_s == 7.0
