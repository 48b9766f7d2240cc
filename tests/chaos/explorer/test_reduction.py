"""What is not tried would have come to nothing new: compared with every interleaving there is."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from chaos.explorer.exploration import Bounds, Exploration, explore
from chaos.explorer.interleavings import interleaved
from chaos.explorer.subject import Run, Subject
from chaos.explorer.workers import Job
from chaos.ports import Answer, Target, World
from chaos.simulation.conflicts import footprints, lines, statements
from chaos.simulation.conflicts.footprints import Footprints
from chaos.simulation.conflicts.touched import CONTENTS, NOTHING, Touched
from chaos.simulation.world import Simulation
from tests.chaos.explorer import sharing
from tests.chaos.explorer.conftest import Load
from tests.chaos.explorer.targets import Flooded, Office, TwoStep
from tests.chaos.explorer.test_async_interleave import Forgetful, Locked
from tests.chaos.explorer.test_interleave import LAST_SEAT, TRIAL

MEETING = """
    explore: {preemptions: 2}
    method:
      - ask: {question: act, users: 2}
      - ask: look
"""


class Sharing(Office):
    """Has users share something."""

    name = "sharing"
    interleaved = ("tests.chaos.explorer.sharing",)
    way: Callable[[], sharing.Way]

    def build(self, world: World) -> None:
        """Make it."""
        self._shared = type(self).way()

    def ask(self, question: str) -> Answer:
        """Tell what a user got, or what is left."""
        got = self._shared.act() if question == "act" else self._shared.look()
        return Answer(mode="llm", text=repr(got))


def sharing_in(way: Callable[[], sharing.Way]) -> type[Target]:
    """The target that shares in this way."""
    return type("Sharing", (Sharing,), {"way": staticmethod(way), "name": "sharing"})


def search(
    subject: Subject, simulation: Simulation, preemptions: int
) -> tuple[Exploration, set[str]]:
    """What comes of a search, and the digests of all its runs."""
    digests = set()

    def crew(jobs: Iterable[Job]) -> Iterator[Run]:
        for job in jobs:
            played = subject.played(simulation, job.deviations)
            digests.add(played.result.digest)
            yield played.run

    bounds = Bounds(preemptions=preemptions, prunes=False, reduces=subject.reduces)
    return explore(crew, bounds), digests


def both(
    target: type[Target], steps: str, load: Load, simulation: Simulation, preemptions: int
) -> tuple[tuple[Exploration, set[str]], tuple[Exploration, set[str]]]:
    """The whole search, and the reduced one."""
    subject = interleaved(target, load(steps, target))
    whole = search(subject, simulation, preemptions)
    return whole, search(replace(subject, reduces=True), simulation, preemptions)


def told(found: Exploration) -> dict[str, int]:
    """Each check that failed, and the fewest interruptions it takes."""
    return {check: len(found.findings[check].deviations) for check in sorted(found.findings)}


DEEP = {sharing.Bounced, sharing.Elsewhere, sharing.Failing, sharing.Guarded, sharing.TwoLocks}
"""These are also searched with two interruptions."""


@pytest.mark.parametrize(
    ("way", "preemptions"),
    [
        pytest.param(way, preemptions, id=f"{way.__name__}, {preemptions}")
        for way in sharing.WAYS
        for preemptions in ([1, 2] if way in DEEP else [1])
    ],
)
def test_reduced_search_comes_to_all_that_the_whole_one_does(
    way: type[sharing.Way], preemptions: int, load: Load, simulation: Simulation
) -> None:
    """The same traces, byte for byte, and the same findings with as few interruptions."""
    (whole, traces), (reduced, fewer) = both(
        sharing_in(way), MEETING, load, simulation, preemptions
    )

    assert fewer == traces
    assert told(reduced) == told(whole)
    assert reduced.runs <= whole.runs


@pytest.mark.parametrize(
    ("target", "steps"),
    [(TwoStep, LAST_SEAT), (Flooded, TRIAL)],
    ids=["a gap between two locks", "a breaker without a gate"],
)
def test_reduced_search_finds_the_races_that_are_known(
    target: type[Target], steps: str, load: Load, simulation: Simulation
) -> None:
    """In fewer runs."""
    (whole, traces), (reduced, fewer) = both(target, steps, load, simulation, preemptions=1)

    assert fewer == traces
    assert told(reduced) == told(whole)
    assert reduced.runs < whole.runs


def test_reduced_search_leaves_coroutines_as_they_are(load: Load, simulation: Simulation) -> None:
    """Turns are none of its business: every order is tried."""
    for target in (Forgetful, Locked):
        (whole, traces), (reduced, fewer) = both(target, LAST_SEAT, load, simulation, 1)

        assert fewer == traces
        assert told(reduced) == told(whole)


def test_three_users_are_reduced_as_two_are(load: Load, simulation: Simulation) -> None:
    """The third comes between, or before, or after."""
    three = MEETING.replace("users: 2", "users: 3")

    (whole, traces), (reduced, fewer) = both(
        sharing_in(sharing.Guarded), three, load, simulation, preemptions=1
    )

    assert fewer == traces
    assert reduced.runs < whole.runs / 2


def test_nothing_is_tried_twice(load: Load, simulation: Simulation) -> None:
    """Not even what was put off first: a reduced search is a part of the whole one."""
    target = sharing_in(sharing.TwoLocks)
    subject = replace(interleaved(target, load(MEETING, target)), reduces=True)
    seen = []

    def crew(jobs: Iterable[Job]) -> Iterator[Run]:
        for job in jobs:
            seen.append(job.deviations)
            yield subject.run(simulation, job.deviations)

    found = explore(crew, Bounds(preemptions=2, prunes=False, reduces=True))

    assert len(seen) == len(set(seen)) == found.runs
    assert found.put_off > 0


@pytest.mark.parametrize("seed", range(5))
def test_programs_drawn_at_random_are_reduced_to_what_they_come_to(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Load, simulation: Simulation
) -> None:
    """Some share, some lock, some do neither."""
    name = f"drawn_{seed}"
    (tmp_path / f"{name}.py").write_text(drawn(random.Random(seed)), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    target = sharing_in(importlib.import_module(name).Drawn)
    target.interleaved = (name,)

    (whole, traces), (reduced, fewer) = both(target, MEETING, load, simulation, preemptions=2)

    assert fewer == traces
    assert reduced.runs <= whole.runs


def drawn(source: random.Random) -> str:
    """A module with a class that does a few things, drawn from ``source``."""
    steps = (
        "mine = mine + 1",
        "mine = self.left",
        "self.left = mine",
        "self.left += 1",
        "mine = self.right",
        "self.right = mine + 1",
        "self.kept['key'] = mine",
        "mine = len(self.kept)",
        "self.kept[mine] = mine",
        "mine = self.kept.get('key', 0)",
        "with self.lock: self.left = self.left + 1",
        "with self.lock: mine = self.right",
        "with self.other: self.right = self.right + 1",
        "mine = self.step(mine)",
    )
    body = "\n".join(f"        {source.choice(steps)}" for _ in range(5))
    return f"""
import threading

class Drawn:
    def __init__(self):
        self.left = self.right = 0
        self.kept = {{}}
        self.lock, self.other = threading.Lock(), threading.Lock()

    def step(self, mine):
        more = mine * 2
        return more

    def act(self):
        mine = 1
{body}
        return mine

    def look(self):
        return self.left, self.right, self.kept
"""


def _forgets_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_line(frame: FrameType) -> Touched:
        return replace(lines.of_line(frame), writes=frozenset())

    monkeypatch.setattr(footprints, "of_line", of_line)


def _forgets_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_line(frame: FrameType) -> Touched:
        whole = lines.of_line(frame)
        return replace(whole, writes=whole.writes - {CONTENTS}, reads=whole.reads - {CONTENTS})

    monkeypatch.setattr(footprints, "of_line", of_line)


def _sees_no_clash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Touched, "clashes", lambda *_: False)


def _ignores_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprints, "of_code", lambda _: NOTHING)


def _ignores_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Footprints, "back_in", lambda *_: None)


def _trusts_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_effect_of", lambda *_: "nothing")


def _trusts_setattr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "is_risky", lambda _: False)


@pytest.mark.parametrize(
    ("plant", "way"),
    [
        (_sees_no_clash, sharing.Attribute),
        (_forgets_writes, sharing.Global),
        (_forgets_contents, sharing.Mapping),
        (_ignores_helpers, sharing.Elsewhere),
        (_ignores_returns, sharing.Between),
        (_ignores_returns, sharing.Asleep),
        (_trusts_compiled_code, sharing.Cached),
        (_trusts_setattr, sharing.Reflected),
    ],
)
def test_unsound_reduction_is_noticed(
    plant: Callable[[pytest.MonkeyPatch], None],
    way: type[sharing.Way],
    monkeypatch: pytest.MonkeyPatch,
    load: Load,
    simulation: Simulation,
) -> None:
    """Each part of what is argued is needed: without it, something is not found any more."""
    lines.source_of.cache_clear()
    lines.of_code.cache_clear()
    plant(monkeypatch)

    (_, traces), (_, fewer) = both(sharing_in(way), MEETING, load, simulation, preemptions=1)

    lines.source_of.cache_clear()
    lines.of_code.cache_clear()
    assert fewer < traces
