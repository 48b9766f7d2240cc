"""A run ends when the work of the service has ended, not with the last answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chaos.ports import Answer, Observable, Target, Vocabulary, World
from chaos.simulation.rest import LONGEST_S, QUIET_S
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import ObservationEvent, RequestEvent
from chaos.verdict import Outcome
from tests.chaos.witnesses.hearing import heard
from tests.chaos.witnesses.witness import Base

ASK = "- ask: oslo\n"
MILLISECONDS = 0.001


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def working(work: Callable[[Base], object]) -> type[Target]:
    """A target that does this behind its answers, in a thread."""

    class Working(Base):
        def ask(self, question: str) -> Answer:
            threading.Thread(target=work, args=(self,), daemon=True).start()
            return super().ask(question)

    return Working


def ends_s(simulation: Simulation, work: Callable[[Base], object]) -> float:
    """When a run ends that asks at once, and never again."""
    result = heard(simulation, working(work), ASK)
    assert not result.problems or {each.check for each in result.problems} == {"expect"}
    return round(result.virtual_s, 3)


def every(seconds: float, work: Callable[[Base], object]) -> Callable[[Base], None]:
    """Do something from time to time, for ever."""

    def body(target: Base) -> None:
        while True:
            time.sleep(seconds)
            work(target)

    return body


def test_without_work_the_run_ends_with_the_answer(simulation: Simulation) -> None:
    """Nothing that can go on by itself is left."""
    assert ends_s(simulation, lambda _: threading.Event().wait()) == 0.0


def test_work_that_ends_is_waited_for(simulation: Simulation) -> None:
    """However long it slept in between, up to the bound."""
    assert ends_s(simulation, lambda _: time.sleep(400)) == 400.0


def test_worker_with_nothing_to_do_is_at_rest(simulation: Simulation) -> None:
    """It has been seen to wake up once, and to find nothing."""
    assert ends_s(simulation, every(1, lambda _: None)) == QUIET_S
    assert ends_s(simulation, every(200, lambda _: None)) == 200.0


def test_work_without_end_is_cut_off(simulation: Simulation) -> None:
    """A call every minute is no reason to go on for ever."""
    result = heard(simulation, working(every(60, lambda target: target.get("bern"))), ASK)

    assert round(result.virtual_s, 3) == LONGEST_S
    assert len(result.trace.of(RequestEvent)) in {10, 11}
    assert not [law for law in result.laws if law.outcome is Outcome.FAILED]


def test_work_of_very_many_turns_is_cut_off(simulation: Simulation) -> None:
    """Nor is a loop that looks every tenth of a millisecond, in ten minutes six million times."""
    assert ends_s(simulation, every(0.1 * MILLISECONDS, lambda _: None)) < QUIET_S


def test_what_is_counted_includes_the_work_behind_the_answer(simulation: Simulation) -> None:
    """What a file expects in the end is judged by all that was done."""

    def later(target: Base) -> None:
        time.sleep(30)
        target.get("bern")

    result = heard(simulation, working(later), ASK, expect="{calls.weather: 2}")

    assert [each.outcome for each in result.verdicts] == [Outcome.PASSED]


def test_what_is_looked_at_is_as_it_was_with_the_last_step(simulation: Simulation) -> None:
    """A state is that at the end of the method, not ten minutes later."""
    told = Observable(type=float, doc="How long it has lived.")

    class Counting(working(lambda _: time.sleep(300))):  # type: ignore[misc] # made above
        @classmethod
        def vocabulary(cls) -> Vocabulary:
            return replace(
                Base.vocabulary(),
                observables={"clock": told},
            )

        def build(self, world: World) -> None:
            super().build(world)
            self.began_s = time.monotonic()

        def observe(self, key: str) -> float:
            return time.monotonic() - self.began_s

    result = heard(simulation, Counting, ASK, expect="{clock: {at_most: 1}}")

    assert [each.outcome for each in result.verdicts] == [Outcome.PASSED], result.verdicts
    assert result.trace.of(ObservationEvent)[0].value == 0
    assert round(result.virtual_s, 3) == 300.0
