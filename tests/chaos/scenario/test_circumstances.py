"""What a target lets a scenario say of the world: read by files and by targets alike."""

from __future__ import annotations

import pytest
from pydantic import Field, model_validator

from chaos.ports import Vocabulary
from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Node
from chaos.scenario.loader import load_text
from chaos.scenario.problems import ScenarioError
from chaos.targets.helpdesk.given import cached_copy
from chaos.targets.helpdesk.words import SPECIFIED, VOCABULARY


class _Queue(Node):
    """A model with a check across its keys, as a target may write one."""

    length: int = Field(default=0, examples=[5])
    oldest: int = Field(default=0, examples=[2])

    @model_validator(mode="after")
    def _fits(self) -> _Queue:
        if self.oldest > self.length:
            raise ValueError("no more than the length")
        return self


def _mistakes(given: str, vocabulary: Vocabulary) -> list[str]:
    text = f"version: 1\nname: a\nhypothesis: It holds.\ngiven: {given}\nmethod: [ask: Hm?]\n"
    try:
        load_text(text, "a.yaml", {"helpdesk": vocabulary}.get)
    except ScenarioError as error:
        return list(map(str, error.problems))
    return []


def test_given_is_checked_by_what_any_target_declares() -> None:
    """Also a rule that only its author knows is told at a line and column."""
    queue = Circumstance(model=_Queue)
    target = Vocabulary(upstreams={}, observables={}, settings={}, given={"queue": queue})

    assert _mistakes("{queue: {length: 3, oldest: 1}}", target) == []
    assert _mistakes("{queue: {length: 3, oldest: 4}}", target) == [
        (
            "a.yaml:4:16: queue is not consistent; expected no more than the length; "
            "write for example {length: 5, oldest: 2} [bad-value]"
        ),
    ]
    assert _mistakes("{queue: absent}", target) == [
        (
            "a.yaml:4:16: queue is 'absent'; expected a mapping with length, oldest; "
            "write '{length: 5, oldest: 2}' [unknown-value]"
        ),
    ]


@pytest.mark.parametrize("value", [{"damge": "empty"}, {"damage": "broken"}, None, 5, "absnt"])
def test_helpdesk_reads_its_copy_in_the_words_of_a_file(value: object) -> None:
    """A scenario that was built in code passes no loader; its mistake is told all the same."""
    with pytest.raises(ScenarioError) as caught:
        cached_copy({"index_cache": value})

    assert "pydantic" not in str(caught.value)
    assert "; expected " in str(caught.value)


def test_helpdesk_has_a_copy_unless_told_otherwise() -> None:
    """Fetched just now, if nothing is said."""
    fresh = cached_copy({})

    assert fresh is not None
    assert fresh.age.total_seconds() == 0
    assert cached_copy({"index_cache": "absent"}) is None


def test_setting_that_the_helpdesk_would_not_take_is_refused_in_the_file() -> None:
    """What it must be is said by the service itself."""
    settings = "{openai.retry.attempts: 0, openai.timeout: 1h, openai.breaker.count: bananas}"

    assert _mistakes(f"{{settings: {settings}}}", VOCABULARY) == [
        (
            "a.yaml:4:43: openai.retry.attempts is 0; expected a whole number from 1 to 10; "
            "write for example 'openai.retry.attempts: 3', the default [refused-setting]"
        ),
        (
            "a.yaml:4:62: openai.timeout is '1h'; expected a duration from 1s to 10m; "
            "write for example 'openai.timeout: 15s', the default [refused-setting]"
        ),
        (
            "a.yaml:4:88: openai.breaker.count is 'bananas'; expected one of: calls, attempts; "
            "write for example 'openai.breaker.count: calls', the default [refused-setting]"
        ),
    ]


def test_helpdesk_takes_what_is_specified() -> None:
    """Every default is within the range of its setting."""
    assert [key for key, value in SPECIFIED.items() if VOCABULARY.refuse(key, value)] == []
