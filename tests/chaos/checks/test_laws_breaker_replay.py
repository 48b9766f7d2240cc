"""The law that holds a breaker to the reference model."""

from __future__ import annotations

import pytest

from chaos.checks.laws.breaker_replay import BreakerFollowsTheModel
from chaos.ports import BreakerPolicy, Promises
from chaos.verdict import Verdict
from tests.chaos.checks.story import Story, broken, passed, untested

POLICY = BreakerPolicy(failure_threshold=2, recovery_timeout_s=60, trial_lease_s=30)


def judged(story: Story, policy: BreakerPolicy = POLICY) -> Verdict:
    """What the law says under this policy."""
    return story.judged_by(BreakerFollowsTheModel, Promises(breakers={"openai": policy}))


def opened() -> Story:
    """A breaker that opened at 10 s with its second failure."""
    story = Story().asks(1).granted(1).settled(1, "failure", 1)
    story.at(10).asks(2).granted(2).settled(2, "failure", 2)
    return story.turns("closed", "open").answer("fallback")


def test_model_law_passes_a_whole_life() -> None:
    """Closed, open, half-open, open again, half-open, closed: each at its time."""
    story = opened().at(30).asks(3).refused(40.0)
    story.at(70).asks(4).turns("open", "half_open").granted(3, "half_open")
    story.asks(5).refused(0.0, "half_open")
    story.at(72).by(4).settled(3, "failure", 3).turns("half_open", "open")
    story.at(132).asks(6).granted(4, "half_open").turns("open", "half_open")
    story.turns("half_open", "closed").settled(4, "success", 0)

    verdict = judged(story)

    assert passed(verdict)
    assert verdict.reason == "4 permits, 2 refusals and 5 transitions match the model"


def test_model_law_fails_a_breaker_that_opens_early() -> None:
    """Open after one failure of two fails, though nobody calls any more."""
    story = Story().asks(1).granted(1).settled(1, "failure", 1).turns("closed", "open")

    verdict = judged(story)

    assert broken(verdict)
    assert verdict.expected == "stays closed"


def test_model_law_fails_a_breaker_that_opens_late() -> None:
    """Still closed after the second failure fails at the next permit."""
    story = Story().asks(1).granted(1).settled(1, "failure", 1)
    story.granted(2).settled(2, "failure", 2).granted(3).settled(3, "failure", 3)

    verdict = judged(story.turns("closed", "open"))

    assert broken(verdict)
    assert verdict.seen == "granted a permit for question #1 while closed at 0s"
    assert verdict.expected == "open for another 60s, refuses the call, retry after 60s"


def test_model_law_fails_a_breaker_that_never_opens() -> None:
    """Still closed at the end fails, though nobody calls any more."""
    story = Story().asks(1).granted(1).settled(1, "failure", 1).granted(2)

    verdict = judged(story.settled(2, "failure", 2))

    assert broken(verdict)
    assert verdict.seen == "no such transition"


@pytest.mark.parametrize(
    ("at_s", "allowed"),
    [
        pytest.param(69.999997, False, id="three ticks too soon"),
        pytest.param(69.999998, True, id="a tick too soon"),
        pytest.param(70.0, True, id="to the second"),
        pytest.param(3600.0, True, id="much later"),
    ],
)
def test_model_law_knows_when_a_trial_is_due(at_s: float, allowed: bool) -> None:  # noqa: FBT001 - a table of facts
    """A trial is due exactly when the recovery timeout has passed."""
    story = opened().at(at_s).asks(3).granted(3, "half_open").turns("open", "half_open")

    verdict = judged(story)

    assert passed(verdict) is allowed
    assert broken(verdict) is not allowed


@pytest.mark.parametrize(
    ("at_s", "allowed"),
    [
        pytest.param(69.999, True, id="a millisecond before"),
        pytest.param(70.000001, True, id="a rounding late"),
        pytest.param(70.000003, False, id="three ticks late"),
    ],
)
def test_model_law_knows_when_a_refusal_comes_too_late(at_s: float, allowed: bool) -> None:  # noqa: FBT001 - a table of facts
    """An open breaker whose timeout is over must not refuse."""
    story = opened().at(at_s).asks(3).refused(max(0.0, 70 - at_s))

    assert passed(judged(story)) is allowed


def test_model_law_fails_half_open_before_its_time_though_nobody_calls() -> None:
    """The change of state itself must not come early."""
    early = opened().at(69).turns("open", "half_open")
    due = opened().at(70).turns("open", "half_open")

    verdict = judged(early)
    assert broken(verdict)
    assert verdict.seen == "turned half-open at 69s"
    assert verdict.expected == "open for another 1s"
    assert passed(judged(due))


@pytest.mark.parametrize("retry_after_s", [39.0, 41.0, 0.0])
def test_model_law_fails_a_wrong_retry_after(retry_after_s: float) -> None:
    """What a refused caller is told must be what is left of the timeout."""
    verdict = judged(opened().at(30).asks(3).refused(retry_after_s))

    assert broken(verdict)
    assert verdict.evidence == (6, 9)


def test_model_law_fails_a_refusal_while_closed() -> None:
    """A closed breaker refuses nobody."""
    verdict = judged(Story().asks(1).refused(0.0, "closed"))

    assert broken(verdict)
    assert verdict.expected == "closed with 0 failures of 2, permits the call"
    assert verdict.evidence == (1,)


def test_model_law_fails_a_wrong_count() -> None:
    """The consecutive failures must be those of the model: a success starts them anew."""
    story = Story().asks(1).granted(1).settled(1, "failure", 1)
    story.granted(2).settled(2, "success", 0).granted(3)

    verdict = judged(story.settled(3, "failure", 2))

    assert broken(verdict)
    assert verdict.expected == "failure counts, failures: 1"


def test_model_law_fails_a_neutral_outcome_that_counts() -> None:
    """A neutral outcome neither adds a failure nor clears them."""
    start = Story().asks(1).granted(1).settled(1, "failure", 1).granted(2)

    assert broken(judged(start.settled(2, "neutral", 0)))


def test_model_law_fails_a_neutral_outcome_that_closes() -> None:
    """A neutral trial leaves the breaker half-open."""
    story = opened().at(70).asks(3).turns("open", "half_open").granted(3, "half_open")
    story.settled(3, "neutral", 2).turns("half_open", "closed")

    assert broken(judged(story))


def test_model_law_fails_a_late_result_that_decides() -> None:
    """A call from before the opening has no say in half-open: it does not count, nor close."""
    late = Story().asks(9).granted(9).asks(1).granted(1).settled(1, "failure", 1)
    late.asks(2).granted(2).settled(2, "failure", 2).turns("closed", "open")
    late.at(60).asks(3).turns("open", "half_open").granted(3, "half_open").by(9)

    dropped = Story()
    for event in late.trace:
        dropped.trace.append(event)
    assert broken(judged(late.settled(9, "success", 0).turns("half_open", "closed")))
    dropped.at(60).by(9).settled(9, "success", 2, counted=False)
    assert passed(judged(dropped))


def test_model_law_fails_a_second_trial() -> None:
    """The model refuses a second trial while the first is out."""
    story = opened().at(70).asks(3).turns("open", "half_open").granted(3, "half_open")

    verdict = judged(story.asks(4).granted(4, "half_open"))

    assert broken(verdict)
    assert verdict.expected == "half-open with 1 trial running, refuses the call, retry after 0s"


@pytest.mark.parametrize(
    ("at_s", "allowed"),
    [
        pytest.param(99.0, False, id="before the lease ends"),
        pytest.param(100.0, True, id="as the lease ends"),
    ],
)
def test_model_law_frees_the_place_of_a_lost_trial(at_s: float, allowed: bool) -> None:  # noqa: FBT001 - a table of facts
    """A trial is given up exactly when its lease ends."""
    story = opened().at(70).asks(3).turns("open", "half_open").granted(3, "half_open")
    story.at(at_s).asks(4).granted(4, "half_open")

    assert passed(judged(story)) is allowed


def test_model_law_fails_a_failed_trial_that_reopens_for_the_rest_only() -> None:
    """After a failed trial the breaker stays open for a whole period from then."""
    story = opened().at(70).asks(3).turns("open", "half_open").granted(3, "half_open")
    story.at(75).settled(3, "failure", 3).turns("half_open", "open")

    assert broken(judged(story.at(130).asks(4).granted(4, "half_open")))


def test_model_law_fails_a_transition_at_another_time() -> None:
    """A change of state belongs to the moment of its cause."""
    story = Story().asks(1).granted(1).settled(1, "failure").granted(2).settled(2, "failure")

    assert broken(judged(story.at(1).turns("closed", "open")))


@pytest.mark.parametrize("permit", [1, 7])
def test_model_law_fails_a_permit_settled_twice_or_never_granted(permit: int) -> None:
    """A permit is settled once, and only if it was granted."""
    story = Story().asks(1).granted(1).settled(1, "failure").settled(permit, "failure")

    assert broken(judged(story))


def test_model_law_gives_a_new_process_a_new_breaker() -> None:
    """After a restart the count starts at nought, and permits are numbered anew."""
    story = opened().by("script").action("restart").asks(3).granted(1).settled(1, "failure", 1)

    assert passed(judged(story))


def test_model_law_needs_a_transition() -> None:
    """A breaker that only let calls through, or none at all, has not tested it."""
    quiet = Story().asks(1).granted(1).settled(1, "success", 0)

    for verdict, missing in (
        (judged(quiet), "no breaker changed its state"),
        (judged(Story().asks(1)), "the breaker of openai reported nothing"),
        (
            opened().judged_by(BreakerFollowsTheModel, Promises()),
            "the target promises no breaker",
        ),
    ):
        assert untested(verdict)
        assert verdict.reason == missing


@pytest.mark.parametrize(
    ("at_s", "counted", "allowed"),
    [
        pytest.param(99.9, True, True, id="in time, counted"),
        pytest.param(99.9, False, False, id="in time, dropped"),
        pytest.param(99.999999, False, True, id="a rounding early, dropped"),
        pytest.param(100.000001, True, True, id="a rounding late, counted"),
        pytest.param(100.1, True, False, id="late, counted"),
        pytest.param(100.1, False, True, id="late, dropped"),
    ],
)
def test_model_law_knows_when_a_trial_is_given_up(
    at_s: float,
    counted: bool,  # noqa: FBT001 - a table of facts
    allowed: bool,  # noqa: FBT001 - a table of facts
) -> None:
    """What a trial comes to counts until its lease ends, and not after."""
    story = opened().at(70).asks(3).turns("open", "half_open").granted(3, "half_open").at(at_s)
    if counted:
        story.settled(3, "success", 0).turns("half_open", "closed")
    else:
        story.settled(3, "success", 2, counted=False)

    assert passed(judged(story)) is allowed
