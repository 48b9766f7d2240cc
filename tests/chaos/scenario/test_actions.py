"""Actions of a target's own: read, checked and written like those of the language."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest
from pydantic import Field

from chaos.explorer.yaml_text import scenario_text
from chaos.ports import Action, Vocabulary
from chaos.scenario.fields import Node
from chaos.scenario.loader import load_text, without_words
from chaos.scenario.model import ActStep
from chaos.scenario.problems import ScenarioError
from chaos.scenario.schema import json_schema


class Amount(Node):
    """How much is put into the queue."""

    jobs: int = Field(default=1, ge=1, examples=[5])


WORDS = Vocabulary(
    upstreams={"openai": ("chat.completions",)},
    observables={},
    settings={},
    actions={
        "restart": Action(),
        "flush": Action(doc="The cache is emptied.", said="empty the cache"),
        "enqueue": Action(doc="Jobs arrive.", parameters=Amount, by_service=False),
    },
)
HEAD = "version: 1\nname: a\nhypothesis: It holds.\ntarget: mine\nmethod:\n  - ask: Why?\n"
CLAIM = "expect: {answers.error: 0}\n"


def steps(lines: str, words: Vocabulary | None = WORDS) -> list[ActStep]:
    """The actions among the steps of a file."""
    found = without_words if words is None else lambda _: words
    scenario = load_text(f"{HEAD}{lines}{CLAIM}", "a.yaml", found).scenario
    return [step for step in scenario.method if isinstance(step, ActStep)]


def mistakes(lines: str, words: Vocabulary | None = WORDS) -> str:
    """What is said of a file that is wrong."""
    with pytest.raises(ScenarioError) as caught:
        steps(lines, words)
    return str(caught.value)


def test_action_is_read_in_each_of_its_forms() -> None:
    """By its name, with nothing, with true, or with its parameters."""
    read = steps("  - flush\n  - flush:\n  - flush: true\n  - enqueue: {jobs: 2}\n  - enqueue:\n")

    assert [step.act for step in read] == [*["flush"] * 3, *["enqueue"] * 2]
    assert [step.parameters for step in read] == [{}, {}, {}, {"jobs": 2}, {}]
    assert read[0].means.said == "empty the cache"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("flush: 5", "flush is 5; expected true"),
        ("enqueue: {jobs: 0}", "jobs is 0; expected at least 1"),
        ("enqueue: {job: 2}", "unknown key 'job' in enqueue; expected jobs; did you mean 'jobs'?"),
        ("enqueue: many", "enqueue is 'many'; expected a mapping"),
        ("enqueue", "step 'enqueue' has no parameters; expected a mapping, or one of: flush, "),
        ("flsh", "unknown step 'flsh'; expected a mapping, or one of: flush, restart; did you"),
        ("flsh: true", "unknown key 'flsh' in a step"),
    ],
)
def test_mistake_in_an_action_is_told_when_the_file_is_read(line: str, said: str) -> None:
    """Before anything is played, and with the place."""
    text = mistakes(f"  - {line}\n")

    assert said in text
    assert text.count("[") == 1, "one mistake, one line"


def test_restart_is_refused_for_a_target_that_cannot() -> None:
    """The one action of the language itself is a target's to support."""
    words = replace(WORDS, actions=frozenset({"flush"}))

    assert "the target cannot 'restart'; expected flush" in mistakes("  - restart\n", words)


def test_action_of_an_unknown_target_is_no_mistake() -> None:
    """Without the target's words it may be right, unless it is nearly a word of the language."""
    read = steps("  - drain\n  - drain: {slowly: true}\n", None)

    assert [(step.act, step.parameters) for step in read] == [
        ("drain", {}),
        ("drain", {"slowly": True}),
    ]
    assert "did you mean 'ask'?" in mistakes("  - aks: {question: Why?}\n", None)


def test_action_around_the_service_calls_nobody() -> None:
    """So a fault with nothing else after it can never fire."""
    lines = "  - inject: {{upstream: openai, fault: timeout}}\n  - {action}\n"

    assert "never-fires" in mistakes(lines.format(action="enqueue:"))
    assert len(steps(lines.format(action="flush"))) == 1


def test_action_is_written_as_it_is_read() -> None:
    """A scenario that is saved has the same steps."""
    lines = "  - flush\n  - enqueue: {jobs: 2}\n  - enqueue:\n  - flush:\n    name: again\n"
    scenario = load_text(f"{HEAD}{lines}{CLAIM}", "a.yaml", lambda _: WORDS).scenario

    again = load_text(scenario_text(scenario), "a.yaml", lambda _: WORDS).scenario

    assert again.method[0] != again.method[1]
    for step, other in zip(scenario.method, again.method, strict=True):
        assert step.model_copy(update={"location": other.location}) == other


def test_editors_know_the_actions_of_a_target() -> None:
    """Its schema has each form, and refuses the rest; that of any target leaves names open."""
    named, any_target = json_schema(WORDS), json_schema()

    def fits(schema: dict[str, object], step: object) -> bool:
        file = {"version": 1, "name": "a", "hypothesis": "It holds.", "method": [step]}
        return jsonschema.Draft202012Validator(schema).is_valid(file)

    good = ["flush", {"flush": True}, {"flush": None, "name": "x"}, {"enqueue": {"jobs": 2}}]
    bad = ["enqueue", "drain", {"drain": True}, {"enqueue": {"job": 2}}, {"flush": 5}]
    assert [fits(named, step) for step in good] == [True] * 4
    assert [fits(named, step) for step in bad] == [False] * 5
    assert [fits(any_target, step) for step in good] == [True] * 4
    assert [fits(any_target, step) for step in ({"aks": "Why?"}, {"drain": 5}, {"name": "x"})] == [
        False
    ] * 3
