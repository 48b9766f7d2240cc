"""Two processes of the helpdesk share one cache folder: what one does meets the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.targets.helpdesk import published
from chaos.targets.helpdesk.target import HelpdeskTarget
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import IndexEvent, Scalar
from chaos.verdict import Outcome
from helpdesk.index_cache import IndexCache
from helpdesk.index_source import cache_folder
from helpdesk.manifest import Manifest


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


class Neighboured(HelpdeskTarget):
    """Where a file says ``refresh_index``, it is the other process that acts; it says how."""

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Let the other one act."""
        if action != "refresh_index":
            return super().act(action, parameters)
        return self.other(IndexCache(cache_folder(self._settings.index)))

    def other(self, cache: IndexCache) -> Mapping[str, Scalar]:
        """What the other process does, and what it leaves in the folder."""
        raise NotImplementedError


def left(number: int) -> Mapping[str, Scalar]:
    """A copy is in the folder."""
    sha256 = published.content_sha256(number)
    return {"cached": True, "generation": str(number), "sha256": sha256}


class Installs(Neighboured):
    """The other one has fetched the generation that was published last."""

    def other(self, cache: IndexCache) -> Mapping[str, Scalar]:
        """Install it."""
        manifest = Manifest.parse(self._manifest)
        files = published.files(self._published)
        cache.install(manifest, files, fetched_at=time.time(), keeps_newer=True)
        return left(self._published)


class SetsAside(Neighboured):
    """The other one has found the copy damaged, as its disk had it, and has set it aside."""

    def other(self, cache: IndexCache) -> Mapping[str, Scalar]:
        """Leave no copy."""
        cache.quarantine("the other process could not read it")
        self._listener.quarantined += 1
        return {"cached": False}


class ComesLate(Neighboured):
    """The other one has taken long over the first generation, and installs it only now."""

    first: bytes

    def build(self, world: Any) -> None:
        """Keep what it began with."""
        super().build(world)
        self.first = self._manifest

    def other(self, cache: IndexCache) -> Mapping[str, Scalar]:
        """Install what is old by now; what was there stays."""
        old = Manifest.parse(self.first)
        cache.install(old, published.files(1), fetched_at=time.time(), keeps_newer=True)
        return left(2)


def run(simulation: Simulation, target: type[HelpdeskTarget], method: str) -> RunResult:
    """Play it; every question is answered."""
    loaded = load_text(
        "version: 1\nname: neighbours\nhypothesis: They do not disturb each other.\n"
        f"target: helpdesk\nmethod:\n{method}expect: {{availability: 1}}\n",
        "neighbours.yaml",
        lambda _: HelpdeskTarget.vocabulary(),
    )
    return play(loaded, target, simulation)


def served(result: RunResult) -> list[tuple[str | None, str | None]]:
    """State and generation of each search, without repetitions."""
    found = [(e.state, e.generation) for e in result.trace.of(IndexEvent) if e.what == "served"]
    return [each for n, each in enumerate(found) if not n or found[n - 1] != each]


ASK = "  - ask: Is the VPN down?\n"
OUTAGE = "  - inject: {id: out, upstream: gcs, fault: http_error, status: 503}\n"
DAY = "  - advance: 25h\n"
BACK = "  - heal: out\n  - advance: 2h\n" + ASK + "  - advance: 1m\n" + ASK
OTHER, RESTART, PUBLISH = "  - refresh_index\n", "  - restart\n", "  - publish_index: {}\n"


def method_of(*steps: str) -> str:
    """Steps, one after the other."""
    return "".join(steps)


@pytest.mark.parametrize(
    ("target", "method", "expected"),
    [
        pytest.param(
            Installs,
            method_of(ASK, PUBLISH, OTHER, RESTART, OUTAGE, ASK, DAY, ASK, ASK, BACK),
            [("fresh", "1"), ("fresh", "2"), ("stale", "2"), ("fresh", "2")],
            id="what the other has fetched serves the next process through an outage",
        ),
        pytest.param(
            SetsAside,
            method_of(ASK, OTHER, OUTAGE, DAY, ASK, ASK, BACK),
            [("fresh", "1"), ("stale", "1"), ("fresh", "1")],
            id="what the other sets aside is still in memory",
        ),
        pytest.param(
            SetsAside,
            method_of(ASK, OTHER, RESTART, OUTAGE, ASK, BACK),
            [("fresh", "1"), ("absent", None), ("fresh", "1")],
            id="what the other set aside is no loss of the next process",
        ),
        pytest.param(
            ComesLate,
            method_of(
                ASK, PUBLISH, DAY, ASK, ASK, OTHER, RESTART, OUTAGE, ASK, DAY, ASK, ASK, BACK
            ),
            [("fresh", "1"), ("fresh", "2"), ("stale", "2"), ("fresh", "2")],
            id="who comes late takes nobody back to the old generation",
        ),
    ],
)
def test_processes_share_a_folder(
    simulation: Simulation,
    target: type[HelpdeskTarget],
    method: str,
    expected: list[tuple[str, str | None]],
) -> None:
    """Nothing is lost, nothing is torn, and no law takes the other's work for a mistake."""
    result = run(simulation, target, method)

    assert result.outcome is Outcome.PASSED, result.problems
    assert [each for each in served(result) if each != ("stale", "1") or each in expected] == (
        expected
    )
