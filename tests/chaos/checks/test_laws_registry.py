"""The laws as a whole: each is named, none raises, and waiving one hides nothing."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import hypothesis
import hypothesis.strategies as st
import pytest

from chaos.checks import laws
from chaos.checks.laws import judge_laws
from chaos.checks.laws.answers import EveryAskIsAnswered
from chaos.checks.laws.law import Law
from chaos.checks.record import RunRecord
from chaos.checks.registry import LAWS, find_law, law_names, promised_laws
from chaos.errors import ChaosError
from chaos.ports import BreakerPolicy, CachePolicy, Promises, RetryBudget, RetryPolicy
from chaos.targets.helpdesk.target import HelpdeskTarget as Helpdesk
from chaos.trace.events import EVENT_TYPES, Event
from chaos.trace.said import Said
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict
from tests.chaos.checks.story import SCENARIO, Story, record

NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, 2.0, 60.0, math.nan, math.inf, -math.inf]), st.floats()
)
WORDS = st.sampled_from(["openai", "gcs", "closed", "open", "half_open", "llm", "g1", "restart"])
DETAILS = st.sampled_from(
    [
        ("text", "Yes."),
        ("text", None),
        ("finish_reason", "stop"),
        ("code", "insufficient_quota"),
        ("generation", "g1"),
        ("sha256", "aa"),
        ("cached", True),
    ]
)
PROMISES = st.builds(
    Promises,
    deadline_s=st.none() | NUMBERS,
    retries=st.dictionaries(
        WORDS,
        st.builds(
            RetryPolicy,
            attempts=st.integers(0, 3),
            first_backoff_s=NUMBERS,
            max_backoff_s=NUMBERS,
            jitter_s=NUMBERS,
            multiplier=NUMBERS,
            shorter_by=NUMBERS,
            longest_pause_s=NUMBERS,
            budget=st.none()
            | st.builds(RetryBudget, share=NUMBERS, at_least=st.integers(0, 3), window_s=NUMBERS),
        ),
        max_size=2,
    ),
    breakers=st.dictionaries(
        WORDS,
        st.builds(
            BreakerPolicy,
            failure_threshold=st.integers(0, 3),
            recovery_timeout_s=NUMBERS,
            half_open_max_calls=st.integers(0, 2),
            trial_lease_s=st.none() | NUMBERS,
        ),
        max_size=2,
    ),
    caches=st.dictionaries(
        WORDS,
        st.builds(CachePolicy, fresh_for_s=NUMBERS, retry_failed_after_max_s=st.none() | NUMBERS),
        max_size=2,
    ),
    requests_per_ask=st.dictionaries(WORDS, st.integers(0, 3), max_size=2),
    recovers_within_s=st.none() | NUMBERS,
)


SIMPLE: dict[type, st.SearchStrategy[Any]] = {
    float: NUMBERS,
    int: st.integers(0, 4),
    bool: st.booleans(),
    str: WORDS,
}


def any_value(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type: the words that laws know, small numbers, and odd floats."""
    if hint in SIMPLE:
        return SIMPLE[hint]
    if hint is Said:
        return st.builds(
            Said, **{name: any_value(each) for name, each in get_type_hints(Said).items()}
        )
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        of_pairs = get_origin(get_args(hint)[0]) is tuple
        return st.lists(DETAILS if of_pairs else WORDS, max_size=3).map(tuple)
    return st.one_of(*(any_value(part) for part in get_args(hint) if part is not type(None)))


def any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Events of one kind whose fields have the right types and make no sense together."""
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):
        values[field.name] = any_value(hints[field.name])
        if field.default is not MISSING:
            values[field.name] |= st.just(field.default)
    return st.builds(kind, **values)


TRACES = st.lists(st.one_of(*map(any_event, EVENT_TYPES.values())), max_size=40).map(Trace)


@hypothesis.settings(max_examples=500, deadline=None)
@hypothesis.given(trace=TRACES, promises=PROMISES)
def test_every_law_concludes_on_any_trace(trace: Trace, promises: Promises) -> None:
    """No order of events, no time and no promise makes a law raise or contradict itself."""
    run = RunRecord(
        scenario=SCENARIO, trace=trace, promises=promises, best_mode="llm", ended_s=0.0
    )

    verdicts = [law().judge(run) for law in LAWS]

    for law, verdict in zip(LAWS, verdicts, strict=True):
        assert verdict.check == law.name
        assert verdict.reason
        failed = verdict.outcome is Outcome.FAILED
        assert bool(verdict.evidence) is failed
        assert not failed or (verdict.expected and verdict.seen)


def test_every_law_has_one_sentence() -> None:
    """It is what reports and the documentation say of it."""
    assert all(law.doc.endswith(".") and "\n" not in law.doc for law in LAWS)


@pytest.mark.parametrize("law", LAWS, ids=law_names())
def test_law_is_found_by_its_name(law: type[Law]) -> None:
    """Each name leads to its law."""
    assert find_law(law.name) is law


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("one-trail", "did you mean 'one-trial'?", id="a slip"),
        pytest.param("gravity", "expected one of: every-ask-is-answered, ", id="no such law"),
    ],
)
def test_unknown_law_is_answered_with_a_hint(name: str, hint: str) -> None:
    """A wrong name is told with the nearest, or with all."""
    with pytest.raises(ChaosError) as caught:
        find_law(name)

    assert hint in str(caught.value)


RETRIES = RetryPolicy(attempts=3, first_backoff_s=1, max_backoff_s=4, jitter_s=0)
BREAKER = BreakerPolicy(failure_threshold=5, recovery_timeout_s=60)
LAWS_OF_ALL = {"every-ask-is-answered", "no-error-is-lost"}
LAWS_OF_RETRIES = {"bounded-attempts", "backoff-honoured", "pauses-kept", "no-doomed-retry"}
LAWS_OF_BREAKERS = {
    *("no-call-while-open", "breaker-follows-the-model", "breaker-counts-what-happened"),
    *("permits-are-settled", "one-trial", "recovers"),
}
LAWS_OF_CACHES = {"cache-is-never-lost", "no-torn-index", "stale-is-said"}


@pytest.mark.parametrize(
    ("promises", "promised"),
    [
        pytest.param(Promises(), set(), id="nothing"),
        pytest.param(Promises(retries={"x": RETRIES}), LAWS_OF_RETRIES, id="retries"),
        pytest.param(
            Promises(retries={"x": replace(RETRIES, attempts=1)}),
            LAWS_OF_RETRIES - {"backoff-honoured"},
            id="one attempt, so no wait",
        ),
        pytest.param(
            Promises(retries={"x": replace(RETRIES, budget=RetryBudget(share=0.1))}),
            LAWS_OF_RETRIES | {"retry-budget-kept"},
            id="a budget",
        ),
        pytest.param(
            Promises(requests_per_ask={"x": 3}), {"bounded-amplification"}, id="amplification"
        ),
        pytest.param(Promises(breakers={"x": BREAKER}), LAWS_OF_BREAKERS, id="a breaker"),
        pytest.param(
            Promises(caches={"x": CachePolicy(fresh_for_s=60)}), LAWS_OF_CACHES, id="a cache"
        ),
    ],
)
def test_law_is_promised_by_what_it_rests_on(promises: Promises, promised: set[str]) -> None:
    """A target owes a test to the laws it gives cause for, and an answer in any case."""
    assert promised_laws(promises, Trace()) == promised | LAWS_OF_ALL


def test_law_is_promised_by_what_happened() -> None:
    """Where a model speaks, or something has an effect, nothing has to be promised."""
    story = Story().asks(1).says("Yes.").call(deed="pay").answer().fault("healed")

    assert promised_laws(Promises(), story.trace) == LAWS_OF_ALL | {
        "no-fabricated-success",
        "at-most-once",
        "recovers",
    }


def test_helpdesk_owes_its_laws() -> None:
    """Nothing that it promises is left out of the gate."""
    owed = promised_laws(Helpdesk.promises({}), Story().says("Yes.").trace)

    assert owed == LAWS_OF_ALL | LAWS_OF_RETRIES | LAWS_OF_BREAKERS | LAWS_OF_CACHES | {
        "bounded-amplification",
        "no-fabricated-success",
    }


def outcome_of(name: str, verdicts: tuple[Verdict, ...]) -> Verdict:
    """The one verdict of this law."""
    (verdict,) = [verdict for verdict in verdicts if verdict.check == name]
    return verdict


def test_judge_laws_gives_one_verdict_each() -> None:
    """A run is judged by every law, in order."""
    run = record(Story().asks(1).answer().trace, Promises())

    assert tuple(verdict.check for verdict in judge_laws(run)) == law_names()


def test_judge_laws_shows_what_a_waiver_hides() -> None:
    """A waived law is inconclusive, and says what it would have been and why it is waived."""
    run = record(Story().asks(1).trace, Promises())
    because = SCENARIO.model_copy(update={"because": "the network is cut at the end"})
    name = EveryAskIsAnswered.name

    verdicts = judge_laws(
        replace(run, scenario=because),
        waived=[name],
    )

    assert outcome_of(name, judge_laws(run)).outcome is Outcome.FAILED
    waived = outcome_of(name, verdicts)
    assert waived.outcome is Outcome.INCONCLUSIVE
    assert waived.reason == (
        "waived, because: the network is cut at the end "
        "(found: failed, question #1 of 'user-1' was never answered)"
    )


def test_judge_laws_fails_a_law_that_breaks_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """A law that raises has not passed, nor had it nothing to judge: it failed."""

    class Broken(Law):
        name = "broken"
        doc = "It cannot be obeyed."

        def judge(self, run: RunRecord, /) -> Verdict:
            raise KeyError("x")

    monkeypatch.setattr(laws, "LAWS", (Broken,))

    (verdict,) = judge_laws(record(Trace(), Promises()), waived=["broken"])

    assert verdict.outcome is Outcome.FAILED
    assert "KeyError" in verdict.reason
