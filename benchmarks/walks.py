"""How far a reader has to go: calls and modules on three ways through the house.

Run it with ``python -m benchmarks.walks``. `docs/ARCHITECTURE.md` describes the ways.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import ClassVar

import httpx
from rich.console import Console

from chaos.ports import Answer, Target, World
from chaos.reports.console import ConsoleReport
from chaos.runner.life import play
from chaos.runner.suite import SuiteResult
from chaos.scenario.loader import load_text
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.simple import JsonUpstream

SCENARIO = """\
version: 1
name: walk
hypothesis: It holds.
target: walker
method:
  - inject: {upstream: weather, fault: http_error, status: 503}
  - ask: {question: How is it?, times: 2}
"""


@dataclass
class Walk:
    """What was called between two points of a run."""

    calls: int = 0
    switches: int = 0
    modules: set[str] = field(default_factory=set)
    _last: str = ""

    def step(self, module: str) -> None:
        """Count one call into a module."""
        self.calls += 1
        self.modules.add(module)
        self.switches += module != self._last
        self._last = module

    def __str__(self) -> str:
        return f"{self.calls:6} calls {len(self.modules):4} modules {self.switches:6} switches"


@contextmanager
def walking(walk: Walk) -> Iterator[None]:
    """Count every call of a function of the harness, also in threads that begin in the block."""

    def profile(frame: FrameType, event: str, argument: object) -> None:
        del argument
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith("chaos."):
            walk.step(module)

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


class Weather(JsonUpstream):
    """A provider with one operation."""

    name = "weather"
    hosts = ("weather.test",)
    routes = {"get": ("GET", "/now", {"text": "sunny"})}  # noqa: RUF012 - as anybody writes it


class Walker(Target):
    """A service that makes one call for a question."""

    upstreams = (Weather,)
    attempts: ClassVar[list[Walk]] = []

    def build(self, world: World) -> None:
        """Make the client, and the connection that later calls use."""
        del world
        self._client = httpx.Client(base_url="https://weather.test", timeout=5)

    def ask(self, question: str) -> Answer:
        """Ask, from the client's call to the status that it gets."""
        del question
        self.attempts.append(Walk())
        with walking(self.attempts[-1]):
            response = self._client.get("/now")
        return Answer(mode="llm", text=str(response.status_code))


def main() -> None:
    """Print a line for each way."""
    words = Walker.vocabulary()

    def load() -> None:
        load_text(SCENARIO, "walk.yaml", lambda _: words)

    load()  # What is imported and derived once is not on the way.
    reading = Walk()
    with walking(reading):
        load()
    loaded = load_text(SCENARIO, "walk.yaml", lambda _: words)
    with SimulatedTier() as simulation:
        play(loaded, Walker, simulation)
        Walker.attempts.clear()
        result = play(loaded, Walker, simulation)
    telling = Walk()
    suite = SuiteResult(results=(result,), real_s=0.0)
    with walking(telling):
        ConsoleReport(Console(file=io.StringIO())).on_end(suite)
    first, second = Walker.attempts
    for name, walk in {
        "a file of seven lines to a Scenario": reading,
        "an attempt, with its connection": first,
        "an attempt on that connection": second,
        "verdicts of one run to the terminal": telling,
    }.items():
        print(f"{name:<40}{walk}")  # noqa: T201 - for people


if __name__ == "__main__":
    main()
