"""A service with a cache that does not speak HTTP: its scenarios hold, in both tiers."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.connection import DEFAULT_RESP_VERSION

from chaos import session
from chaos.runner.suite import SuiteResult
from chaos.scenario.loader import LoadedScenario
from chaos.tiers.tier import Tier
from chaos.trace.events import RequestEvent
from chaos.verdict import Outcome
from examples.redis_cache import service

SCENARIOS = Path(__file__).parents[2] / "examples/redis_cache/scenarios"
COUNT = 13


def loaded(*names: str) -> list[LoadedScenario]:
    """Some of the scenarios, or all."""
    return session.load([SCENARIOS / f"{name}.yaml" for name in names] or [SCENARIOS])


def outcome_of(name: str) -> Outcome:
    """How one of the scenarios ends."""
    return session.run(loaded(name)).outcome


@pytest.fixture
def played() -> SuiteResult:
    """All of them, in virtual time."""
    return session.run(loaded())


def test_every_scenario_passes(played: SuiteResult) -> None:
    """Whatever befalls the cache, the rates are told."""
    assert [result.outcome for result in played.results] == [Outcome.PASSED] * COUNT


def test_the_real_client_talks_to_the_stand_in(played: SuiteResult) -> None:
    """The unmodified library introduces itself, as to any server, before it asks."""
    result = next(each for each in played.results if each.name == "rates-are-kept")

    asked = [event.operation for event in result.trace if isinstance(event, RequestEvent)]

    # Where the second version of the protocol is the default, nobody says hello.
    assert asked[0] == f"connection.{'hello' if DEFAULT_RESP_VERSION == 3 else 'client'}"
    assert {"get", "set", "rates.get"} <= set(asked)


@pytest.mark.wire
def test_every_scenario_passes_in_both_tiers() -> None:
    """Real bytes through a real proxy tell the same story, event for event."""
    suite = session.run(loaded(), tier=Tier.BOTH)

    assert suite.tiers == {"simulated": COUNT, "wire": COUNT}
    assert suite.outcome is Outcome.PASSED


@pytest.mark.parametrize("name", ["cache-silent", "async-cache-silent", "cache-black-hole"])
def test_a_patient_cache_client_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that waits for its cache as long as for anything fails the same scenario."""
    monkeypatch.setattr(service, "CACHE_TIMEOUT_S", 30.0)

    assert outcome_of(name) is Outcome.FAILED


def test_a_cache_that_is_not_left_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that asks a dead cache again and again pays each time."""
    monkeypatch.setattr(service, "LEFT_ALONE_S", 0.0)

    assert outcome_of("cache-silent") is Outcome.FAILED


def test_errors_of_the_cache_that_escape_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that does not expect its cache to fail is caught by its own scenarios."""
    monkeypatch.setattr(service, "_FAILED", ())

    assert outcome_of("cache-refused") is Outcome.FAILED
    assert outcome_of("async-cache-cut") is Outcome.FAILED
