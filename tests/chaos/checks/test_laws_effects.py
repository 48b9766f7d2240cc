"""The law of effects: what must not happen twice, and what a key stands for."""

from __future__ import annotations

import pytest

from chaos.checks.laws.effects import AtMostOnce
from chaos.ports import Promises, RetryPolicy
from tests.chaos.checks.story import Story, broken, passed, untested


def ordered(story: Story, deed: str, *, ask: int, question: str, object_: str = "tea") -> Story:
    """Somebody orders, and gets an answer."""
    story.asks(ask, question)
    call = story.request("shop", "orders.create", object_)
    story.response(call, upstream="shop", operation="orders.create", deed=deed)
    return story.answer()


def test_at_most_once_fails_one_key_for_two_effects() -> None:
    """The second is taken for the first, and is never done."""
    story = ordered(Story(), "order aa under key today", ask=1, question="tea")
    ordered(story, "order bb under key today", ask=2, question="milk")

    verdict = story.judged_by(AtMostOnce, Promises())

    assert broken(verdict)
    assert verdict.reason.startswith("question #2 sent shop")
    assert verdict.seen == "order aa under key today; order bb under key today"


@pytest.mark.parametrize(
    ("deed", "question", "object_"),
    [
        pytest.param("order bb under key later", "milk", "tea", id="another key"),
        pytest.param("order aa under key today", "milk", "tea", id="the same effect"),
        pytest.param("order bb under key today", "tea", "tea", id="the same question again"),
        pytest.param("order bb under key today", "milk", "milk", id="of another object"),
        pytest.param("order bb", "milk", "tea", id="without a key"),
    ],
)
def test_at_most_once_accuses_no_key_that_may_be_right(
    deed: str, question: str, object_: str
) -> None:
    """A key belongs to an object; and a question that comes again may have the time in it."""
    story = ordered(Story(), "order aa under key today", ask=1, question="tea")
    ordered(story, deed, ask=2, question=question, object_=object_)

    assert untested(story.judged_by(AtMostOnce, Promises()))


def test_at_most_once_passes_another_attempt_in_other_words() -> None:
    """Within one question, a body may differ by the time at which it was written."""
    story = Story().asks(1, "tea")
    for deed in ("order aa under key today", "order bb under key today"):
        call = story.request("shop", "orders.create")
        story.response(
            call, None, upstream="shop", operation="orders.create", deed=deed, error="ReadTimeout"
        )

    assert passed(story.judged_by(AtMostOnce, Promises()))


PAYS = Promises(
    retries={"shop": RetryPolicy(attempts=3, first_backoff_s=1, max_backoff_s=4, jitter_s=0)}
)


def paid(story: Story, *deeds: str, ask: int = 1, lost: int = 0, wait_s: float = 0.0) -> Story:
    """Payments for one question, some time apart; the answers to the first few get lost."""
    story.asks(ask, f"pay {ask}")
    for number, deed in enumerate(deeds):
        call = story.request("shop", "pay")
        error = "ReadTimeout" if number < lost else None
        story.response(
            call, None if error else 200, upstream="shop", operation="pay", deed=deed, error=error
        )
        story.at(story.now_s + wait_s)
    return story.answer()


def test_at_most_once_fails_an_attempt_with_another_id() -> None:
    """One payment is enough in good health, and the answer to the first got lost."""
    story = paid(Story(), "pay aa alike xx")
    paid(story, "pay bb alike yy", "pay cc alike yy", ask=2, lost=1)

    verdict = story.judged_by(AtMostOnce, Promises())

    assert broken(verdict)
    assert "another id" in verdict.reason


def test_at_most_once_fails_an_attempt_with_another_id_that_comes_when_a_retry_is_due() -> None:
    """Nobody has seen it in good health, and it waits just as long as the policy says."""
    story = paid(Story(), "pay bb alike yy", "pay cc alike yy", lost=1, wait_s=1)

    assert broken(story.judged_by(AtMostOnce, PAYS))


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(
            paid(
                paid(Story(), "pay aa alike xx", "pay ab alike xx"),
                *("pay bb alike yy", "pay cc alike yy"),
                ask=2,
                lost=1,
                wait_s=1,
            ),
            id="a batch of two, as always",
        ),
        pytest.param(
            paid(Story(), "pay bb alike yy", "pay cc alike yy", lost=1), id="a batch that goes on"
        ),
        pytest.param(
            paid(
                Story(),
                *("pay bb alike yy under key k", "pay cc alike yy under key k"),
                lost=1,
                wait_s=1,
            ),
            id="under one key",
        ),
        pytest.param(
            paid(Story(), "pay bb alike yy", "pay cc alike zz", lost=1, wait_s=1),
            id="that differ in more",
        ),
        pytest.param(
            paid(Story(), "pay bb alike yy", "pay cc alike yy", wait_s=1), id="none got lost"
        ),
    ],
)
def test_at_most_once_accuses_no_batch(story: Story) -> None:
    """Effects that are alike may be different effects."""
    assert not broken(story.judged_by(AtMostOnce, PAYS))
