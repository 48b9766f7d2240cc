"""Filibuster's examples: as many runs as the page says, pruned and whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos import session
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import Bounds, Exploration
from chaos.explorer.menu import Menu
from chaos.verdict import Outcome

pytestmark = pytest.mark.slow

SCENARIOS = Path(__file__).parents[2] / "examples/filibuster/scenarios"
FIVE = Menu(
    ("http_error-404", "http_error-500", "http_error-503", "timeout", "connection_refused")
)


def search(name: str, bounds: Bounds, *, times: int = 1) -> Exploration:
    """Break what is behind one question, or several in a row."""
    (loaded,) = session.load([SCENARIOS / f"{name}.yaml"])
    (step,) = loaded.scenario.method
    asked = step.model_copy(update={"ask": step.ask.model_copy(update={"times": times})})  # type: ignore[union-attr]  # it is an ask
    scenario = loaded.scenario.model_copy(update={"method": (asked,)})
    campaign = Campaign(loaded=replace(loaded, scenario=scenario), bounds=bounds, menu=FIVE)
    return campaign.search()


def test_examples_pass_their_scenarios() -> None:
    """Without faults, users get everything."""
    suite = session.run(session.load([SCENARIOS]))

    assert [result.outcome for result in suite.results] == [Outcome.PASSED] * 4


@pytest.mark.parametrize(("name", "runs"), [("expedia", 26), ("cinema", 111), ("audible", 91)])
def test_one_question_takes_as_many_runs_as_there_are_ways_to_fail(name: str, runs: int) -> None:
    """Of expedia, that is what Filibuster has published."""
    found = search(name, Bounds(faults=2))

    assert (found.runs, found.stopped, found.findings) == (runs, "", {})


def test_home_page_takes_as_many_runs_as_its_fallbacks_multiply_to() -> None:
    """Up to two faults; more of them, which the page has, take minutes.

    After bookmarks, five calls can fail; after recommendations, two.
    """
    found = search("netflix", Bounds(faults=2))

    assert (found.runs, found.stopped, found.findings) == (1 + 6 * 5 + 5 * 25 + 5 * 10, "", {})


@pytest.mark.parametrize(
    ("name", "runs", "whole"),
    [("expedia", 151, 26**2), ("cinema", 441, 111**2), ("audible", 361, 91**2)],
)
def test_two_questions_are_pruned_to_a_part(name: str, runs: int, whole: int) -> None:
    """Runs played and runs saved make up the whole tree, which is the product of both."""
    found = search(name, Bounds(faults=4), times=2)

    assert found.runs == runs
    assert found.runs + found.saved == whole
