"""What the explorer leaves out would have come to nothing new: compared with the whole tree."""

from __future__ import annotations

import pytest

from chaos.explorer.asking import FAULT
from chaos.explorer.exploration import Bounds, Exploration, explore
from chaos.explorer.menu import Menu
from chaos.explorer.subject import Subject
from chaos.explorer.workload import workload_of
from chaos.ports import Target
from chaos.simulation.world import Simulation
from tests.chaos.explorer.conftest import CrewOf, Load
from tests.chaos.explorer.targets import QuickToy, TiredToy, WatchedToy

THREE = """
    method:
      - ask: {question: How is it?, times: 3}
"""
DISHES = Menu(("http_error-503", "timeout", "malformed-html"))


def search(target: type[Target], load: Load, crew_of: CrewOf, bounds: Bounds) -> Exploration:
    """Explore three questions."""
    subject = Subject(
        loaded=workload_of(load(THREE, target)),
        target=target,
        steers=frozenset({FAULT}),
        menu=DISHES,
    )
    return explore(crew_of(subject), bounds)


@pytest.mark.parametrize("faults", [2, 3])
def test_pruning_saves_exactly_what_the_whole_tree_has_more(
    faults: int, load: Load, crew_of: CrewOf
) -> None:
    """Runs played and runs saved make up the tree."""
    bounds = Bounds(faults=faults), Bounds(faults=faults, prunes=False)

    pruned, whole = [search(WatchedToy, load, crew_of, each) for each in bounds]

    assert pruned.saved > 0
    assert pruned.runs + pruned.saved == whole.runs
    assert whole.saved == 0


def test_pruning_finds_what_the_whole_tree_finds(load: Load, crew_of: CrewOf) -> None:
    """The same checks fail, with as many deviations: three attempts, of at least two questions."""
    subject = Subject(
        loaded=workload_of(load(THREE, TiredToy)),
        target=TiredToy,
        steers=frozenset({FAULT}),
        menu=Menu(("http_error-503",)),
    )

    pruned, whole = [
        explore(crew_of(subject), Bounds(faults=4, prunes=prunes)) for prunes in (True, False)
    ]

    assert "every-ask-is-answered" in pruned.findings
    assert {each: len(found.deviations) for each, found in pruned.findings.items()} == {
        each: len(found.deviations) for each, found in whole.findings.items()
    }
    assert pruned.runs < whole.runs
    assert pruned.runs + pruned.saved == whole.runs


def test_target_that_does_not_tell_its_state_is_searched_whole(
    load: Load, crew_of: CrewOf
) -> None:
    """Without a state, only what changes nothing is left out."""
    pruned = search(QuickToy, load, crew_of, Bounds(faults=2))
    whole = search(QuickToy, load, crew_of, Bounds(faults=2, prunes=False))

    assert pruned.saved == 0
    assert pruned.runs == whole.runs


@pytest.mark.parametrize(
    ("ask", "is_known"),
    [("users: 2", True), ("users: 2, times: 2", False)],
    ids=["users ask once", "users ask again"],
)
def test_state_is_unknown_where_users_may_be_ahead_of_each_other(
    ask: str,
    is_known: bool,  # noqa: FBT001 - a parameter of the test
    simulation: Simulation,
    load: Load,
) -> None:
    """The number of questions so far would not tell who has still to ask, and when."""
    method = f"method:\n  - ask: {{question: How is it?, {ask}}}\n"
    subject = Subject(
        loaded=workload_of(load(method, WatchedToy)),
        target=WatchedToy,
        steers=frozenset({FAULT}),
        menu=DISHES,
    )

    run = subject.run(simulation, looks_ahead=True)

    assert any(point.state is not None for point in run.points) is is_known
