"""The injector that asks: what it picks strikes one call, and what would do nothing is seen."""

from __future__ import annotations

import pytest

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


def test_every_call_and_every_connecting_is_asked_about(
    simulation: Simulation, load: Load
) -> None:
    """One decision each, none of a fault first; a second call connects no more."""
    explored = subject(load)

    run = explored.run(simulation)

    assert [point.label for point in run.points] == [
        "fault/weather/connect/name",
        "fault/weather/connect/connect",
        "fault/weather/today",
        "fault/weather/today",
    ]
    assert [point.options for point in run.points] == [
        2,
        4,
        *[len(explored.menu.at("weather", "today")) + 1] * 2,
    ]
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


@pytest.mark.parametrize(
    ("at", "picked", "kind"),
    [
        (0, 1, "dns_failure"),
        (1, 1, "connection_refused"),
        (1, 2, "connect_timeout"),
        (1, 3, "tls_failure"),
    ],
)
def test_picked_fault_strikes_one_attempt_to_connect(
    at: int, picked: int, kind: str, simulation: Simulation, load: Load
) -> None:
    """It is felt as a call that comes to nothing; the next attempt connects."""
    played = subject(load).played(simulation, ((at, picked),))

    (fault,) = played.faults
    assert (vars(fault)["fault"], fault.id) == (kind, "ask-1-weather-connect-1")
    assert [event.what for event in played.result.trace.of(FaultEvent)].count("touched") == 1
    asked = [event.operation for event in played.result.trace.of(RequestEvent)]
    assert asked == ["connect", "today", "today"]


def test_idle_faults_are_seen_beforehand(simulation: Simulation, load: Load) -> None:
    """The toy's answer is shorter than where the late cuts come: those would do nothing."""
    explored = subject(load)

    run = explored.run(simulation, looks_ahead=True)

    dishes = explored.menu.at("weather", "today")
    first = next(n for n, point in enumerate(run.points) if point.label == "fault/weather/today")
    idle = {fault_name(dishes[picked - 1]) for picked in run.points[first].idle}
    assert idle == {"reset_peer-20", "limit_data-20"}
    for picked in sorted(run.points[first].idle):
        assert explored.run(simulation, ((first, picked),)).virtual_s == run.virtual_s


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
