"""Searches for one race, in the environment that has its library: ``python -m corpus.races.one``.

Prints what came of it as one line of JSON.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chaos.explorer.exploration import Bounds, Exploration, explore
from chaos.explorer.interleavings import interleaved
from chaos.explorer.subject import Run
from chaos.explorer.workers import Job
from chaos.ports import Answer, Promises, Target, Upstream, Vocabulary, World
from chaos.scenario.loader import load_text
from chaos.tiers.simulated.world import SimulatedTier
from corpus.races.catalogue import RACES, Race

MOST_RUNS = 5_000
"""No search plays more than this."""

_SCENARIO = """
version: 1
name: race
hypothesis: Two users do not get in each other's way.
target: race
explore: {preemptions: 2}
method:
  - ask: {question: act, users: 2}
  - ask: look
"""


class Racing(Target):
    """Has two users act at once, and then looks whether all is well."""

    name = "race"
    race: type[Race]

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Nothing but answers."""
        return Vocabulary(upstreams={}, observables={}, settings={})

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """None."""
        return ()

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """That everybody is answered."""
        del settings
        return Promises()

    def build(self, world: World) -> None:
        """Make what is shared."""
        del world
        self._race = type(self).race()

    def ask(self, question: str) -> Answer:
        """Act, or look."""
        if question == "look":
            if not self._race.holds():
                raise RuntimeError(self._race.says)
        elif threading.current_thread().name.endswith("1"):
            self._race.first()
        else:
            self._race.second()
        return Answer(mode="llm")


def search(race: type[Race], preemptions: int, *, reduces: bool, to_the_end: bool) -> Exploration:
    """Search up to the first finding, or ``to_the_end``."""
    target: type[Racing] = type(
        "Racing", (Racing,), {"race": race, "interleaved": race.modules, "name": "race"}
    )
    loaded = load_text(_SCENARIO, "race.yaml", lambda _: target.vocabulary())
    subject = replace(interleaved(target, loaded), reduces=reduces)
    bounds = Bounds(
        preemptions=preemptions,
        runs=MOST_RUNS,
        stops_at_first=not to_the_end,
        prunes=False,
        reduces=reduces,
    )
    with SimulatedTier() as simulation:

        def crew(jobs: Iterable[Job]) -> Iterator[Run]:
            return (subject.run(simulation, job.deviations) for job in jobs)

        return explore(crew, bounds)


def told(race: type[Race]) -> dict[str, object]:
    """What came of the searches for a race."""
    answer: dict[str, object] = {"race": race.__name__}
    for reduces, name in ((False, "whole"), (True, "reduced")):
        found = search(race, 2, reduces=reduces, to_the_end=False)
        whole = search(race, 1, reduces=reduces, to_the_end=True)
        answer[name] = {
            "found": next(iter(found.findings), ""),
            "why": next((each.problem.reason for each in found.findings.values()), ""),
            "runs": found.runs,
            "stopped": found.stopped if not found.findings else "",
            "all_with_one": whole.runs,
        }
    return answer


def main(name: str) -> None:
    """Search for the race of this name."""
    logging.disable(logging.CRITICAL)
    (race,) = (each for each in RACES if each.__name__ == name)
    sys.stdout.write(json.dumps(told(race)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
