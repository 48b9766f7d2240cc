"""Which calls a fault is for, how faults compose, and what the trace hears of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.choices import Seeded
from chaos.errors import ChaosError
from chaos.faults.delivery import PERFECT
from chaos.faults.injector import Injector
from chaos.ports import Operation
from chaos.trace.events import FaultEvent
from chaos.trace.recorder import TraceRecorder
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.faults.sent import (
    CHAT,
    DATA,
    MEDIA,
    chat_request,
    decide,
    fault,
    injector,
    media_request,
    store,
)


def touches(made: Injector, calls: int) -> list[int]:
    """Which of so many chat calls get lost, counted from 1."""
    upstream = OpenAIUpstream()
    found = []
    for call in range(1, calls + 1):
        decision = made.decide(upstream, CHAT, call)
        if (lost := decision.lost) is not None:
            decision.acted(lost.by)
            found.append(call)
    return found


@settings(deadline=None)  # a busy machine is not a failure
@given(window=st.lists(st.integers(1, 20), min_size=1, unique=True))
def test_window_touches_exactly_its_calls(window: list[int]) -> None:
    """``calls`` names matching calls from the injection on, and no other is touched."""
    made = injector(fault("timeout", takes_effect=False, calls=tuple(window)))

    assert touches(made, 25) == sorted(window)


def test_window_counts_matching_calls_only() -> None:
    """Calls of other operations, and calls before the injection, do not use up the window."""
    upstream = OpenAIUpstream()
    made = Injector(Seeded(7))
    made.decide(upstream, CHAT, 1)
    made.inject(
        fault("timeout", takes_effect=False, operation="chat.completions", calls=2), now_s=0.0
    )
    made.decide(upstream, Operation("models.list"), 2)

    assert made.decide(upstream, CHAT, 3).lost is None
    assert made.decide(upstream, CHAT, 4).lost is not None


@settings(deadline=None)  # a busy machine is not a failure
@given(share=st.floats(0.05, 0.95), seed=st.integers(0, 1000))
def test_toxicity_is_the_share_of_calls(share: float, seed: int) -> None:
    """Near that share of calls is touched, and the same seed touches the same ones."""
    first, again = (
        touches(
            injector(fault("timeout", takes_effect=False, toxicity=share), choices=Seeded(seed)),
            400,
        )
        for _ in range(2)
    )

    assert first == again
    # Five standard deviations of a binomial: fewer than one seed in a million falls outside.
    assert abs(len(first) - 400 * share) <= 5 * (400 * share * (1 - share)) ** 0.5 + 1


def test_toxicity_of_one_fault_leaves_the_draws_of_another() -> None:
    """Each fault draws under its own name: adding one does not reshuffle the others."""
    half = fault("timeout", takes_effect=False, id="a", toxicity=0.5)
    lone = injector(half)
    pair = injector(fault("latency", id="b", latency="1s", toxicity=0.5), half)

    assert touches(lone, 50) == touches(pair, 50)


@pytest.mark.parametrize(
    ("parameters", "operation", "matches"),
    [
        pytest.param({}, CHAT, True, id="any operation"),
        pytest.param({"operation": "chat.completions"}, CHAT, True, id="exact"),
        pytest.param({"operation": "chat"}, CHAT, True, id="prefix"),
        pytest.param({"operation": "chat.comp"}, CHAT, False, id="half a word"),
        pytest.param({"operation": "models"}, CHAT, False, id="other"),
        pytest.param({"object": "*.faiss"}, Operation("x", "a/b.faiss"), True, id="glob"),
        pytest.param({"object": "*.FAISS"}, Operation("x", "a/b.faiss"), False, id="other case"),
        pytest.param({"object": "*"}, CHAT, False, id="no object"),
        pytest.param({"upstream": "gcs"}, CHAT, False, id="other upstream"),
    ],
)
def test_fault_matches_where_it_says(
    parameters: dict[str, Any], operation: Operation, *, matches: bool
) -> None:
    """Upstream, operation and object all narrow a fault."""
    made = injector(fault("timeout", takes_effect=False, **parameters))

    assert (made.decide(OpenAIUpstream(), operation, 1).lost is not None) is matches


def test_last_replacement_hides_what_was_before_it() -> None:
    """A fault that answers itself hides the faults injected before it, and only those."""
    made = (
        fault("completion", finish_reason="length"),
        fault("rate_limit"),
        fault("http_error", status=503),
        fault("corrupt", at=0),
        fault("latency", latency="1s"),
    )
    decision = decide(*made)

    response = decision.respond(chat_request())
    delivery = decision.delivery(response)

    assert response.status == 503
    assert delivery == PERFECT.delayed(1.0, by="latency")
    assert decision.touched == ("http_error", "corrupt")


def test_alterations_compose_in_order() -> None:
    """Each alteration works on what the one before it left."""
    cut, html = fault("completion", finish_reason="length"), fault("malformed", **{"as": "html"})
    decision, reverse = decide(cut, html), decide(html, cut)

    assert b"sign in" in decision.respond(chat_request()).body
    assert b"sign in" in reverse.respond(chat_request()).body
    assert decision.touched == ("completion", "malformed")
    assert reverse.touched == ("malformed",)


def test_call_without_faults_is_the_providers() -> None:
    """With nothing injected, the response is the provider's and its delivery perfect."""
    decision = decide(upstream=store())

    response = decision.respond(media_request())

    assert response.body == DATA
    assert decision.delivery(response) == PERFECT
    assert decision.touched == ()


def test_healed_fault_touches_no_more() -> None:
    """A healed fault spares the calls after it, and still applies to those under way."""
    made = injector(fault("rate_limit"))
    under_way = made.decide(OpenAIUpstream(), CHAT, 1)

    made.heal("rate_limit", by="heal")

    assert under_way.respond(chat_request()).status == 429
    assert made.decide(OpenAIUpstream(), CHAT, 2).respond(chat_request()).status == 200
    assert dict(made.active) == {}


def test_ids_are_the_kind_and_numbered() -> None:
    """A fault without an id gets its kind, numbered from the second on; never one in use."""
    made = Injector(Seeded(7))
    given = [
        fault("timeout", takes_effect=False),
        fault("timeout", takes_effect=False),
        fault("latency", latency="1s", id="timeout-3"),
    ]

    ids = [made.inject(each, now_s=0.0) for each in given]
    ids.append(made.inject(fault("timeout", takes_effect=False), now_s=0.0))

    assert ids == ["timeout", "timeout-2", "timeout-3", "timeout-4"]
    assert tuple(made.active) == tuple(ids)


def test_id_in_force_cannot_be_used_again() -> None:
    """Two faults of one id at once are a mistake; one after the other is none."""
    made = injector(fault("timeout", takes_effect=False, id="outage"))

    with pytest.raises(ChaosError, match="'outage' is already in force"):
        made.inject(fault("timeout", takes_effect=False, id="outage"), now_s=1.0)
    made.heal("outage", by="heal")
    assert made.inject(fault("timeout", takes_effect=False, id="outage"), now_s=2.0) == "outage"


def test_healing_what_was_never_injected_is_a_mistake() -> None:
    """An unknown id is refused with those that are known; a healed one is fine."""
    made = injector(fault("timeout", takes_effect=False))

    with pytest.raises(ChaosError, match=r"no fault 'outage' .*one of: timeout"):
        made.heal("outage", by="heal")
    made.heal("timeout", by="heal")
    made.heal("timeout", by="for 20s")


def test_fault_expires_once_and_not_for_another_of_its_id() -> None:
    """The end that was set for a fault does not end one that took its id in the meantime."""
    made, first, second = (
        Injector(Seeded(7)),
        fault("timeout", takes_effect=False, id="lost", **{"for": "1s"}),
        fault("timeout", takes_effect=False, id="lost", **{"for": "9s"}),
    )
    made.inject(first, now_s=0.0)
    made.heal("lost", by="somebody")
    made.inject(second, now_s=0.5)

    assert not made.expire("lost", first)
    assert made.active == {"lost": second}
    assert made.expire("lost", second)
    assert not made.active


def test_untouched_faults_are_told() -> None:
    """A fault counts as touched by what it did to a call, not by having been in force."""
    made = injector(
        fault("corrupt", "gcs", id="works"),
        fault("completion", "gcs", id="misses"),
        fault("timeout", takes_effect=False, id="never asked"),
    )
    upstream = store()
    decision = made.decide(upstream, MEDIA, 1)
    decision.delivery(decision.respond(media_request()))

    assert made.untouched() == ("misses", "never asked")


def test_second_injection_of_an_id_must_touch_too() -> None:
    """That the first injection touched a call says nothing of the second."""
    made = injector(fault("timeout", takes_effect=False, id="outage"))
    assert touches(made, 1) == [1]
    made.heal("outage", by="heal")
    assert made.untouched() == ()

    made.inject(fault("timeout", takes_effect=False, id="outage"), now_s=1.0)

    assert made.untouched() == ("outage",)


def test_trace_hears_of_every_change() -> None:
    """Injection, each touched call, and healing with its reason are events, in order."""
    recorder = TraceRecorder(lambda: (0.0, "user-1", 1))
    made = Injector(Seeded(7))
    made.recorder = recorder
    made.inject(fault("http_error", id="outage", status=503, calls=2), now_s=0.0)
    for call in (11, 12):
        decision = made.decide(OpenAIUpstream(), CHAT, call)
        decision.delivery(decision.respond(chat_request()))
    made.heal("outage", by="for 20s")

    events = recorder.trace.of(FaultEvent)
    assert [(event.what, event.by, event.call) for event in events] == [
        ("injected", "", None),
        ("touched", "", 12),
        ("healed", "for 20s", None),
    ]
