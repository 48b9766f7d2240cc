"""What a target returns is looked at where it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chaos.errors import TargetError
from chaos.ports import Answer, Target
from chaos.runner.service import Service


class Returning(Target):
    """Returns whatever it was made with."""

    def __init__(self, returned: Any) -> None:
        self.returned = returned

    def ask(self, question: str) -> Answer:
        """Nobody asks."""
        raise AssertionError(question)

    def observe(self, key: str) -> Any:
        """Whatever."""
        return self.returned

    def act(self, action: str, parameters: Mapping[str, Any]) -> Any:
        """Whatever."""
        return self.returned


def service(returned: Any) -> Service:
    """A service whose target returns this."""
    return Service(Returning(returned), lambda: None)


@pytest.mark.parametrize("value", [3, 0.5, "open", True, None, ["a", "b"], ()])
def test_observation_that_a_trace_can_keep_is_taken(value: object) -> None:
    """One value, or several."""
    assert service(value).observe("queue.size") == value


@pytest.mark.parametrize(
    ("value", "told"), [({1, 2}, "a set"), (b"x", "a bytes"), ([b"x"], "a list"), ({}, "a dict")]
)
def test_observation_that_no_trace_can_keep_is_refused(value: object, told: str) -> None:
    """With the method that returned it."""
    with pytest.raises(TargetError) as caught:
        service(value).observe("queue.size")
    assert str(caught.value).startswith(f"returning.observe('queue.size') returned {told};")


def test_action_may_say_nothing() -> None:
    """As does a method that returns nothing."""
    assert service(None).act("flush", {}) == {}
    assert service({"jobs": 2}).act("flush", {}) == {"jobs": 2}


@pytest.mark.parametrize(
    ("value", "told"), [("done", "'done'"), ({"jobs": {1}}, "a dict"), ([1], "a list")]
)
def test_action_that_says_no_mapping_is_refused(value: object, told: str) -> None:
    """With the action."""
    with pytest.raises(TargetError) as caught:
        service(value).act("flush", {})
    assert str(caught.value).startswith(f"returning.act('flush') returned {told}; expected a map")
