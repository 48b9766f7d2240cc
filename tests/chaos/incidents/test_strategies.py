"""The simple services to compare with: each does what its name says, and no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.ports import Target
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.targets.strategies import NoRetry, RetryOnly, RetryWithBreaker
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def run(simulation: Simulation, target: type[Target], steps: str) -> RunResult:
    """Play steps, with the articles fetched an hour ago unless the steps say otherwise."""
    head = f"version: 1\nname: case\nhypothesis: It holds.\ntarget: {target.name}\n"
    given = "" if "given:" in steps else "given: {index_cache: {age: 1h}}\n"
    loaded = load_text(head + given + steps, "case.yaml", lambda _: target.vocabulary())
    return play(loaded, target, simulation)


ALL = [NoRetry, RetryOnly, RetryWithBreaker]


@pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)
def test_strategy_answers_on_a_good_day(simulation: Simulation, target: type[Target]) -> None:
    """It fetches its articles once, and asks the model."""
    result = run(
        simulation,
        target,
        "given: {index_cache: absent}\n"
        "method:\n"
        "  - ask: {question: How do I reset my password?, times: 3}\n"
        "    expect: {answers: {llm: 3}, calls.openai: 3, calls.gcs: 1}\n",
    )

    assert result.outcome is Outcome.PASSED, result.problems


@pytest.mark.parametrize(
    ("target", "calls"),
    [(NoRetry, 10), (RetryOnly, 30), (RetryWithBreaker, 15)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_strategy_makes_its_calls_in_an_outage(
    simulation: Simulation, target: type[Target], calls: int
) -> None:
    """Once, three times, or three times until five calls have failed."""
    outage = (
        "method:\n"
        "  - inject: {upstream: openai, fault: http_error, status: 503}\n"
        "  - ask: {question: Is the VPN down?, times: 10}\n"
        f"    expect: {{answers: {{error: 10}}, calls.openai: {calls}}}\n"
    )
    result = run(simulation, target, outage)

    broken = [law.check for law in result.laws if law.outcome is Outcome.FAILED]
    assert [verdict.check for verdict in result.verdicts] == [
        "method[1] answers",
        "method[1] calls.openai",
    ]
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PASSED}
    assert broken == ["every-ask-is-answered"]


def test_simple_breaker_tries_again_after_its_period(simulation: Simulation) -> None:
    """Refused at 59 s, tried at 60 s; one success closes it."""
    result = run(
        simulation,
        RetryWithBreaker,
        "method:\n"
        "  - inject: {id: outage, upstream: openai, fault: http_error, status: 503}\n"
        "  - ask: {question: Is the VPN down?, times: 5}\n"
        "  - heal: outage\n"
        "  - advance: 59s\n"
        "  - ask: Is the VPN down?\n"
        "    expect: {answers: {error: 1}, calls.openai: 0}\n"
        "  - advance: 1s\n"
        "  - ask: {question: Is the VPN down?, times: 2}\n"
        "    expect: {answers: {llm: 2}, calls.openai: 2}\n",
    )

    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PASSED}


def test_simple_breaker_counts_failures_in_a_row(simulation: Simulation) -> None:
    """Four, a success and four more do not open it."""
    result = run(
        simulation,
        RetryWithBreaker,
        "method:\n"
        "  - inject: {upstream: openai, fault: http_error, status: 503, calls: 1-12}\n"
        "  - ask: {question: Is the VPN down?, times: 5}\n"
        "    expect: {answers: {error: 4, llm: 1}}\n"
        "  - inject: {upstream: openai, fault: http_error, status: 500, calls: 1-12}\n"
        "  - ask: {question: Is the VPN down?, times: 5}\n"
        "    expect: {answers: {error: 4, llm: 1}}\n",
    )

    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PASSED}


@pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)
def test_strategy_has_nothing_but_storage(simulation: Simulation, target: type[Target]) -> None:
    """When its articles are too old, or a restart has lost them, it cannot do without."""
    result = run(
        simulation,
        target,
        "given: {index_cache: {age: 50s}, settings: {index.fresh_for: 1m}}\n"
        "method:\n"
        "  - ask: {question: Is the VPN down?}\n"
        "    expect: {answers: {llm: 1}, calls.gcs: 0}\n"
        "  - inject: {upstream: gcs, fault: http_error, status: 503}\n"
        "  - restart\n"
        "  - ask: {question: Is the VPN down?}\n"
        "    expect: {answers: {error: 1}, calls.openai: 0}\n",
    )

    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PASSED}
