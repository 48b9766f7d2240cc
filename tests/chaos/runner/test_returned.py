"""What methods of a target return is kept as a trace can hold it, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.errors import TargetError
from chaos.ports import Answer
from chaos.runner import returned


def test_answer_is_told_in_what_a_trace_can_keep() -> None:
    """A number is its digits, no text is an empty one, and a list of sources is a tuple."""
    odd: Any = {"text": 12, "reason": 503, "stale": None, "truncated": 1, "sources": ["a"]}

    kept = returned.answer("shop.ask()", Answer(mode="told", **odd))

    assert kept == Answer(mode="told", text="12", reason="503", truncated=True, sources=("a",))
    empty: Any = None
    assert not returned.answer("shop.ask()", Answer(mode="told", text=empty)).text


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"text": b"sunny"}, "answered with a bytes as 'text'; expected a text; convert it"),
        ({"reason": ["no"]}, "answered with a list as 'reason'; expected a text; convert it"),
        ({"stale": "yes"}, "answered with 'yes' as 'stale'; expected True or False; convert it"),
        ({"sources": "abc"}, "answered with 'abc' as 'sources'; expected a tuple of texts; conv"),
        ({"sources": (1,)}, "answered with a tuple as 'sources'; expected a tuple of texts; co"),
    ],
)
def test_answer_that_no_trace_can_keep_is_refused(odd: dict[str, Any], said: str) -> None:
    """With the method that gave it."""
    with pytest.raises(TargetError, match=r"^shop\.ask\(\) answered") as caught:
        returned.answer("shop.ask()", Answer(mode="told", **odd))
    assert said in str(caught.value)
