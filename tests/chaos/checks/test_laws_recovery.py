"""The law of recovery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chaos.checks.laws.recovery import Recovers
from chaos.ports import BreakerPolicy, CachePolicy, Promises
from chaos.trace.said import Said
from tests.chaos.checks.story import Story, broken, passed, record, untested

PROMISED = Promises(
    breakers={"openai": BreakerPolicy(failure_threshold=5, recovery_timeout_s=60)},
    caches={"gcs": CachePolicy(fresh_for_s=86_400, retry_failed_after_max_s=900)},
)


def healed() -> Story:
    """A service that was well, met a fault, and is rid of it at 100 s."""
    story = Story().asks(1).answer(index_state="fresh").by("script").fault("injected")
    story.at(50).asks(2).call(503, faults=("outage",)).answer("fallback", index_state="stale")
    return story.at(100).by("script").fault("healed")


def test_recovers_passes_a_model_that_is_back_when_due() -> None:
    """The first ask after the recovery timeout is the trial, and answered by the model."""
    story = healed().at(160).asks(3).answer()

    verdict = story.judged_by(Recovers, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "back to 'llm' after 1 fault, within the promised time"


def test_recovers_fails_a_model_that_is_not_back_when_due() -> None:
    """Still a fallback exactly one recovery timeout after the heal fails."""
    story = healed().at(160).asks(3).answer("fallback", reason="breaker_open")

    verdict = story.judged_by(Recovers, PROMISED)

    assert broken(verdict)
    assert verdict.seen == "answer.mode: fallback (breaker_open)"
    assert verdict.reason.startswith("question #3 came 60s after the last fault")
    assert [story.trace[seq].at_s for seq in verdict.evidence] == [100, 160, 160]


def test_recovers_leaves_the_time_before_the_bound_alone() -> None:
    """A fallback a moment before the trial is due is no breach, nor a test."""
    story = healed().at(159.999).asks(3).answer("fallback")

    assert untested(story.judged_by(Recovers, PROMISED))


def test_recovers_judges_the_last_ask() -> None:
    """A service that comes back and falls again has not recovered."""
    story = healed().at(160).asks(3).answer().at(170).asks(4).answer("fallback")

    assert broken(story.judged_by(Recovers, PROMISED))


def test_recovers_counts_from_the_end_of_the_last_touched_call() -> None:
    """A call that hung when its fault was healed fails later, and the bound runs from there."""
    story = Story().asks(1).answer().by("script").fault("injected").at(95).asks(2)
    hung = story.request()
    story.at(100).by("script").fault("healed").at(110).by(2)
    story.response(hung, None, error="ReadTimeout", faults=("outage",)).answer("fallback")

    assert untested(story.at(160).asks(3).answer("fallback").judged_by(Recovers, PROMISED))
    assert broken(story.at(170).asks(4).answer("fallback").judged_by(Recovers, PROMISED))


def test_recovers_lets_those_wait_who_ask_beside_the_trial() -> None:
    """Of users who ask at once, one makes the trial; the others may be refused."""
    story = healed().at(160).asks(3).asks(4).answer("fallback").asks(5).answer("fallback")

    assert passed(story.by(3).answer().judged_by(Recovers, PROMISED))


def test_recovers_judges_everybody_once_the_model_is_back() -> None:
    """After one answer of the model, asking at once is no excuse."""
    story = healed().at(160).asks(3).answer().at(161).asks(4).asks(5)
    story.answer("fallback").by(4).answer()

    assert broken(story.judged_by(Recovers, PROMISED))


def test_recovers_passes_an_index_that_is_fresh_again() -> None:
    """Once someone has asked past the longest pause, the next finds a fresh index."""
    story = healed().at(1000).asks(3).answer(index_state="stale", stale=True)
    story.at(1001).asks(4).answer(index_state="fresh")

    verdict = story.judged_by(Recovers, PROMISED)

    assert passed(verdict)
    assert (
        verdict.reason == "back to 'llm' and a fresh copy after 1 fault, within the promised time"
    )


@pytest.mark.parametrize("state", ["stale", "absent"])
def test_recovers_fails_an_index_that_is_not_back(state: str) -> None:
    """Not fresh for the second ask past the longest pause fails."""
    story = healed().at(1000).asks(3).answer(index_state="stale")
    story.at(1001).asks(4).answer(index_state=state)

    verdict = story.judged_by(Recovers, PROMISED)

    assert broken(verdict)
    assert verdict.seen == f"index.state: {state}"


@pytest.mark.parametrize(
    ("first_s", "second_s"),
    [
        pytest.param(999.0, 1000.0, id="nobody asked past the pause before"),
        pytest.param(1000.0, 1000.0, id="both asked at the same moment"),
    ],
)
def test_recovers_gives_a_refresh_behind_an_answer_its_time(
    first_s: float, second_s: float
) -> None:
    """The ask that sets off the refresh, and whoever asks beside it, may be served stale."""
    story = healed().at(first_s).asks(3).answer(index_state="stale")
    story.at(second_s).asks(4).answer(index_state="stale")

    assert passed(story.judged_by(Recovers, PROMISED))


def test_recovers_judges_no_index_without_a_promise() -> None:
    """A cache that does not say when it tries again may stay stale."""
    promised = Promises(caches={"gcs": CachePolicy(fresh_for_s=86_400)})
    story = healed().at(5000).asks(3).answer(index_state="stale")
    story.at(6000).asks(4).answer(index_state="stale")

    assert passed(story.judged_by(Recovers, promised))


def test_recovers_judges_no_mode_that_the_target_does_not_have() -> None:
    """A target that never was in mode llm has none to come back to."""
    story = Story().asks(1).answer("plain").by("script").fault("injected").asks(2)
    story.call(503, faults=("outage",)).answer("plain").by("script").fault("healed")

    assert untested(story.at(5000).asks(3).answer("plain").judged_by(Recovers, PROMISED))


def test_recovers_needs_a_fault_that_acted_and_ended() -> None:
    """No fault, one that never ended, or one that touched nothing: nothing to recover from."""
    calm = Story().asks(1).answer()
    lasting = healed().fault("injected", "other").at(200).asks(3).answer("fallback")
    idle = Story().asks(1).answer().fault("injected").fault("healed").at(90).asks(2)
    unhealed = Story().asks(1).answer().fault("injected").fault("touched")
    unhealed.asks(2).call(503, faults=("outage",)).answer("fallback").at(200).asks(3)

    assert untested(calm.judged_by(Recovers, PROMISED))
    assert untested(lasting.judged_by(Recovers, PROMISED))
    assert untested(idle.answer("fallback").judged_by(Recovers, PROMISED))
    assert untested(unhealed.answer("fallback").judged_by(Recovers, PROMISED))


def test_recovers_judges_no_question_that_was_left_open() -> None:
    """A question without an answer is another law's business; so is who still waits."""
    story = healed().at(160).asks(3).answer().at(170).asks(4)

    assert passed(story.judged_by(Recovers, PROMISED))


def test_recovers_judges_no_index_that_never_was_fresh() -> None:
    """A target that never had a fresh index has none to come back to."""
    story = Story().asks(1).answer(index_state="absent").by("script").fault("injected").asks(2)
    story.call(503, faults=("outage",)).answer("fallback").by("script").fault("healed")
    for ask in (3, 4):
        story.at(1000 * ask).asks(ask).answer(index_state="absent")

    assert passed(story.judged_by(Recovers, PROMISED))


def test_recovers_needs_to_know_when_a_fault_ended() -> None:
    """A call that was touched by a fault nobody tells of has not tested it."""
    story = Story().asks(1).answer().asks(2).call(503, faults=("outage",)).answer("fallback")

    assert untested(story.at(5000).asks(3).answer("fallback").judged_by(Recovers, PROMISED))


def test_recovers_without_a_breaker_is_due_at_once() -> None:
    """Where nothing has to time out, a good answer of the provider leaves no excuse."""
    story = healed().asks(3).call().answer("fallback")

    assert broken(story.judged_by(Recovers, Promises()))


@pytest.mark.parametrize(
    ("at_s", "within_s", "breach"),
    [
        pytest.param(3699.9, None, False, id="longer than any usual breaker stays open"),
        pytest.param(3700, None, True, id="an hour later"),
        pytest.param(104.9, 5, False, id="within the time that is promised"),
        pytest.param(105, 5, True, id="at its end"),
    ],
)
def test_recovers_allows_for_a_breaker_that_is_not_promised(
    at_s: float, within_s: float | None, *, breach: bool
) -> None:
    """A target that makes no call may have a breaker of its own, for a while."""
    story = healed().at(at_s).asks(3).answer("fallback")

    verdict = story.judged_by(Recovers, Promises(recovers_within_s=within_s))

    assert (broken if breach else untested)(verdict)


def test_recovers_allows_for_a_pause() -> None:
    """A provider that asked to be left alone is left alone, whatever has been healed since."""
    story = healed().call(429, retry_after_s=200.0).at(299).asks(3).answer("fallback")

    assert untested(story.judged_by(Recovers, PROMISED))
    assert broken(story.at(300).asks(4).answer("fallback").judged_by(Recovers, PROMISED))


def test_recovers_speaks_the_targets_own_words() -> None:
    """The best mode is the first that the target names, whatever it is called."""
    story = Story().asks(1).answer("told").by("script").fault("injected").asks(2)
    story.call(503, faults=("outage",)).answer("guessed").by("script").fault("healed")
    run = record(story.at(3600).asks(3).answer("guessed").trace, Promises())

    assert broken(Recovers().judge(replace(run, best_mode="told")))
    assert untested(Recovers().judge(run))


def in_vain(status: int | None = 503, **more: Any) -> Story:
    """Nobody was ever answered by the model: the fault was there first, and ended at 100 s."""
    story = Story().fault("injected").asks(1).call(status, faults=("outage",), **more)
    return story.answer("fallback").at(100).by("script").fault("healed")


def test_recovers_fails_a_service_that_calls_nobody_any_more() -> None:
    """Where nothing shows what a good answer is, that no call is made shows that it gave up."""
    story = in_vain().at(160).asks(2).answer("fallback")

    verdict = story.judged_by(Recovers, PROMISED)

    assert broken(verdict)
    assert verdict.expected == "a request to openai, or answer.mode: llm"
    assert verdict.evidence == (5, 6, 7)


def test_recovers_gives_a_silent_service_the_time_that_it_may_take() -> None:
    """Until its breaker lets a call through; an hour, if it promises none."""
    early = in_vain().at(159).asks(2).answer("fallback")
    unpromised = in_vain().at(3699).asks(2).answer("fallback")

    assert untested(early.judged_by(Recovers, PROMISED))
    assert untested(unpromised.judged_by(Recovers, Promises()))
    assert broken(unpromised.at(3700).asks(3).answer("fallback").judged_by(Recovers, Promises()))


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(in_vain().at(160).asks(2).call(503).answer("fallback"), id="calls"),
        pytest.param(
            in_vain().at(130).by("probe").call().at(160).asks(2).answer("fallback"),
            id="calls at another's",
        ),
        pytest.param(in_vain().at(160).asks(2, "Who?").answer("fallback"), id="another question"),
        pytest.param(in_vain(400).at(160).asks(2).answer("fallback"), id="refused for good"),
        pytest.param(
            in_vain(429, said=Said(text=None, whole=False, ended="failed", retry_can_help=False))
            .at(160)
            .asks(2)
            .answer("fallback"),
            id="a spent quota",
        ),
        pytest.param(in_vain(200).at(160).asks(2).answer("fallback"), id="served"),
        pytest.param(in_vain(200, error="Closed").at(160).asks(2).answer("fallback"), id="closed"),
        pytest.param(
            Story()
            .asks(9)
            .answer("fallback")
            .fault("injected")
            .asks(1)
            .call(503, faults=("outage",))
            .answer("fallback")
            .fault("healed")
            .at(160)
            .asks(2)
            .answer("fallback"),
            id="never needed a call",
        ),
    ],
)
def test_recovers_takes_silence_for_no_sign_otherwise(story: Story) -> None:
    """Whoever calls has not given up; and not every question needs a call."""
    assert untested(story.judged_by(Recovers, PROMISED))


def test_recovers_fails_a_service_that_stays_with_its_second_best() -> None:
    """Another provider answers in the place of one that nobody asks any more."""
    story = Story().fault("injected").asks(1).call(503, faults=("outage",)).fetch("copy")
    story.answer("fallback").at(100).by("script").fault("healed")
    story.at(160).asks(2).fetch("copy").answer("fallback")

    verdict = story.judged_by(Recovers, replace(PROMISED, caches={}))

    assert broken(verdict)
    assert verdict.expected == "a request to openai, or answer.mode: llm"


def test_recovers_spares_an_upstream_that_has_helped_somebody() -> None:
    """What it gave may be in use still, such as a token."""
    story = in_vain().by("script").fault("injected").asks(5, "Who?").call().answer("fallback")
    story.by("script").fault("healed").at(200).asks(2).answer("fallback")

    assert untested(story.judged_by(Recovers, PROMISED))


def test_recovers_lets_a_cached_upstream_be_silent() -> None:
    """What is read through a promised copy may be left alone for longer."""
    story = in_vain().at(160).asks(2).answer("fallback")
    cached = replace(PROMISED, caches={"openai": CachePolicy(fresh_for_s=60)})

    assert untested(story.judged_by(Recovers, cached))


@pytest.mark.parametrize(
    "ended", [{"status": None, "error": "ReadTimeout"}, {"status": 429}, {"status": 500}]
)
def test_recovers_knows_trouble_that_passes(ended: dict[str, Any]) -> None:
    """A timeout, a rate limit, an error of the server."""
    story = in_vain(**ended).at(160).asks(2).answer("fallback")

    assert broken(story.judged_by(Recovers, PROMISED))


def test_recovers_spares_questions_that_have_no_better_answer() -> None:
    """Where some answers are less than the best without any fault, only the same are compared."""
    story = Story().asks(1).answer("llm").asks(2, "Who am I?").answer("fallback")
    story.by("script").fault("injected").asks(3).call(503, faults=("outage",)).answer("fallback")
    story.by("script").fault("healed").at(300).asks(4, "Who am I?").answer("fallback")

    assert untested(story.judged_by(Recovers, PROMISED))
    assert broken(story.at(400).asks(5).answer("fallback").judged_by(Recovers, PROMISED))


def test_recovers_does_not_judge_who_suffered_the_fault_itself() -> None:
    """Where no time passes, a question that met the last fault is as late as its end."""
    promised = Promises()
    story = Story().asks(1).answer().at(10).asks(2).fault("injected").fault("healed")
    story.call(503, faults=("outage",)).answer("fallback")

    assert untested(story.judged_by(Recovers, promised))
    assert broken(story.asks(3).call().answer("fallback").judged_by(Recovers, promised))


def recalled(mode: str, text: str) -> Story:
    """A service that was well, met a fault, and is asked again what it has told before."""
    story = Story().asks(1).call().answer(text="Press F8.").by("script").fault("injected")
    story.asks(2, "Who?").call(503, faults=("outage",)).answer("fallback")
    return story.at(100).by("script").fault("healed").at(160).asks(3).answer(mode, text=text)


@pytest.mark.parametrize("mode", ["llm", "recalled"])
def test_recovers_takes_what_is_remembered_for_no_sign(mode: str) -> None:
    """It may come out of a cache, whatever has become of the provider."""
    verdict = recalled(mode, text="Press F8.").judged_by(Recovers, PROMISED)

    assert untested(verdict)
    assert "an answer that the service had given before" in verdict.reason


def test_recovers_judges_what_only_looks_remembered() -> None:
    """Another text, a call, a refusal, or a mode that failures lead to."""
    other = recalled("recalled", text="Press F9.")
    called = Story().asks(1).call().answer(text="F8").by("script").fault("injected").asks(2)
    called.call(503, faults=("outage",)).answer("fallback").by("script").fault("healed")
    called.at(160).asks(3).call().answer("fallback", text="F8")
    refused = Story().asks(1).call().answer(text="F8").by("script").fault("injected").asks(2)
    refused.call(503, faults=("outage",)).answer("fallback").by("script").fault("healed")
    refused.at(160).asks(3).refused().answer("recalled", text="F8")

    assert broken(other.judged_by(Recovers, PROMISED))
    assert broken(called.judged_by(Recovers, PROMISED))
    assert broken(refused.judged_by(Recovers, PROMISED))
    assert broken(recalled("fallback", text="Press F8.").judged_by(Recovers, PROMISED))


def never_well(*, asked_before: bool) -> Story:
    """A service that is never seen in its best mode."""
    story = Story()
    if asked_before:
        story.asks(1).answer("fallback")
    story.by("script").fault("injected").asks(2).call(503, faults=("outage",)).answer("fallback")
    return story.by("script").fault("healed").at(9000).asks(3).call().answer("fallback")


@pytest.mark.parametrize(
    ("story", "why"),
    [
        (
            never_well(asked_before=True),
            "no answer was in mode 'llm', not even before the first fault",
        ),
        (never_well(asked_before=False), "no question came before the first fault to show"),
        (healed(), "no question came after the last fault"),
        (
            healed().at(159).asks(3).answer("fallback"),
            "no question came late enough, at least 60s after",
        ),
        (
            healed().asks(3).at(160).asks(4).answer("fallback").by(3).answer("fallback"),
            "came together with others, and only one of them is the trial",
        ),
        (
            never_well(asked_before=False).asks(4, "Who?").answer(),
            "back to 'llm' after 1 fault",
        ),
    ],
    ids=["never", "not asked", "nobody", "early", "crowd", "another question"],
)
def test_recovers_says_truly_why_it_was_not_put_to_the_test(story: Story, why: str) -> None:
    """The first thing that was missing, so that whoever adds it gets a verdict."""
    assert why in story.judged_by(Recovers, PROMISED).reason


def test_recovers_names_a_question_without_a_better_answer() -> None:
    """Where nobody asked before the fault, nothing shows that it can be answered well."""
    story = Story().by("script").fault("injected").asks(2).call(503, faults=("outage",))
    story.answer("fallback").by("script").fault("healed").at(50).asks(3).answer()
    story.at(200).asks(4, "Who am I?").answer("fallback")

    verdict = story.judged_by(Recovers, PROMISED)

    assert untested(verdict)
    assert "no question that came late enough was ever answered in mode 'llm'" in verdict.reason


def test_recovers_says_that_no_time_was_promised() -> None:
    """An hour must pass before a target without a promise is stuck."""
    verdict = healed().at(200).asks(3).answer("fallback").judged_by(Recovers, Promises())

    assert untested(verdict)
    assert "promises no recovery time" in verdict.reason


def served(upstream: str = "openai", mode: str = "fallback", question: str = "Who?") -> Story:
    """All was well; after an outage of the usual provider somebody else answers for a question."""
    story = Story().asks(1).call().answer().by("script").fault("injected")
    story.at(50).asks(2).call(503, faults=("outage",)).answer("fallback")
    story.at(100).by("script").fault("healed").at(200).asks(3, question)
    call = story.request(upstream, "ask")
    return story.response(call, upstream=upstream, operation="ask").answer(mode)


def test_recovers_leaves_questions_without_a_better_answer_to_their_provider() -> None:
    """It has answered, and what it said may be that there is nothing to say."""
    assert untested(served().judged_by(Recovers, Promises()))
    assert broken(served(question="Why?").judged_by(Recovers, Promises()))


def test_recovers_gives_a_failover_its_time() -> None:
    """Another answers for so long as the first may be left alone, which nobody has promised."""
    for question in ("Why?", "Who?"):
        story = served("other", question=question)
        assert untested(story.judged_by(Recovers, Promises()))
        again = story.at(3800).asks(4, question)
        again.response(again.request("other", "ask"), upstream="other", operation="ask")
        assert broken(again.answer("fallback").judged_by(Recovers, Promises()))


@pytest.mark.parametrize("status", [503, 404])
def test_recovers_judges_each_question(status: int) -> None:
    """One that is given up, while others are answered; a copy of a refusal may be kept."""
    story = Story().asks(1).call().answer().asks(2, "Who?").call().answer()
    story.by("script").fault("injected")
    story.at(50).asks(3, "Who?").call(status, faults=("outage",)).answer("fallback")
    story.at(100).by("script").fault("healed")
    story.at(4000).asks(4, "Who?").answer("fallback").at(4001).asks(5).call().answer()

    verdict = story.judged_by(Recovers, Promises())

    assert broken(verdict) if status == 503 else passed(verdict)
