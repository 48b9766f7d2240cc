"""Laws of the breaker that need no model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.checks.laws.breaker_replay import BreakerFollowsTheModel
from chaos.checks.laws.breakers import NoCallWhileOpen, OneTrial
from chaos.ports import BreakerPolicy, Promises
from chaos.verdict import Verdict
from tests.chaos.checks.story import Story, broken, passed, untested

PROMISED = Promises(
    breakers={
        "openai": BreakerPolicy(failure_threshold=1, recovery_timeout_s=60, trial_lease_s=30)
    }
)


def opened() -> Story:
    """A breaker that opened at 0 s with the first failure, of ask 1."""
    story = Story().asks(1).granted(1).call(503).settled(1, "failure")
    return story.turns("closed", "open").answer("fallback")


def test_no_call_while_open_passes_refusals() -> None:
    """Calls that are refused while open are what the law asks for."""
    story = opened()
    for ask in (2, 3):
        story.asks(ask).refused().answer("fallback")

    verdict = story.judged_by(NoCallWhileOpen, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "2 refusals in 1 open period, no request let through"


def test_no_call_while_open_fails_a_permit() -> None:
    """A permit granted while open fails; opening and permit are the evidence."""
    story = opened().at(59).asks(2).granted(2)

    verdict = story.judged_by(NoCallWhileOpen, PROMISED)

    assert broken(verdict)
    assert [story.trace[seq].at_s for seq in verdict.evidence] == [0, 59]


def test_no_call_while_open_fails_a_request_without_a_permit() -> None:
    """A request that goes round the breaker fails, while open and while closed."""
    assert broken(opened().asks(2).call().judged_by(NoCallWhileOpen, PROMISED))
    closed = Story().asks(1).granted(1).call().settled(1, "success")
    assert broken(closed.asks(2).call().judged_by(NoCallWhileOpen, PROMISED))


def test_no_call_while_open_fails_a_request_after_its_permit_was_settled() -> None:
    """A permit is good for one call; a request after it needs another."""
    story = Story().asks(1).granted(1).call().settled(1, "success").call()

    assert broken(story.judged_by(NoCallWhileOpen, PROMISED))


def test_no_call_while_open_fails_a_request_under_the_permit_of_another() -> None:
    """A permit belongs to the question it was granted for."""
    story = Story().asks(1).granted(1).asks(2).call()

    assert broken(story.judged_by(NoCallWhileOpen, PROMISED))


def test_no_call_while_open_lets_a_permitted_call_go_on() -> None:
    """A retry of a call that was permitted before the opening may be made while open."""
    story = Story().asks(2).granted(1).call(503).asks(1).granted(2).call(503)
    story.settled(2, "failure").turns("closed", "open").answer("fallback")
    story.at(2).by(2).call().asks(3).refused()

    assert passed(story.judged_by(NoCallWhileOpen, PROMISED))


def test_no_call_while_open_takes_a_permit_reported_before_its_transition() -> None:
    """The permit of a trial may be reported before the change to half-open."""
    story = opened().asks(2).refused().at(60)
    story.granted(2, "half_open").turns("open", "half_open").call()

    assert passed(story.judged_by(NoCallWhileOpen, PROMISED))


def test_no_call_while_open_gives_a_new_process_a_new_breaker() -> None:
    """After a restart the breaker is closed; what was asked before belongs to the old one."""
    story = opened().asks(2).by("script").action("restart").asks(3).granted(1).call()

    assert passed(story.by(2).refused().judged_by(NoCallWhileOpen, PROMISED))
    assert broken(story.granted(2).judged_by(NoCallWhileOpen, PROMISED))


def silent(*statuses: tuple[float, int]) -> Story:
    """One question after the other, each with one call, at these times and with these statuses."""
    story = Story()
    for ask, (at_s, status) in enumerate(statuses, start=1):
        story.at(at_s).asks(ask).call(status).answer()
    return story


@pytest.mark.parametrize(
    ("calls", "outcome"),
    [
        pytest.param(((0, 503), (59.9, 200)), broken, id="called while it must be open"),
        pytest.param(((0, 503), (60, 503), (119, 200)), broken, id="called after a failed trial"),
        pytest.param(((0, 503), (60, 503), (120, 503)), untested, id="a trial a minute"),
        pytest.param(((0, 503), (60, 200), (61, 200)), untested, id="a trial that closes it"),
        pytest.param(((0, 503), (60, 400), (61, 200)), untested, id="a trial that says nothing"),
        pytest.param(((0, 400), (1, 200)), untested, id="the caller's mistake opens nothing"),
        pytest.param(((0, 404), (1, 503), (2, 200)), broken, id="a failure after a mistake"),
        pytest.param(((0, 429), (1, 200)), untested, id="what the policy leaves open"),
    ],
)
def test_no_call_while_open_sees_a_breaker_that_reports_nothing(
    calls: tuple[tuple[float, int], ...], outcome: Callable[[Verdict], bool]
) -> None:
    """What is certain without its reports: failures that open it, and how long it stays so."""
    assert outcome(silent(*calls).judged_by(NoCallWhileOpen, PROMISED))


def test_one_trial_frees_the_place_of_a_failed_trial_that_nobody_reports() -> None:
    """Trials one after the other are no crowd."""
    story = silent((0, 503), (60, 503), (120, 503), (180, 200))

    assert passed(story.judged_by(OneTrial, PROMISED))


def test_questions_that_are_kept_away_test_a_silent_breaker() -> None:
    """Whoever asks while it is open, and calls nobody, has been refused."""
    story = silent((0, 503)).at(30).asks(2).answer("fallback")

    verdict = story.judged_by(NoCallWhileOpen, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "1 refusal in 1 open period, no request let through"


def test_no_call_while_open_needs_a_refusal() -> None:
    """A breaker that never opened, or that nobody called while open, has not tested it."""
    closed = Story().asks(1).granted(1).call().settled(1, "success").answer()

    for story, promised, missing in (
        (closed, PROMISED, "no breaker opened"),
        (opened(), PROMISED, "no request came while a breaker was open"),
        (opened(), Promises(), "the target promises no breaker"),
    ):
        verdict = story.judged_by(NoCallWhileOpen, promised)
        assert untested(verdict)
        assert verdict.reason == missing


def half_open() -> Story:
    """A breaker in half-open at 60 s, one trial out for ask 2."""
    return opened().at(60).asks(2).turns("open", "half_open").granted(2, "half_open")


def test_one_trial_passes_a_single_trial() -> None:
    """One trial with everybody else refused is what the law asks for."""
    story = half_open()
    for ask in range(3, 22):
        story.asks(ask).refused(state="half_open")

    verdict = story.judged_by(OneTrial, PROMISED)

    assert passed(verdict)
    assert verdict.reason == "1 trial in 1 half-open period, 19 refused meanwhile"


def test_one_trial_fails_a_second_trial() -> None:
    """Two unsettled trials fail; both permits are the evidence."""
    story = half_open().asks(3).granted(3, "half_open")

    verdict = story.judged_by(OneTrial, PROMISED)

    assert broken(verdict)
    assert len(verdict.evidence) == 2


@pytest.mark.parametrize("outcome", ["neutral", "failure"])
def test_one_trial_passes_a_trial_after_a_trial(outcome: str) -> None:
    """Once a trial is settled, its place is free."""
    story = half_open().settled(2, outcome).asks(3).granted(3, "half_open")

    assert passed(story.judged_by(OneTrial, PROMISED))


@pytest.mark.parametrize(
    ("now_s", "free"),
    [
        pytest.param(89.999997, False, id="just before its lease ends"),
        pytest.param(90.0, True, id="as its lease ends"),
    ],
)
def test_one_trial_frees_the_place_of_a_lost_trial(now_s: float, free: bool) -> None:  # noqa: FBT001 - a table of facts
    """A trial that never comes back holds its place until its lease ends."""
    story = half_open().at(now_s).asks(3).granted(3, "half_open")

    assert passed(story.judged_by(OneTrial, PROMISED)) is free


def test_one_trial_takes_a_permit_reported_before_its_transition() -> None:
    """The first trial counts, whichever of the two the breaker reports first."""
    story = opened().at(60).asks(2).granted(2, "half_open").turns("open", "half_open")

    assert passed(story.judged_by(OneTrial, PROMISED))
    assert broken(story.asks(3).granted(3, "half_open").judged_by(OneTrial, PROMISED))


def test_one_trial_fails_a_trial_that_sends_two_requests_at_once() -> None:
    """The permit is for one call at a time."""
    story = half_open()
    first = story.request()
    assert passed(story.judged_by(OneTrial, PROMISED))

    story.request()

    assert broken(story.judged_by(OneTrial, PROMISED))
    assert first == 2


def test_one_trial_passes_retries_of_a_trial() -> None:
    """Requests of a trial one after the other are one call."""
    story = half_open().call(503).at(62).call(503)

    assert passed(story.judged_by(OneTrial, PROMISED))


def test_one_trial_leaves_requests_to_others_alone() -> None:
    """What a trial does elsewhere meanwhile is no second call."""
    story = half_open()
    story.request()
    story.request("gcs", "objects.media", "a")
    story.request("gcs", "objects.media", "b")

    assert passed(story.judged_by(OneTrial, PROMISED))


def test_one_trial_is_over_once_the_breaker_closed() -> None:
    """Closed admits everybody."""
    story = half_open().settled(2, "success").turns("half_open", "closed")
    story.asks(3).granted(3).asks(4).granted(4)

    assert passed(story.judged_by(OneTrial, PROMISED))


def test_one_trial_forgets_the_trials_of_an_earlier_period() -> None:
    """A trial that another's failure overtook holds no place in the next half-open period."""
    policy = BreakerPolicy(failure_threshold=1, recovery_timeout_s=60, half_open_max_calls=2)
    story = half_open().asks(3).granted(3, "half_open")
    story.settled(3, "failure").turns("half_open", "open").at(120)
    for ask in (4, 5):
        story.asks(ask).granted(ask, "half_open")
        if ask == 4:
            story.turns("open", "half_open")

    verdict = story.judged_by(OneTrial, Promises(breakers={"openai": policy}))

    assert passed(verdict)
    assert verdict.reason.startswith("4 trials in 2 half-open periods")


def test_one_trial_ignores_calls_of_an_earlier_period() -> None:
    """A slow call from before the opening is no trial, even if it still runs."""
    story = Story().asks(1).granted(1)
    story.request()
    story.asks(2).granted(2).call(503).settled(2, "failure").turns("closed", "open")
    story.at(60).asks(3).turns("open", "half_open").granted(3, "half_open").call()

    assert passed(story.judged_by(OneTrial, PROMISED))


def test_one_trial_admits_as_many_as_the_policy_says() -> None:
    """Two of two pass, three of two fail."""
    policy = BreakerPolicy(failure_threshold=1, recovery_timeout_s=60, half_open_max_calls=2)
    promised = Promises(breakers={"openai": policy})
    story = half_open().asks(3).granted(3, "half_open")

    assert passed(story.judged_by(OneTrial, promised))
    assert broken(story.asks(4).granted(4, "half_open").judged_by(OneTrial, promised))


def test_one_trial_needs_a_trial() -> None:
    """A breaker that never turned half-open has not tested it."""
    assert untested(opened().judged_by(OneTrial, PROMISED))
    assert untested(half_open().judged_by(OneTrial, Promises()))


def test_breaker_laws_leave_other_upstreams_alone() -> None:
    """What is done to an upstream without a breaker has nothing to do with one that has it."""
    promised = Promises(breakers={"gcs": PROMISED.breakers["openai"]})
    story = half_open().asks(3).granted(3, "half_open").asks(4).call()

    for law in (NoCallWhileOpen, OneTrial, BreakerFollowsTheModel):
        assert untested(story.judged_by(law, promised))
        assert broken(story.judged_by(law, PROMISED))


def test_breaker_laws_allow_requests_to_others_without_a_permit() -> None:
    """Only requests to the upstream behind the breaker need its permit."""
    story = opened().asks(2).refused().fetch("a")

    assert passed(story.judged_by(NoCallWhileOpen, PROMISED))


def test_no_call_while_open_lets_a_mistake_begin_the_count_anew() -> None:
    """Some libraries take a 404 for a success, since the provider has answered."""
    promised = Promises(
        breakers={"openai": BreakerPolicy(failure_threshold=2, recovery_timeout_s=60)}
    )
    in_a_row = silent((0, 404), (1, 503), (2, 503), (3, 200))
    divided = silent((0, 503), (1, 404), (2, 503), (3, 200))

    assert broken(in_a_row.judged_by(NoCallWhileOpen, promised))
    assert untested(divided.judged_by(NoCallWhileOpen, promised))
