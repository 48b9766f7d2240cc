"""Coroutines of one loop: where they await is where another may go first."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from chaos.choices import Steered
from chaos.explorer.interleavings import interleaved, play_interleavings, replay_interleaving
from chaos.explorer.subject import ORDER
from chaos.ports import Answer, Target, World
from chaos.runner.life import play
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Explore
from chaos.simulation.loops.ordering import first_in_first_out, search_order
from chaos.simulation.world import Simulation
from chaos.verdict import Outcome
from tests.chaos.explorer.async_offices import (
    ForgetfulOffice,
    LockedOffice,
    PatientOffice,
    PreparedOffice,
)
from tests.chaos.explorer.conftest import Load
from tests.chaos.explorer.targets import Office

ONE_SEAT = """
    explore: {preemptions: 0}
    method:
      - ask: A seat
        expect: {answers: {llm: 1}}
"""
LAST_SEAT = """
    explore: {preemptions: 1}
    method:
      - ask: {question: A seat, users: 2}
        expect: {answers: {llm: 1, fallback: 1}}
"""


class Prepared(Office):
    """Asked by coroutines of one loop."""

    interleaved = ("tests.chaos.explorer.async_offices",)
    coroutine: ClassVar[type[PreparedOffice | ForgetfulOffice]] = PreparedOffice

    def build(self, world: World) -> None:
        """Open the office."""
        self._counter = self.coroutine()

    async def ask(self, question: str) -> Answer:  # type: ignore[override]  # as the port allows
        """Buy a seat."""
        return Answer(mode="llm" if await self._counter.sell() else "fallback")


class Patient(Prepared):
    """Does not trust in an order."""

    coroutine = PatientOffice


class Forgetful(Prepared):
    """Gives way at the wrong moment."""

    coroutine = ForgetfulOffice


class Locked(Prepared):
    """Gives way under a lock."""

    coroutine = LockedOffice


def test_trust_in_an_order_is_found(simulation: Simulation, load: Load) -> None:
    """In an ordinary run the first in line is first; a search tries the second."""
    loaded = load(ONE_SEAT, Prepared)

    assert play(loaded, Prepared, simulation).outcome is Outcome.PASSED
    assert play_interleavings(loaded, Prepared, simulation).outcome is Outcome.FAILED


def test_order_that_fails_is_repeated_from_its_choices(simulation: Simulation, load: Load) -> None:
    """From what a scenario file can say."""
    loaded = load(ONE_SEAT, Prepared)
    points = interleaved(Prepared, loaded).run(simulation).points
    outcomes = []
    for at in range(len(points)):
        choices = tuple(int(each == at) for each in range(at + 1))
        explored = Explore(preemptions=0, choices=choices)
        written = loaded.scenario.model_copy(update={"explore": explored})
        again = LoadedScenario(scenario=written, source=loaded.source)
        outcomes.append(replay_interleaving(again, Prepared, simulation).outcome)

    assert {point.kind for point in points} == {"order"}
    assert outcomes.count(Outcome.FAILED) == 1


@pytest.mark.parametrize(
    ("target", "outcome"),
    [(Patient, Outcome.PASSED), (Forgetful, Outcome.FAILED), (Locked, Outcome.PASSED)],
)
def test_await_is_where_others_are_let_in(
    target: type[Target], outcome: Outcome, simulation: Simulation, load: Load
) -> None:
    """Modules of coroutines are interleaved as those of threads are."""
    steps = ONE_SEAT if target is Patient else LAST_SEAT

    result = play_interleavings(load(steps, target), target, simulation)

    assert result.outcome is outcome


def test_ordinary_run_takes_no_decision_in_a_loop(simulation: Simulation, load: Load) -> None:
    """Nor does a search that looks for something else."""
    loaded = load(ONE_SEAT, Prepared)
    choices = Steered(7, kinds={"fault"})

    play(loaded, Prepared, simulation, choices=choices)

    assert not any(made.label.startswith(f"{ORDER}/") for made in choices.made)


def test_callbacks_of_asyncio_keep_their_order() -> None:
    """Only steps of coroutines are asked about; transports rely on the rest."""
    loop = asyncio.new_event_loop()
    asked: list[int] = []
    done: list[str] = []

    def last(options: int) -> int:
        asked.append(options)
        return options - 1

    async def step(name: str) -> None:
        done.append(name)

    search_order(loop, last)

    async def both() -> None:
        tasks = [asyncio.ensure_future(step(name)) for name in ("first", "second")]
        loop.call_soon(done.append, "callback")
        loop.call_soon(done.append, "another")
        await asyncio.gather(*tasks)

    loop.run_until_complete(both())
    first_in_first_out(loop)
    loop.run_until_complete(both())
    loop.close()

    assert asked == [2]
    assert done == [
        *("second", "first", "callback", "another"),
        *("first", "second", "callback", "another"),
    ]


def test_users_who_come_first_at_once_share_one_loop(simulation: Simulation, load: Load) -> None:
    """As they share one server; in two loops, nobody would ever meet."""
    loops: set[asyncio.AbstractEventLoop] = set()

    class Noting(Locked):
        async def ask(self, question: str) -> Answer:  # type: ignore[override]  # as the port allows
            loops.add(asyncio.get_running_loop())
            return await super().ask(question)

    result = play_interleavings(load(LAST_SEAT, Noting), Noting, simulation)

    assert result.outcome is Outcome.PASSED
    runs = int("".join(filter(str.isdigit, result.verdicts[-1].reason)))
    assert len(loops) == runs + 1
