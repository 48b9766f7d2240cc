"""An expectation that is not met shows the events that deviate, not merely the last ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chaos.checks.expectations import judge
from chaos.checks.measure import Window
from chaos.ports import Observable, Vocabulary
from chaos.scenario.loader import load_text
from chaos.scenario.observables import probes
from chaos.trace.events import ObservationEvent
from chaos.trace.trace import Trace
from chaos.verdict import Outcome
from tests.chaos.checks.story import Story

WORDS = Vocabulary(
    upstreams={"openai": ()},
    observables={
        "openai.breaker.state": Observable(type=str, doc="state"),
        "index.age": Observable(type=timedelta, doc="age"),
    },
    settings={},
)


def trace() -> Trace:
    """Two answers of the model, one fallback, one error; the breaker opens between."""
    story = Story().by("script").fault("injected")
    for number, mode in enumerate(("llm", "fallback", "llm", "error"), start=1):
        story.asks(number).call(200).answer(mode)
        if number == 2:
            story.turns("closed", "open").index("failed", reason="timeout").served("stale")
    told = story.trace
    for key, value in (("openai.breaker.state", "open"), ("index.age", 5.0)):
        told.append(
            ObservationEvent(seq=len(told), at_s=0.0, actor="harness", key=key, value=value)
        )
    return told


def shown(claim: str) -> list[str]:
    """What a claim about the whole run shows: kind and mode, state or key of each event."""
    text = (
        "version: 1\nname: n\nhypothesis: h\ntarget: t\n"
        f"method:\n  - ask: {{question: x, times: 4}}\nexpect: {{{claim}}}\n"
    )
    (expectation,) = load_text(text, "n.yaml", lambda _: WORDS).scenario.expect
    told = trace()
    kind = probes(WORDS)[expectation.key].kind
    verdict = judge(expectation, Window(trace=told), kind=kind, where="expect")
    assert verdict.outcome is Outcome.FAILED
    words = []
    for seq in verdict.evidence:
        event = told[seq]
        parts = (getattr(event, name, None) for name in ("mode", "what", "key"))
        words.append(" ".join([event.kind, *(str(part) for part in parts if part)]))
    return words


@pytest.mark.parametrize(
    ("claim", "events"),
    [
        pytest.param("answers: {llm: 4}", ["answer fallback", "answer error"], id="too few"),
        pytest.param("answers: {llm: 1}", ["answer llm", "answer llm"], id="too many"),
        pytest.param("answers: {llm: all}", ["answer fallback", "answer error"], id="not all"),
        pytest.param("answers: {llm: 2, error: 0}", ["answer error"], id="one of two counts"),
        pytest.param("answers.error: 0", ["answer error"], id="one mode"),
        pytest.param("answer.mode: llm", ["answer fallback", "answer error"], id="each answer"),
        pytest.param("calls.openai: 2", ["request"] * 4, id="calls"),
        pytest.param("waits.openai: [2s]", ["observation index.age"], id="what never happened"),
        pytest.param("availability: 1", ["answer error"], id="unserved"),
        pytest.param(
            "openai.breaker.state: closed",
            ["breaker transition", "observation openai.breaker.state"],
            id="how the breaker came to it",
        ),
        pytest.param(
            "index.age: 0s", ["index failed", "observation index.age"], id="how the index did"
        ),
    ],
)
def test_expectation_shows_what_deviates(claim: str, events: list[str]) -> None:
    """Each claim about the whole run has the evidence that serves it."""
    assert shown(claim) == events
