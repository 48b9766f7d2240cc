"""A result that was kept as JSON is the one that was played, in everything that is told of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chaos.compare import kept
from chaos.runner.result import RunResult, replay_command
from chaos.scenario.loader import LoadedScenario, load_text
from chaos.session import play_one
from chaos.targets import find_target, vocabulary_of
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome, Verdict

TEXT = """\
version: 1
name: outage
hypothesis: The toy answers.
target: tests.chaos.toy:Toy
tags: [retry]
method:
  - inject: {upstream: weather, fault: http_error, status: 503}
  - ask: How is it?
    expect: {calls.weather: 1}
waive: [bounded-amplification]
because: It may try as often as it likes.
"""


@pytest.fixture(scope="module")
def loaded() -> LoadedScenario:
    """A scenario that fails."""
    return load_text(TEXT, "outage.yaml", vocabulary_of)


@pytest.fixture(scope="module")
def result(loaded: LoadedScenario) -> RunResult:
    """What came of it, with half a surrogate pair and a comparison of two tiers."""
    with SimulatedTier() as simulation:
        played = play_one(loaded, find_target("tests.chaos.toy:Toy"), simulation)
    odd = Verdict(
        check="parity",
        outcome=Outcome.FAILED,
        reason="half of a pair: \ud83d",
        evidence=(1, 2),
        sides=(("", "simulated", "wire"), ("calls", "1", "2")),
    )
    return replace(
        played,
        verdicts=(*played.verdicts, odd),
        replay=replay_command(played.path, "both", played.seed),
    )


def through_json(result: RunResult) -> Any:
    """What is left of a result in a file."""
    return json.loads(json.dumps(kept.dump(result)))


def test_result_is_the_same_after_it_was_kept(loaded: LoadedScenario, result: RunResult) -> None:
    """Every field, and so its outcome, its digest and what it takes to play it again."""
    again = kept.load(through_json(result), loaded)

    assert replace(again, trace=result.trace) == result
    assert list(again.trace) == list(result.trace)
    assert (again.outcome, again.digest) == (Outcome.FAILED, result.digest)
    assert "--tier both" in again.replay


def test_trace_of_another_run_is_refused(loaded: LoadedScenario, result: RunResult) -> None:
    """It would be judged by verdicts that were never passed on it."""
    document = through_json(result)
    document["trace"] = "".join(document["trace"].splitlines(keepends=True)[:-1])

    with pytest.raises(ValueError, match="the trace of 'outage' has another digest"):
        kept.load(document, loaded)
