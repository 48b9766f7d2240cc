"""Switch points in code: races are found, sound code is exhausted, what is found is repeated."""

from __future__ import annotations

import pytest

from chaos.explorer.exploration import Bounds, Exploration, explore
from chaos.explorer.interleavings import interleaved, play_interleavings, replay_interleaving
from chaos.explorer.subject import Subject
from chaos.ports import Target
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Explore
from chaos.simulation.world import Simulation
from chaos.verdict import Outcome
from tests.chaos.explorer.conftest import CrewOf, Load
from tests.chaos.explorer.targets import Breaker, Flooded, Office, TwoStep, Unlocked

LAST_SEAT = """
    explore: {preemptions: 2}
    method:
      - ask: {question: A seat, users: 2}
        expect: {answers: {llm: 1, fallback: 1}}
"""
TRIAL = """
    explore: {preemptions: 2}
    method:
      - ask: fail
      - advance: 60s
      - ask: {question: again, users: 2}
"""


def search(
    loaded: LoadedScenario, target: type[Target], crew_of: CrewOf, preemptions: int = 2
) -> Exploration:
    """Go through the interleavings."""
    bounds = Bounds(preemptions=preemptions, prunes=False)
    return explore(crew_of(interleaved(target, loaded)), bounds)


@pytest.mark.parametrize("office", [Unlocked, TwoStep])
def test_race_is_found_with_one_preemption(
    office: type[Target], load: Load, crew_of: CrewOf
) -> None:
    """Two users who both look before either acts."""
    found = search(load(LAST_SEAT, office), office, crew_of, preemptions=1)

    finding = found.findings["method[0] answers"]
    assert sum(1 for _, picked in finding.deviations if picked) <= 2
    assert "answers" in finding.problem.check


def test_sound_code_is_exhausted(load: Load, crew_of: CrewOf) -> None:
    """Every interleaving was played, and none sold the seat twice."""
    found = search(load(LAST_SEAT, Office), Office, crew_of)

    assert not found.findings
    assert found.stopped == ""
    assert found.runs > 50


def test_more_preemptions_are_more_runs(load: Load, crew_of: CrewOf) -> None:
    """The bound bounds."""
    runs = [
        search(load(LAST_SEAT, Office), Office, crew_of, preemptions).runs
        for preemptions in (1, 2)
    ]

    assert runs[0] < runs[1]


def test_interleaving_is_repeated_from_its_choices(
    simulation: Simulation, load: Load, crew_of: CrewOf
) -> None:
    """The same digest again, from what a scenario file can say."""
    loaded = load(LAST_SEAT, TwoStep)
    subject = interleaved(TwoStep, loaded)
    deviations = search(loaded, TwoStep, crew_of).findings["method[0] answers"].deviations
    picks = dict(deviations)
    choices = tuple(picks.get(number, 0) for number in range(max(picks) + 1))
    explored = Explore(preemptions=2, choices=choices)
    written = load(LAST_SEAT, TwoStep).scenario.model_copy(update={"explore": explored})

    again = replay_interleaving(
        LoadedScenario(scenario=written, source=loaded.source), TwoStep, simulation
    )

    first = subject.played(simulation, deviations).result
    assert again.outcome is Outcome.FAILED
    assert again.digest == first.digest


@pytest.mark.parametrize(
    ("target", "outcome"), [(Office, Outcome.PASSED), (TwoStep, Outcome.FAILED)]
)
def test_scenario_that_asks_for_it_is_played_in_every_interleaving(
    target: type[Target], outcome: Outcome, simulation: Simulation, load: Load
) -> None:
    """One result, that of the worst."""
    result = play_interleavings(load(LAST_SEAT, target), target, simulation)

    assert result.outcome is outcome
    assert result.verdicts[-1].check == "interleavings"


def test_scenario_where_nobody_meets_proves_nothing(simulation: Simulation, load: Load) -> None:
    """With one user there is nothing to interleave, and that is not a pass."""
    alone = LAST_SEAT.replace("users: 2", "users: 1").replace("llm: 1, fallback: 1", "llm: 1")

    result = play_interleavings(load(alone, Office), Office, simulation)

    assert result.outcome is Outcome.INCONCLUSIVE


def test_helpdesk_breaker_admits_one_trial_under_any_interleaving(
    load: Load, crew_of: CrewOf
) -> None:
    """The real breaker, every line of it; ``nox -s explore`` goes further."""
    found = search(load(TRIAL, Breaker), Breaker, crew_of, preemptions=1)

    assert not found.findings
    assert found.runs > 100


def test_flooded_breaker_is_found(load: Load, crew_of: CrewOf) -> None:
    """Without the gate, a second user comes in while the first is the trial."""
    found = search(load(TRIAL, Flooded), Flooded, crew_of, preemptions=1)

    assert "one-trial" in found.findings


def test_lines_outside_of_the_named_modules_are_left_alone(
    simulation: Simulation, load: Load
) -> None:
    """Nobody is interrupted in code that was not named."""
    loaded = load(LAST_SEAT, Office)
    subject = interleaved(Office, loaded)
    outside = type("Outside", (Office,), {"interleaved": ("json",)})

    named = subject.run(simulation)
    not_named = Subject(loaded=subject.loaded, target=outside, steers=subject.steers)

    assert any(point.kind == "switch" for point in named.points)
    assert not any(point.kind == "switch" for point in not_named.run(simulation).points)


def test_without_preemptions_only_turns_are_taken(simulation: Simulation, load: Load) -> None:
    """Who comes first is decided, and nobody is interrupted."""
    loaded = load(LAST_SEAT.replace("preemptions: 2", "preemptions: 0"), Unlocked)

    run = interleaved(Unlocked, loaded).run(simulation)

    assert {point.kind for point in run.points} == {"order"}
    assert play_interleavings(loaded, Unlocked, simulation).outcome is Outcome.PASSED


def test_looking_around_takes_no_decision(simulation: Simulation, load: Load) -> None:
    """To ask the breaker for its state is to run lines at which others could be let in."""
    subject = interleaved(Breaker, load(TRIAL, Breaker))

    plain, looking = [subject.run(simulation, looks_ahead=ahead) for ahead in (False, True)]

    assert plain.points == looking.points
