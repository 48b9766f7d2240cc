"""The law of effects: what must not happen twice, and what a key stands for."""

from __future__ import annotations

import pytest

from chaos.checks.laws.effects import AtMostOnce
from chaos.ports import Promises
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
