"""Articles from a bucket, an index of another kind, or what comes with the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.defects.edits import Rewrite
from chaos.runner.life import AUDIT, play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.scenario.problems import ScenarioError
from chaos.simulation.world import Simulation
from chaos.targets.helpdesk.target import HelpdeskTarget
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def played(simulation: Simulation, given: str, step: str) -> RunResult:
    """A question after a step."""
    text = (
        f"version: 1\nname: a\nhypothesis: It holds.\ngiven: {given}\n"
        f"method:\n  - {step}\n  - ask: How do I add a printer?\n"
        "expect: {answer.mode: llm, calls.openai: 1}\n"
    )
    loaded = load_text(text, "a.yaml", lambda _: HelpdeskTarget.vocabulary())
    return play(loaded, HelpdeskTarget, simulation)


@pytest.mark.parametrize(
    ("given", "step", "told"),
    [
        pytest.param(
            "{knowledge: {articles: packaged}, index_cache: {age: 2h}}",
            "refresh_index",
            "remove 'index_cache'",
            id="a copy of no bucket",
        ),
        pytest.param(
            "{knowledge: {articles: packaged}}",
            "publish_index: {}",
            "publish_index needs a bucket",
            id="nowhere to publish",
        ),
    ],
)
def test_what_cannot_be_is_told_in_one_message(
    given: str, step: str, told: str, simulation: Simulation
) -> None:
    """What is wrong, and what to write instead."""
    result = played(simulation, given, step)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert any(told in each.reason for each in result.problems), result.problems


def test_metric_that_no_index_has_is_told_when_the_file_is_read(simulation: Simulation) -> None:
    """What a step may say of a publication is checked like the rest of a file."""
    with pytest.raises(ScenarioError, match="expected one of: distance, inner_product"):
        played(simulation, "{index_cache: {age: 2h}}", "publish_index: {metric: cosine}")


@pytest.mark.parametrize("given", ["{knowledge: {articles: packaged}}", "{index_cache: absent}"])
def test_other_bytes_on_disk_than_are_served_are_found_out(
    given: str, simulation: Simulation
) -> None:
    """What a new process would find is what this one serves, wherever it comes from."""
    sound = played(simulation, given, "refresh_index")
    with Rewrite(
        "helpdesk.index_cache",
        (
            "- _write_through(unfinished / name, data)\n"
            "+ _write_through(unfinished / name, data + b' ')"
        ),
    ).applied():
        other = played(simulation, given, "refresh_index")

    assert sound.outcome is Outcome.PASSED, sound.problems
    reasons = [each.reason for each in other.problems if each.check == AUDIT]
    assert any("files on disk" in each for each in reasons), other.problems
