"""A breaker that reports nothing, and has no cause to be open."""

from __future__ import annotations

import pytest

from chaos.checks.laws.permits import BreakerCountsWhatHappened
from chaos.ports import BreakerPolicy, Promises
from tests.chaos.checks.story import Story, broken, passed, untested

POLICY = BreakerPolicy(failure_threshold=2, recovery_timeout_s=60)
PROMISED = Promises(breakers={"openai": POLICY})
BOTH = Promises(breakers={"openai": POLICY, "gcs": POLICY})


def mistaken(*times: float, question: str = "Who?", status: int = 404) -> Story:
    """A good call for one question, and then mistakes with another."""
    story = Story().asks(1).call().answer()
    for ask, at_s in enumerate(times, start=2):
        story.at(at_s).asks(ask, question).call(status).answer("fallback")
    return story


def test_breaker_counts_what_happened_fails_mistakes_that_open_a_silent_breaker() -> None:
    """Two mistakes, and somebody else, whose question was fine, is called for no more."""
    story = mistaken(1, 2).at(3).asks(9).answer("fallback")

    verdict = story.judged_by(BreakerCountsWhatHappened, PROMISED)

    assert broken(verdict)
    assert "mistakes of callers" in verdict.reason


def test_breaker_counts_what_happened_passes_a_breaker_that_stays_closed() -> None:
    """Who is called after as many mistakes has shown it."""
    story = mistaken(1, 2).at(3).asks(9).call().answer()

    assert passed(story.judged_by(BreakerCountsWhatHappened, PROMISED))


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(mistaken(1).at(2).asks(9).answer("fallback"), id="too few mistakes"),
        pytest.param(mistaken(1, 2, 3).at(4).asks(9).answer("fallback"), id="too many"),
        pytest.param(mistaken(1, 2, status=503).at(3).asks(9).answer("fallback"), id="failures"),
        pytest.param(mistaken(1, 2).at(63).asks(9).answer("fallback"), id="a minute later"),
        pytest.param(mistaken(1, 2).at(3).asks(9).answer(), id="answered in the best mode"),
        pytest.param(mistaken(1, 2).at(3).asks(9, "How?").answer("fallback"), id="never called"),
        pytest.param(
            mistaken(1, 2).at(3).asks(8, "How?").asks(9).answer("fallback"), id="beside another"
        ),
        pytest.param(
            mistaken(1, 30).at(31).asks(9, "Who?").answer("fallback"), id="a copy of the refusal"
        ),
        pytest.param(
            mistaken(1, 2).at(3).asks(9).fetch("a", 503).answer("fallback"), id="another failure"
        ),
    ],
)
def test_breaker_counts_what_happened_leaves_other_reasons_to_call_nobody_alone(
    story: Story,
) -> None:
    """Where anything else may have kept the question away, the breaker is not accused."""
    assert not broken(story.judged_by(BreakerCountsWhatHappened, PROMISED))


def test_breaker_counts_what_happened_knows_a_refusal_that_was_asked_for_twice() -> None:
    """A copy would have kept the second away, and the third came no sooner."""
    story = mistaken(1, 2).at(4).asks(9, "Who?").answer("fallback")

    assert broken(story.judged_by(BreakerCountsWhatHappened, PROMISED))


def of_two(question: str = "Which?") -> Story:
    """A good call of each provider; then the second fails until its breaker is open."""
    story = Story().asks(1).call().answer().asks(2, question).fetch("a").answer()
    for ask in (3, 4):
        story.at(ask).asks(ask, question).fetch("a", 503).answer("fallback")
    return story


def test_breaker_counts_what_happened_fails_one_breaker_for_two_providers() -> None:
    """The second has failed, and the first is called no more."""
    story = of_two().at(5).asks(5).answer("fallback")

    verdict = story.judged_by(BreakerCountsWhatHappened, BOTH)

    assert broken(verdict)
    assert "failures of gcs" in verdict.reason


def test_breaker_counts_what_happened_lets_one_provider_wait_for_another() -> None:
    """A question that needs both may stay away from one because of the other."""
    story = of_two("Why?").at(5).asks(5).answer("fallback")

    assert untested(story.judged_by(BreakerCountsWhatHappened, BOTH))
