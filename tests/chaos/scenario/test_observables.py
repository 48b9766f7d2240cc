"""What can be observed of a target."""

from __future__ import annotations

from chaos.ports import Observable, Vocabulary
from chaos.scenario.kinds import Kind
from chaos.scenario.observables import Place, probes

KEYS_OF_THE_LANGUAGE = """
answer.mode answer.text answer.elapsed answer.reason answer.stale answer.sources
answers answers.llm answers.fallback answers.error
calls.openai calls.gcs calls.gcs.objects.media waits.openai
openai.breaker.state openai.breaker.failures openai.breaker.transitions openai.breaker.retry_after
index.state index.generation index.age index.sha256
availability amplification.openai slowest_answer time_to_open time_to_recover
"""


def test_every_key_of_the_language_is_known(toy: Vocabulary) -> None:
    """All that the language promises can be expected, and has a line of documentation."""
    known = probes(toy)

    assert set(KEYS_OF_THE_LANGUAGE.split()) <= set(known)
    assert all(probe.doc and probe.key == key for key, probe in known.items())


def test_observable_of_the_target_is_looked_at_live(toy: Vocabulary) -> None:
    """What the target lists is asked of it, also where there is a built-in of that name."""
    known = probes(toy)

    live = {key: probe.kind for key, probe in known.items() if probe.is_live}
    assert live.keys() == toy.observables.keys()
    assert live["queue.length"] is Kind.COUNT
    assert live["queue.oldest"] is live["index.age"] is Kind.DURATION
    assert "half_open" in known["openai.breaker.state"].values


def test_breaker_and_index_are_only_where_the_target_shows_them(toy: Vocabulary) -> None:
    """What could never be seen is not offered; the changes of a breaker come with its state."""
    state = {"openai.breaker.state": toy.observables["openai.breaker.state"]}
    silent, frank = [
        Vocabulary(upstreams=toy.upstreams, observables=shown, settings={})
        for shown in ({}, state)
    ]

    added = {"openai.breaker.state", "openai.breaker.transitions"}
    assert not any("breaker" in key or key.startswith("index.") for key in probes(silent))
    assert probes(frank).keys() - probes(silent).keys() == added


def test_answers_are_seen_where_somebody_asks(toy: Vocabulary) -> None:
    """And numbers over time only over time."""
    places = {key: probe.place for key, probe in probes(toy).items()}

    assert {places[k] for k in places if k.startswith("answer")} == {Place.ASKING}
    assert places["availability"] is Place.OVER_TIME
    assert places["calls.openai"] is places["queue.length"] is Place.ANYWHERE


def test_values_known_to_the_target_are_the_only_ones() -> None:
    """They replace those of the built-in of the same name."""
    shown = Observable(type=str, doc="state", values=("warm", "cold"))
    target = Vocabulary(upstreams={}, observables={"index.state": shown}, settings={})

    assert probes(target)["index.state"].values == ("warm", "cold")
