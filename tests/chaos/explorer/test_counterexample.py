"""From deviations to a scenario that anybody can read, and that fails by itself."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chaos.errors import ChaosError
from chaos.explorer.asking import FAULT
from chaos.explorer.counterexample import smaller, struck_in, with_faults
from chaos.explorer.exploration import Bounds, Exploration
from chaos.explorer.menu import Menu
from chaos.explorer.search_text import progress, summary
from chaos.explorer.subject import Subject, problems_of
from chaos.explorer.workload import interleavings_of, workload_of
from chaos.explorer.yaml_text import scenario_text
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import AdvanceStep, AskStep, Explore
from chaos.simulation.world import Simulation
from tests.chaos.explorer.conftest import Load
from tests.chaos.explorer.targets import QuickToy, TiredToy

FOUR = """
    method:
      - ask: {question: How is it?, times: 2, every: 10s}
      - advance: 1m
      - ask: {question: And now?, users: 3}
      - ask: How was it?
"""


def subject(load: Load, method: str = FOUR) -> Subject:
    """The workload of the toy that tires, with one fault on the menu."""
    return Subject(
        loaded=workload_of(load(method, TiredToy)),
        target=TiredToy,
        steers=frozenset({FAULT}),
        menu=Menu(("http_error-503",)),
    )


def test_workload_has_the_steps_and_none_of_the_faults(load: Load) -> None:
    """What users do stays, one step a question; what was done to them goes."""
    loaded = load(
        """
        steady_state:
          - ask: How is it?
        method:
          - inject: {id: gone, upstream: weather, fault: timeout}
          - ask: {question: How is it?, times: 2, every: 10s}
            expect: {answers: {fallback: 2}}
          - expect: {guesses: 2}
          - heal: gone
        expect: {availability: 1.0}
        """,
        QuickToy,
    )

    scenario = workload_of(loaded).scenario

    assert [type(step) for step in scenario.method] == [AskStep, AdvanceStep, AskStep]
    assert not scenario.steady_state
    assert not scenario.expect
    assert not any(step.expect for step in scenario.method)


def test_workload_needs_somebody_who_asks(load: Load) -> None:
    """Without a question there is nothing that could go wrong."""
    with pytest.raises(ChaosError, match="asks a question"):
        workload_of(load("method:\n  - advance: 1m\n    expect: {calls.weather: 1}\n", QuickToy))


def test_interleavings_keep_the_scenario_but_for_its_users(load: Load) -> None:
    """Faults stay; with fewer users, what more were expected to see goes."""
    loaded = load(
        """
        method:
          - inject: {upstream: weather, fault: latency, latency: 1s}
          - ask: {question: How is it?, users: 20}
            expect: {answers: {llm: 20}}
        """,
        QuickToy,
    )

    as_it_is = interleavings_of(loaded, Explore()).scenario.method
    fewer = interleavings_of(loaded, Explore(users=2)).scenario.method

    assert as_it_is == loaded.scenario.method
    assert [step.ask.users for step in fewer if isinstance(step, AskStep)] == [2]
    assert not fewer[1].expect


def test_faults_are_written_before_the_step_they_strike(
    simulation: Simulation, load: Load
) -> None:
    """Second attempt of the first question, first attempt of the third step: as calls say."""
    explored = subject(load)
    played = explored.played(simulation, ((0, 1), (1, 1), (4, 1)))

    written = with_faults(explored.loaded.scenario, struck_in(played.result.trace, played.faults))

    lines = [line.strip() for line in scenario_text(written).splitlines() if "inject" in line]
    assert ["ask-1-weather-1" in lines[0], "calls: 1" in lines[0]] == [True, True]
    assert ["ask-1-weather-2" in lines[1], "calls: 2" in lines[1]] == [True, True]
    assert "calls: 1" in lines[2]
    assert len(lines) == 3
    again = play(
        LoadedScenario(scenario=written, source=explored.loaded.source), TiredToy, simulation
    )
    assert again.virtual_s == played.result.virtual_s


def test_faults_of_connecting_are_written_with_their_attempt(
    simulation: Simulation, load: Load
) -> None:
    """The second attempt of the first question is the second to be refused, and comes so far."""
    explored = replace(subject(load), menu=Menu(("dns_failure", "connection_refused")))
    played = explored.played(simulation, ((1, 1), (2, 1), (4, 1)))
    struck = struck_in(played.result.trace, played.faults, played.attempts)

    written = with_faults(explored.loaded.scenario, struck)

    told = re.findall(r"inject: \{.* fault: (\w+), .*calls: (\d)\}", scenario_text(written))
    assert told == [("connection_refused", "1"), ("dns_failure", "2"), ("connection_refused", "2")]
    again = play(
        LoadedScenario(scenario=written, source=explored.loaded.source), TiredToy, simulation
    )
    assert again.virtual_s == played.result.virtual_s > 0


def test_counterexample_loses_what_it_can_do_without(simulation: Simulation, load: Load) -> None:
    """Three faults and two questions are all it takes: no pause, and nobody after them."""
    explored = subject(load)
    deviations = tuple((number, 1) for number in range(6))
    played = explored.played(simulation, deviations)
    written = with_faults(explored.loaded.scenario, struck_in(played.result.trace, played.faults))
    loaded = LoadedScenario(scenario=written, source=explored.loaded.source)
    check = "every-ask-is-answered"
    assert check in {problem.check for problem in problems_of(played.result)}

    def replay(tried: LoadedScenario) -> RunResult:
        return play(tried, TiredToy, simulation)

    small = smaller(loaded, check, replay)

    asks = [step for step in small.scenario.method if isinstance(step, AskStep)]
    assert check in {problem.check for problem in problems_of(replay(small))}
    assert sum(step.ask.answers for step in asks) == 2
    assert not any(isinstance(step, AdvanceStep) for step in small.scenario.method)
    assert len(small.scenario.method) == 3 + len(asks)


def test_menu_knows_what_is_not_on_it() -> None:
    """A mistyped fault is no empty search."""
    with pytest.raises(ChaosError, match="did you mean 'timeout'"):
        Menu(("timeuot",))


def test_menu_fits_the_operation() -> None:
    """Completions are refused and cut, media corrupted, and everything times out."""
    kinds = {
        operation: {vars(fault)["fault"] for fault in Menu().at("any", operation)}
        for operation in ("chat.completions", "objects.media", "today")
    }

    assert {"completion", "cut_stream"} <= kinds["chat.completions"]
    assert "corrupt" in kinds["objects.media"] - kinds["today"] - kinds["chat.completions"]
    assert all({"timeout", "rate_limit", "reset_peer"} <= each for each in kinds.values())


def test_summary_says_what_was_not_covered() -> None:
    """A search that was cut short does not pass for one that was not."""
    cut = Exploration(
        runs=90, real_s=0.5, depth=2, done=40, due=700, finished=(1, 49), stopped="--runs"
    )

    lines = list(summary(cut, Bounds(faults=3, runs=90)))

    assert lines[:3] == [
        "covered: every run with no faults (1 run)",
        "covered: every run with 1 fault (49 runs)",
        (
            "not covered, because --runs was reached first: 660 of 700 runs with 2 faults, "
            "and all with more, up to 3"
        ),
    ]
    assert "660" not in progress(cut, "fault")
