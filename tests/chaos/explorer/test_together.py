"""Faults, interruptions and turns in one search: what takes two of them is found, and written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds
from chaos.explorer.menu import Menu
from chaos.ports import Target
from chaos.scenario.loader import LoadedScenario
from tests.chaos.explorer.conftest import Load
from tests.chaos.explorer.targets import Jealous, Shaken

TWO_USERS = """
    seed: 1
    method:
      - ask: {question: A seat, users: 2}
"""
CHECK = "every-ask-is-answered"


def campaign(load: Load, target: type[Target], bounds: Bounds) -> Campaign:
    """Search what two users do, with one fault on the menu."""
    loaded = load(TWO_USERS, target)
    spelled = f"{target.__module__}:{target.__qualname__}"
    scenario = loaded.scenario.model_copy(update={"target": spelled})
    return Campaign(
        loaded=LoadedScenario(scenario=scenario, source=loaded.source),
        bounds=bounds,
        menu=Menu(("http_error-503",)),
    )


@pytest.mark.parametrize(
    ("target", "bounds"),
    [
        pytest.param(Shaken, Bounds(faults=2), id="faults"),
        pytest.param(Shaken, Bounds(preemptions=1), id="interruptions"),
        pytest.param(Jealous, Bounds(faults=2), id="faults, in the order that the seed draws"),
        pytest.param(Shaken, Bounds(faults=1, orders=1), id="a fault and a turn"),
    ],
)
def test_search_without_one_of_the_kinds_finds_nothing(
    target: type[Target], bounds: Bounds, load: Load
) -> None:
    """Each of these services bears as much as that."""
    found = campaign(load, target, bounds).search()

    assert not found.findings
    assert not found.stopped


@pytest.mark.parametrize(
    ("target", "bounds"),
    [
        pytest.param(Shaken, Bounds(faults=1, preemptions=1), id="a fault and an interruption"),
        pytest.param(
            Jealous, Bounds(faults=1, orders=1), id="a fault and a turn", marks=pytest.mark.slow
        ),
    ],
)
def test_search_of_two_kinds_finds_what_takes_both(
    target: type[Target], bounds: Bounds, load: Load, tmp_path: Path
) -> None:
    """With one deviation of each; and what is written fails by itself."""
    searched = campaign(load, target, bounds)

    found = searched.search()

    finding = found.findings[CHECK]
    assert len(finding.deviations) == 2
    (written,) = searched.write(found, tmp_path)
    assert written.fails
    assert "\nexplore:" in written.path.read_text(encoding="utf-8")
    assert written.result.trace


@pytest.mark.slow
def test_pruned_search_of_two_kinds_is_the_whole_one(load: Load) -> None:
    """The same findings, and what is saved is what the whole tree has more."""
    bounds = Bounds(faults=2, orders=2)
    pruned, whole = [
        campaign(load, Jealous, replace(bounds, prunes=prunes)).search()
        for prunes in (True, False)
    ]

    assert list(pruned.findings) == list(whole.findings) == [CHECK]
    assert pruned.saved > 0
    assert pruned.runs + pruned.saved == whole.runs
