"""Ours: the application in a scenario, judged by the laws that every run has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import openai

from benchmarks.peers import case
from chaos.ports import Answer, Promises, RetryPolicy, Target, Vocabulary
from chaos.scenario.loader import load_text
from chaos.session import play_one
from chaos.simulation.timing import real
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.openai import OpenAIUpstream

SCENARIO = """\
version: 1
name: too-early
hypothesis: A client that is asked for a pause of five seconds keeps it.
target: benchmarks.peers.ours:Impatient
method:
  - inject: {upstream: openai, fault: rate_limit, retry_after: 5s, calls: 1-2}
  - ask: {question: Hi}
    expect: {answer.mode: llm}
"""


@cache
def _client() -> openai.OpenAI:
    """One for all runs: a real one reads certificates first, unlike one of a mock transport."""
    return openai.OpenAI(api_key="sk-bench", max_retries=0)


class Impatient(Target):
    """The application as it is."""

    upstreams = (OpenAIUpstream,)

    def ask(self, question: str) -> Answer:
        """Call the model, whatever the question."""
        del question
        case.ask(_client())
        return Answer(mode="llm")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """What its retries are meant to be."""
        del settings
        policy = RetryPolicy(attempts=3, first_backoff_s=2, max_backoff_s=10, jitter_s=0)
        return Promises(retries={"openai": policy})


def _words(target: str) -> Vocabulary:
    del target
    return Impatient.vocabulary()


def _main() -> None:
    loaded = load_text(SCENARIO, "too-early.yaml", _words)
    with SimulatedTier() as world:
        case.tell(lambda: play_one(loaded, Impatient, world).outcome.value, clock=real.monotonic)


if __name__ == "__main__":
    _main()
