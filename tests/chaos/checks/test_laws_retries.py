"""Laws of retrying: how often, how soon, and what not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.checks.laws.jitter import FEWEST_TIES
from chaos.checks.laws.retries import BackoffHonoured, BoundedAttempts, NoDoomedRetry
from chaos.http import Request, Response, json_response
from chaos.ports import Operation, Promises, RetryPolicy
from chaos.upstreams.gcs.telling import said
from chaos.upstreams.openai import errors
from chaos.upstreams.openai.telling import failure
from chaos.upstreams.said import failed
from chaos.verdict import Verdict
from tests.chaos.checks.story import Story, broken, passed, untested

GET = Request(method="GET", url="https://storage.test/b/o")
POLICY = RetryPolicy(attempts=3, first_backoff_s=2, max_backoff_s=5, jitter_s=1)
PROMISED = Promises(retries={"openai": POLICY, "gcs": POLICY})


def test_bounded_attempts_passes_as_many_as_the_policy_allows() -> None:
    """Three attempts out of three are no breach, and the reason counts them."""
    story = Story().asks(1).call(503).at(2).call(503).at(6).call(503).answer("fallback")

    verdict = story.judged_by(BoundedAttempts, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "1 failed call, none with more than 3 attempts"


def test_bounded_attempts_fails_one_too_many() -> None:
    """A fourth request for one question fails; all four are the evidence."""
    story = Story().asks(1)
    for at_s in (0, 2, 6, 11):
        story.at(at_s).call(503)

    verdict = story.answer("fallback").judged_by(BoundedAttempts, PROMISED)

    assert broken(verdict)
    assert verdict.seen == "4"
    assert verdict.evidence == (1, 3, 5, 7)


def test_bounded_attempts_counts_retries_in_a_row_whatever_their_gap() -> None:
    """A client that retries under the retries of the service is seen, though it waits less."""
    story = Story().asks(1)
    for attempt in range(9):
        story.at(attempt * 0.5).call(503)

    assert broken(story.answer("fallback").judged_by(BoundedAttempts, PROMISED))


def test_bounded_attempts_gives_each_object_its_own() -> None:
    """Two objects may take three attempts each, in any order; a fourth at one is too many."""
    story = Story().asks(1)
    for at_s in (0, 2, 6):
        story.at(at_s).fetch("a", 503).fetch("b", 503)

    assert passed(story.judged_by(BoundedAttempts, PROMISED))
    verdict = story.at(11).fetch("a", 503).judged_by(BoundedAttempts, PROMISED)
    assert broken(verdict)
    assert verdict.reason == "question #1 made 4 attempts at objects.media a of gcs"


def test_bounded_attempts_counts_each_question_alone() -> None:
    """Five failing questions at once are five calls, not one of fifteen attempts."""
    story = Story()
    for at_s in (0, 2, 6):
        for ask in range(1, 6):
            story.at(at_s).by(ask).call(503)

    verdict = story.judged_by(BoundedAttempts, PROMISED)

    assert passed(verdict)
    assert verdict.reason.startswith("5 failed calls")


def test_bounded_attempts_starts_anew_after_a_good_response() -> None:
    """A question that reads one object again after a good answer has not retried."""
    story = Story().asks(1).fetch("a", 503)
    for at_s in (2, 4, 6, 8):
        story.at(at_s).fetch("a")

    assert passed(story.judged_by(BoundedAttempts, PROMISED))


def no_connection(story: Story, at_s: float) -> Story:
    """An attempt of the question to connect to the model comes to nothing."""
    call = story.at(at_s).request("openai", "connect")
    return story.response(call, None, operation="connect", error="ConnectError")


def test_attempt_to_connect_is_an_attempt_at_what_is_wanted() -> None:
    """Waits are counted from there; and a fourth attempt is one too many."""
    story = no_connection(Story().asks(1), 0).at(2).call(503).at(6).call()

    assert passed(story.judged_by(BackoffHonoured, PROMISED))

    story = no_connection(Story().asks(1).call(503), 2).at(6).call(503).at(11).call(503)
    verdict = story.judged_by(BoundedAttempts, PROMISED)

    assert broken(verdict)
    assert verdict.reason == "question #1 made 4 attempts at chat.completions of openai"


def test_attempt_to_connect_is_followed_by_a_pause() -> None:
    """Who sends the request at once has not backed off."""
    story = no_connection(Story().asks(1), 0).call()

    assert broken(story.judged_by(BackoffHonoured, PROMISED))


def test_attempt_to_connect_belongs_where_its_pause_fits() -> None:
    """Of two objects, the one whose turn it is; after it is given up, the other."""
    story = Story().asks(1)
    for at_s in (0, 2, 6):
        call = story.at(at_s).request("gcs", "connect")
        story.response(call, None, upstream="gcs", operation="connect", error="ConnectError")
    story.fetch("b", 503).at(8).fetch("b").fetch("a")

    for law in (BoundedAttempts, BackoffHonoured):
        assert passed(story.judged_by(law, PROMISED))
    story = Story().asks(1).fetch("a", 503)
    call = story.at(2).request("gcs", "connect")
    story.response(call, None, upstream="gcs", operation="connect", error="ConnectError")
    story.at(6).fetch("a", 503).fetch("b")

    assert passed(story.judged_by(BackoffHonoured, PROMISED))


def test_bounded_attempts_counts_a_spoilt_200() -> None:
    """A 200 that a fault spoilt is an attempt like any other, if the very next one repeats it."""
    story = Story().asks(1)
    for at_s in (0, 2, 6, 11):
        story.at(at_s).fetch("a", faults=("corrupt",))
    story.at(16).fetch("a", 503)

    assert broken(story.judged_by(BoundedAttempts, PROMISED))


def test_bounded_attempts_tells_rounds_in_the_background_apart() -> None:
    """A refresh that lives on behind its question may fail again and again, a pause between."""
    story = Story().asks(1).answer("fallback")
    for began_s in (0, 60, 180):
        for after_s in (0, 2, 6):
            story.at(began_s + after_s).fetch("a", 503)

    verdict = story.judged_by(BoundedAttempts, PROMISED)

    assert passed(verdict)
    assert verdict.reason.startswith("3 failed calls")


def test_bounded_attempts_bounds_a_round_in_the_background() -> None:
    """Within one round, a fourth attempt is too many there as well."""
    story = Story().asks(1).answer("fallback")
    for at_s in (0, 2, 6, 11):
        story.at(at_s).fetch("a", 503)

    assert broken(story.judged_by(BoundedAttempts, PROMISED))


def test_bounded_attempts_tells_the_steps_of_a_script_apart() -> None:
    """Two steps that refresh at the same moment are two calls."""
    story = Story()
    for step in range(2):
        story.step(f"method[{step}]")
        for _ in range(3):
            story.fetch("a", None, error="ConnectError")

    assert passed(story.judged_by(BoundedAttempts, PROMISED))


def test_bounded_attempts_sees_requests_that_overlap() -> None:
    """Requests sent before the first one ended are attempts at the same thing."""
    story = Story().asks(1)
    pending = [story.request() for _ in range(4)]
    assert broken(story.judged_by(BoundedAttempts, PROMISED))

    for call in pending:
        story.at(15).response(call)

    assert broken(story.judged_by(BoundedAttempts, PROMISED))


def test_bounded_attempts_needs_a_failure_and_a_promise() -> None:
    """Good calls have not tested it, and without a policy there is nothing to test."""
    good = Story().asks(1).call().answer()
    failing = Story().asks(1).call(503).answer("fallback")

    assert untested(good.judged_by(BoundedAttempts, PROMISED))
    unpromised = failing.judged_by(BoundedAttempts, Promises())
    assert untested(unpromised)
    assert unpromised.reason == "the target promises nothing about retries"


@pytest.mark.parametrize(
    ("gap_s", "honoured"),
    [
        pytest.param(1.999997, False, id="three ticks too soon"),
        pytest.param(1.999998, True, id="a tick too soon"),
        pytest.param(2.0, True, id="no jitter"),
        pytest.param(3.0, True, id="all the jitter"),
        pytest.param(3.000002, True, id="a tick too late"),
        pytest.param(3.000003, False, id="three ticks too late"),
    ],
)
def test_backoff_honoured_knows_its_bounds_to_a_tick(gap_s: float, honoured: bool) -> None:  # noqa: FBT001 - a table of facts
    """The first wait lies between the first backoff and the jitter on top of it."""
    story = Story().asks(1).call(503).at(gap_s).call()

    verdict = story.judged_by(BackoffHonoured, PROMISED)

    assert passed(verdict) is honoured
    assert broken(verdict) is not honoured


@pytest.mark.parametrize(
    ("second_gap_s", "honoured"),
    [
        pytest.param(2.5, False, id="not doubled"),
        pytest.param(4.0, True, id="doubled"),
        pytest.param(5.5, False, id="doubled too far"),
    ],
)
def test_backoff_honoured_doubles(second_gap_s: float, honoured: bool) -> None:  # noqa: FBT001 - a table of facts
    """The second wait is the second backoff."""
    story = Story().asks(1).call(503).at(2).call(503).at(2 + second_gap_s).call()

    assert passed(story.judged_by(BackoffHonoured, PROMISED)) is honoured


def test_backoff_honoured_stops_doubling_at_the_cap() -> None:
    """The third wait would be 8 s; the cap makes it 5 s."""
    patient = RetryPolicy(attempts=5, first_backoff_s=2, max_backoff_s=5, jitter_s=1)
    promised = Promises(retries={"openai": patient})
    story = Story().asks(1).call(503).at(2).call(503).at(6).call(503)

    capped, uncapped = 11.0, 14.0

    trace = list(story.trace)
    assert passed(story.at(capped).call().judged_by(BackoffHonoured, promised))
    retold = Story().asks(1).call(503).at(2).call(503).at(6).call(503).at(uncapped).call()
    assert list(retold.trace)[: len(trace)] == trace
    assert broken(retold.judged_by(BackoffHonoured, promised))


@pytest.mark.parametrize(
    ("gap_s", "honoured"),
    [
        pytest.param(2.0, False, id="only the backoff"),
        pytest.param(6.9, False, id="just short"),
        pytest.param(7.0, True, id="to the second"),
        pytest.param(8.0, True, id="with jitter"),
        pytest.param(8.5, False, id="too long"),
    ],
)
def test_backoff_honoured_obeys_a_longer_retry_after(gap_s: float, honoured: bool) -> None:  # noqa: FBT001 - a table of facts
    """A Retry-After longer than the backoff takes its place."""
    story = Story().asks(1).call(429, retry_after_s=7.0).at(gap_s).call()

    verdict = story.judged_by(BackoffHonoured, PROMISED)

    assert passed(verdict) is honoured
    assert honoured or "Retry-After asks for 7s" in verdict.reason


def test_backoff_honoured_keeps_to_the_backoff_when_retry_after_is_shorter() -> None:
    """A short Retry-After does not shorten the backoff."""
    early = Story().asks(1).call(429, retry_after_s=1.0).at(1).call()
    right = Story().asks(1).call(429, retry_after_s=1.0).at(2).call()

    verdict = early.judged_by(BackoffHonoured, PROMISED)
    assert broken(verdict)
    assert verdict.reason == (
        "question #1 waited 1s before attempt 2 at chat.completions of openai; "
        "the policy asks for 2s"
    )
    kept = right.judged_by(BackoffHonoured, PROMISED)
    assert kept.reason == "1 wait within the policy, 1 after a Retry-After"


def test_backoff_honoured_measures_from_the_end_of_an_attempt() -> None:
    """The time an attempt took is no part of the wait after it."""
    story = Story().asks(1)
    hung = story.request()
    story.at(15).response(hung, None, error="ReadTimeout")

    assert broken(story.at(16).call().judged_by(BackoffHonoured, PROMISED))


def test_backoff_honoured_judges_a_malformed_200() -> None:
    """Where the provider tells its texts, a 200 without one has failed, and is waited after."""
    story = Story().asks(1).says("Yes.").asks(2).call(faults=("malformed",))

    assert broken(story.call().judged_by(BackoffHonoured, PROMISED))


def test_backoff_honoured_lets_a_late_good_answer_be_followed_at_once() -> None:
    """A 200 that was only slow may be followed by the same question without a wait."""
    story = Story().asks(1).fetch("a", faults=("slow",)).fetch("a")

    assert untested(story.judged_by(BackoffHonoured, PROMISED))


def test_backoff_honoured_fails_where_everybody_waits_as_long() -> None:
    """Six waits with the very same jitter are six callers in step; five may be an accident."""
    story = Story()
    for ask in range(1, FEWEST_TIES):
        story.at(10 * ask).asks(ask).call(503).at(10 * ask + 2).call(200).answer("llm")
    assert passed(story.judged_by(BackoffHonoured, PROMISED))

    verdict = story.at(90).asks(9).call(503).at(92).call(200).judged_by(BackoffHonoured, PROMISED)

    assert broken(verdict)
    assert "callers that fail together retry together" in verdict.reason
    assert len(verdict.evidence) == FEWEST_TIES


def test_backoff_honoured_asks_for_no_jitter_that_was_not_promised() -> None:
    """A policy without jitter waits as long each time, and may."""
    story = Story()
    for ask in range(1, 2 * FEWEST_TIES):
        story.at(10 * ask).asks(ask).call(503).at(10 * ask + 2).call(200).answer("llm")
    policy = RetryPolicy(attempts=3, first_backoff_s=2, max_backoff_s=5, jitter_s=0)

    assert passed(story.judged_by(BackoffHonoured, Promises(retries={"openai": policy})))


def test_backoff_honoured_lets_a_provider_ask_for_a_pause_in_its_own_words() -> None:
    """A rate limit that says when it is whole again is waited for, like a Retry-After."""
    spent = (("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "9.5s"))
    said = failed(Response(status=429, headers=spent))

    def waited(wait_s: float) -> Verdict:
        return (
            Story()
            .asks(1)
            .call(429, said=said)
            .at(wait_s)
            .call()
            .judged_by(BackoffHonoured, PROMISED)
        )

    assert passed(waited(9.5))
    assert passed(waited(10.4))
    assert broken(waited(2.5))
    assert broken(waited(11))


@pytest.mark.parametrize("wait_s", [2.5, 60.0, 120.5])
def test_backoff_honoured_leaves_a_pause_that_is_too_long_to_the_service(wait_s: float) -> None:
    """Whoever promises to keep a minute may take two for a mistake, or keep them."""
    short = Promises(retries={"openai": replace(POLICY, longest_pause_s=60)})
    story = Story().asks(1).call(429, retry_after_s=120).at(wait_s).call()

    assert passed(story.judged_by(BackoffHonoured, short))


def test_backoff_honoured_needs_a_retry() -> None:
    """A failure that nobody retried has not tested it."""
    story = Story().asks(1).call(503).answer("fallback")

    assert untested(story.judged_by(BackoffHonoured, PROMISED))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_no_doomed_retry_fails_an_attempt_after_a_hopeless_status(status: int) -> None:
    """What the policy never retries is not tried again, however long the wait."""
    story = Story().asks(1).call(status).at(2).call()

    verdict = story.judged_by(NoDoomedRetry, PROMISED)

    assert broken(verdict)
    assert verdict.evidence == (1, 3)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_no_doomed_retry_leaves_hopeful_statuses_alone(status: int) -> None:
    """A status that may pass has not tested it."""
    story = Story().asks(1).call(status).at(2).call()

    assert untested(story.judged_by(NoDoomedRetry, PROMISED))


def test_no_doomed_retry_knows_a_spent_quota_from_a_rate_limit() -> None:
    """Of two 429, only the one whose quota is spent rules out another attempt."""

    def told(code: str) -> Verdict:
        said = failure(errors.rate_limited(code))
        return Story().asks(1).call(429, said=said).at(2).call().judged_by(NoDoomedRetry, PROMISED)

    assert untested(told("rate_limit_exceeded"))
    assert broken(told("insufficient_quota"))


def test_no_doomed_retry_believes_the_stand_in_of_any_provider() -> None:
    """A policy that rules nothing out does not make a hopeless request hopeful."""
    lax = Promises(retries={"openai": replace(POLICY, never_retried=frozenset())})
    story = Story().asks(1).call(404, said=failed(Response(status=404))).at(2).call()

    assert broken(story.judged_by(NoDoomedRetry, lax))
    assert untested(Story().asks(1).call(404).at(2).call().judged_by(NoDoomedRetry, lax))


def test_no_doomed_retry_lets_a_stand_in_overrule_the_default_alone() -> None:
    """A 403 of Cloud Storage may ask for patience; whoever promised never to retry it does not."""
    body = {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}
    patience = said(Operation("objects.get"), GET, json_response(403, body))
    strict = Promises(retries={"openai": replace(POLICY, never_retried=frozenset({403}))})
    story = Story().asks(1).call(403, said=patience).at(2).call()

    assert untested(story.judged_by(NoDoomedRetry, PROMISED))
    assert broken(story.judged_by(NoDoomedRetry, strict))


def test_no_doomed_retry_passes_a_call_that_gave_up() -> None:
    """A hopeless response that ends its call is what the law asks for; others may go on."""
    story = Story().asks(1).call(503).at(2).call(400).answer("fallback").asks(2).call().answer()

    verdict = story.judged_by(NoDoomedRetry, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "1 permanent failure, none retried"


def test_backoff_honoured_needs_an_end_to_wait_from() -> None:
    """Requests that overlap have no wait between them; another law counts them."""
    story = Story().asks(1)
    first, second = story.request(), story.request()
    story.at(15).response(first, 503).response(second, 503)

    assert untested(story.judged_by(BackoffHonoured, PROMISED))


def test_backoff_honoured_does_not_take_a_closed_response_for_a_failure() -> None:
    """A client that reads no further may have had all it wanted, and ask again at once."""
    closed = Story().asks(1).call(error="Closed").call()
    reset = Story().asks(1).call(error="ReadError").call()

    assert untested(closed.judged_by(BackoffHonoured, PROMISED))
    assert broken(reset.judged_by(BackoffHonoured, PROMISED))


def test_backoff_honoured_goes_by_adjacent_requests_where_failure_is_unsure() -> None:
    """A spoilt 200 that is not repeated next was none: the later request is another call."""
    repeated = Story().asks(1).fetch("a", faults=("slow",)).at(60).fetch("a")
    between = Story().asks(1).fetch("a", faults=("slow",)).fetch("b").at(60).fetch("a")

    assert broken(repeated.judged_by(BackoffHonoured, PROMISED))
    assert untested(between.judged_by(BackoffHonoured, PROMISED))


def test_no_doomed_retry_leaves_a_request_without_a_response_alone() -> None:
    """Where no status came, nothing is ruled out."""
    story = Story().asks(1).call(None, error="ReadTimeout").at(2)
    story.request()
    story.request()

    assert untested(story.judged_by(NoDoomedRetry, PROMISED))


def test_retry_laws_judge_each_upstream_by_its_own_policy() -> None:
    """Failures of an upstream that promises nothing are not held against another."""
    promised = Promises(retries={"gcs": POLICY})
    story = Story().asks(1)
    for _ in range(9):
        story.call(401)

    for law in (BoundedAttempts, BackoffHonoured, NoDoomedRetry):
        assert untested(story.judged_by(law, promised))
        assert broken(story.judged_by(law, PROMISED))


def test_retry_laws_take_a_late_completion_for_a_good_one() -> None:
    """A completion with its text is a good answer, however slow: what follows is another call."""
    story = Story().asks(1)
    for _ in range(5):
        story.says("Yes.", faults=("slow",))
    story.call(503)

    assert passed(story.judged_by(BoundedAttempts, PROMISED))
    assert untested(story.judged_by(BackoffHonoured, PROMISED))


def test_retry_laws_take_a_stream_that_broke_off_for_a_failure() -> None:
    """A text without a reason why it ends is half an answer: the next wait is a second one."""
    story = Story().asks(1).says("Yes, b", "cut_short", faults=("cut",))
    story.at(2).call(503)

    assert broken(story.at(4).call().judged_by(BackoffHonoured, PROMISED))


@pytest.mark.parametrize(
    ("gap_s", "retry"),
    [
        pytest.param(3.0, True, id="all the jitter"),
        pytest.param(3.1, False, id="longer than any backoff"),
    ],
)
def test_bounded_attempts_takes_a_late_request_in_the_background_for_a_new_round(
    gap_s: float,
    retry: bool,  # noqa: FBT001 - a table of facts
) -> None:
    """Behind an answered question, only what comes within the longest backoff is a retry."""
    once = Promises(
        retries={"gcs": RetryPolicy(attempts=1, first_backoff_s=2, max_backoff_s=5, jitter_s=1)}
    )
    story = Story().asks(1).answer("fallback").fetch("a", 503).at(gap_s).fetch("a", 503)

    assert broken(story.judged_by(BoundedAttempts, once)) is retry


@pytest.mark.parametrize(
    ("policy", "gaps_s"),
    [
        pytest.param(
            RetryPolicy(attempts=3, first_backoff_s=2, max_backoff_s=60, jitter_s=0, multiplier=3),
            (2, 6),
            id="it triples",
        ),
        pytest.param(
            RetryPolicy(attempts=3, first_backoff_s=0, max_backoff_s=60, jitter_s=0),
            (0, 0),
            id="it does not wait",
        ),
        pytest.param(
            RetryPolicy(attempts=3, first_backoff_s=9, max_backoff_s=4, jitter_s=0),
            (4, 4),
            id="its cap is below its start",
        ),
    ],
)
def test_backoff_honoured_goes_by_the_policy(
    policy: RetryPolicy, gaps_s: tuple[float, float]
) -> None:
    """Start, multiplier and cap are those of the policy, whatever they are."""
    first_s, second_s = gaps_s
    promised = Promises(retries={"openai": policy})
    story = Story().asks(1).call(503).at(first_s).call(503).at(first_s + second_s).call(503)

    assert passed(story.judged_by(BackoffHonoured, promised))
    late = Story().asks(1).call(503).at(first_s).call(503).at(first_s + second_s + 0.5).call(503)
    assert broken(late.judged_by(BackoffHonoured, promised))


@pytest.mark.parametrize(
    ("gap_s", "honoured"),
    [
        pytest.param(1.499, False, id="more than a quarter taken off"),
        pytest.param(1.5, True, id="a quarter taken off"),
        pytest.param(2.0, True, id="nothing taken off"),
        pytest.param(2.1, False, id="longer than the backoff"),
    ],
)
def test_backoff_honoured_knows_waits_that_are_shorter_by_chance(
    gap_s: float,
    honoured: bool,  # noqa: FBT001 - a table of facts
) -> None:
    """What SDKs do can be promised: up to a quarter off each backoff, nothing on top."""
    policy = replace(POLICY, jitter_s=0, shorter_by=0.25)
    story = Story().asks(1).call(503).at(gap_s).call()

    verdict = story.judged_by(BackoffHonoured, Promises(retries={"openai": policy}))

    assert passed(verdict) is honoured


def test_backoff_honoured_takes_nothing_off_a_pause() -> None:
    """What may be taken off a backoff may not be taken off what the provider asks for."""
    policy = replace(POLICY, jitter_s=0, shorter_by=0.25)
    promised = Promises(retries={"openai": policy})

    early = Story().asks(1).call(429, retry_after_s=4.0).at(3.5).call()
    exact = Story().asks(1)
    for number in range(10):
        exact.at(10 * number).asks(number).call(429, retry_after_s=4.0).at(10 * number + 4).call()

    assert broken(early.judged_by(BackoffHonoured, promised))
    assert passed(exact.judged_by(BackoffHonoured, promised))


def test_backoff_honoured_finds_jitter_that_is_lost_at_the_cap() -> None:
    """Waits that grow have their random part, those that have stopped growing have none."""
    policy = RetryPolicy(attempts=4, first_backoff_s=2, max_backoff_s=4, jitter_s=1)

    def told(*, at_the_cap: float) -> Verdict:
        story = Story()
        for ask in range(20):
            began_s, extra_s = 100.0 * ask, ask / 20
            story.at(began_s).asks(ask).call(503).at(began_s + 2 + extra_s).call(503)
            story.at(began_s + 6 + extra_s + at_the_cap * extra_s).call().answer()
        return story.judged_by(BackoffHonoured, Promises(retries={"openai": policy}))

    assert passed(told(at_the_cap=1))
    lost = told(at_the_cap=0)
    assert broken(lost)
    assert lost.seen == "20 of 20 waits have the same jitter, 0s"
