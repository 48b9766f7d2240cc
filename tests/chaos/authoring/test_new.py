"""New scenario files: they run, pass, and say what they claim."""

from __future__ import annotations

import pytest

from chaos.authoring.new import Wish, draft
from chaos.scenario.faults import FAULTS
from chaos.scenario.problems import ScenarioError
from chaos.simulation.world import Simulation
from chaos.targets.here import find_here
from chaos.verdict import Outcome
from tests.chaos.toy import Toy

UNHEARD_OF = {
    # Cloud Storage neither completes nor streams.
    ("gcs", "completion"),
    ("gcs", "cut_stream"),
    ("gcs", "stream"),
    # Plain questions ask it once, so that nobody notices what becomes of the connection.
    ("gcs", "idle_close"),
    ("gcs", "drop_connections"),
}
"""Faults of which nothing can be felt."""


def wish(upstream: str, fault: str, **others: object) -> Wish:
    """A wish for the helpdesk."""
    name = f"{upstream}-{fault}".replace("_", "-")
    return Wish(name=name, target="helpdesk", upstream=upstream, fault=fault, **others)  # type: ignore[arg-type] # any of its fields


@pytest.mark.parametrize("upstream", ["openai", "gcs"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_makes_a_scenario_whose_claims_hold(
    fault: str, upstream: str, simulation: Simulation
) -> None:
    """Whatever the service does under the fault is what the file expects; laws judge as ever."""
    drafted = draft(wish(upstream, fault), find_here("helpdesk"), simulation)

    doubtful = {v.outcome for v in drafted.result.verdicts} - {Outcome.PASSED}
    if (upstream, fault) in UNHEARD_OF:
        assert doubtful == {Outcome.INCONCLUSIVE}
    else:
        assert doubtful == set(), drafted.result.problems


def test_new_file_claims_what_was_seen(simulation: Simulation) -> None:
    """Counts and modes come from a run, and the file asks whether they are right."""
    drafted = draft(wish("openai", "http_error"), find_here("helpdesk"), simulation)

    assert drafted.result.outcome is Outcome.PASSED
    assert "expect: {answers: {fallback: 3}, calls.openai: 9}" in drafted.text
    assert "Is it what you want?" in drafted.text
    assert "While openai answers HTTP 503" in drafted.text


def test_parameters_and_words_are_the_author_s(simulation: Simulation) -> None:
    """What is given is in the file, quoted where it must be."""
    wanted = wish(
        "openai",
        "http_error",
        parameters={"status": 429},
        question="Why: me?",
        claim="It copes.",
    )

    text = draft(wanted, find_here("helpdesk"), simulation, schema="a.json").text

    assert text.startswith("# yaml-language-server: $schema=a.json\n")
    assert "fault: http_error, status: 429}" in text
    assert "- ask: 'Why: me?'" in text
    assert "hypothesis: >-\n  It copes.\n" in text


def test_wrong_parameter_is_told_as_in_a_file(simulation: Simulation) -> None:
    """The nearest word is offered, with the line it would stand in."""
    wanted = wish("openai", "rate_limit", parameters={"retry_aftr": "7s"})

    with pytest.raises(ScenarioError, match=r"openai-rate-limit\.yaml:\d+:\d+: .*'retry_after'"):
        draft(wanted, find_here("helpdesk"), simulation)


def test_service_that_breaks_down_is_told(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that never came to its questions leaves a file without claims, and its reason."""
    monkeypatch.setattr(Toy, "broken", "build")
    wanted = Wish(name="toy", target="tests.chaos.toy:Toy", upstream="weather", fault="timeout")

    drafted = draft(wanted, Toy, simulation)

    assert "expect" not in drafted.text
    assert drafted.result.outcome is Outcome.INCONCLUSIVE
    assert "no such thing" in drafted.result.problems[0].reason
