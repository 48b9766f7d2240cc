"""The injector that asks: what it picks strikes one call, and what would do nothing is seen."""

from __future__ import annotations

from chaos.choices import Steered
from chaos.explorer.asking import FAULT
from chaos.explorer.menu import Menu, fault_name
from chaos.explorer.subject import Subject
from chaos.explorer.workload import workload_of
from chaos.simulation.world import Simulation
from chaos.trace.events import AnswerEvent, FaultEvent, RequestEvent
from tests.chaos.explorer.conftest import Load
from tests.chaos.explorer.targets import QuickToy

TWO = """
    method:
      - ask: {question: How is it?, times: 2}
"""


def subject(load: Load, *menu: str) -> Subject:
    """Two questions to the toy."""
    return Subject(
        loaded=workload_of(load(TWO, QuickToy)),
        target=QuickToy,
        steers=frozenset({FAULT}),
        menu=Menu(menu),
    )


def test_every_call_is_asked_about(simulation: Simulation, load: Load) -> None:
    """One decision a call, none of a fault first."""
    explored = subject(load)

    run = explored.run(simulation)

    assert [point.label for point in run.points] == ["fault/weather/today"] * 2
    assert {point.options for point in run.points} == {
        len(explored.menu.at("weather", "today")) + 1
    }
    assert run.deviations == ()
    assert run.problems == ()


def test_picked_fault_strikes_one_call(simulation: Simulation, load: Load) -> None:
    """The next attempt meets no fault, and the fault has ended."""
    played = subject(load, "http_error-503").played(simulation, ((0, 1),))

    assert [fault.id for fault in played.faults] == ["ask-1-weather-1"]
    assert [event.what for event in played.result.trace.of(FaultEvent)] == [
        "injected",
        "healed",
        "touched",
    ]
    assert len(played.result.trace.of(RequestEvent)) == 3
    assert [answer.mode for answer in played.result.trace.of(AnswerEvent)] == ["llm", "llm"]


def test_idle_faults_are_seen_beforehand(simulation: Simulation, load: Load) -> None:
    """The toy's answer is shorter than where the late cuts come: those would do nothing."""
    explored = subject(load)

    run = explored.run(simulation, looks_ahead=True)

    dishes = explored.menu.at("weather", "today")
    idle = {fault_name(dishes[picked - 1]) for picked in run.points[0].idle}
    assert idle == {"reset_peer-20", "limit_data-20"}
    for picked in sorted(run.points[0].idle):
        assert explored.run(simulation, ((0, picked),)).virtual_s == run.virtual_s


def test_looking_ahead_changes_nothing(simulation: Simulation, load: Load) -> None:
    """A run is the same, whether or not it looks what else there is."""
    explored = subject(load)

    runs = [explored.run(simulation, ((1, 3),), looks_ahead=ahead) for ahead in (False, True)]

    assert runs[0].virtual_s == runs[1].virtual_s
    assert [point.label for point in runs[0].points] == [point.label for point in runs[1].points]


def test_steered_leaves_other_decisions_to_the_seed() -> None:
    """What is steered does not disturb what is drawn."""
    steered = Steered(7, kinds={FAULT}, deviations={1: 2})
    plain = Steered(7, kinds=())

    drawn = [steered.pick(label, 10) for label in ("order", "fault/x", "order", "fault/x")]

    assert drawn[1::2] == [0, 2]
    assert drawn[::2] == [plain.pick("order", 10), plain.pick("order", 10)]
    assert steered.deviations == {1: 2}
