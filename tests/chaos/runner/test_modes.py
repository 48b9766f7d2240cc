"""Targets whose answers have modes of their own."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from chaos.ports import Answer, Vocabulary
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome
from tests.chaos.toy import Toy

_OUTAGE = """
    version: 1
    name: toy
    hypothesis: It is back with the first question after the outage.
    method:
      - inject: {id: outage, upstream: weather, fault: http_error, status: 503}
      - ask: How is it?
        expect: {answer.mode: guessed}
      - heal: outage
      - advance: 5s
      - ask: How is it?
        expect: {answer.mode: told}
    expect: {time_to_recover: RECOVERED}
    """


class Forecaster(Toy):
    """A toy that has no model to speak of: it is told the weather, or guesses."""

    name = "forecaster"

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The words of the toy, with other modes."""
        return replace(super().vocabulary(), modes=("told", "guessed", "error"))

    def ask(self, question: str) -> Answer:
        """As the toy does, in other words."""
        answer = super().ask(question)
        return replace(answer, mode={"llm": "told", "fallback": "guessed"}[answer.mode])


def _played(recovered: str) -> RunResult:
    text = textwrap.dedent(_OUTAGE).replace("RECOVERED", recovered)
    loaded = load_text(text, "toy.yaml", lambda _: Forecaster.vocabulary())
    with SimulatedTier() as simulation:
        return play(loaded, Forecaster, simulation)


@pytest.mark.parametrize(("recovered", "outcome"), [("5s", "passed"), ("4s", "failed")])
def test_time_to_recover_is_that_of_the_targets_best_mode(recovered: str, outcome: str) -> None:
    """Whatever a service calls its good answers, how soon they are back can be claimed."""
    result = _played(recovered)

    assert result.outcome is Outcome(outcome), result.problems
