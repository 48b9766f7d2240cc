"""What of a scenario has a meaning for a service outside, and what has none.

The stand-ins see requests. What was answered, whoever asks can tell. What goes on inside of the
service stays hidden, so that no verdict may rest on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from chaos.scenario.expectations import Expectation
from chaos.scenario.faults import kind_of
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import ActStep, AnyStep, ClockJumpStep, InjectStep
from chaos.scenario.problems import Problem, ScenarioError

JUDGED_LAWS = ("pauses-kept",)
"""The laws that requests alone can put to the test. Every other one looks at what a question came
to, or counts the requests of one question, or at what the service tells of itself."""

NOT_SHOWN = "a service in another process shows only its requests"
"""Why the rest is not judged."""

UNMEANT_FAULTS = {
    "dns_failure": "the service reaches the stand-in by an address, without looking up a name",
    "tls_failure": "the stand-in is reached without TLS",
}


class Sight(Enum):
    """What it takes to judge an expectation."""

    REQUESTS = "requests"
    """The stand-ins see it."""
    ANSWERS = "answers"
    """Whoever asks the service has to tell what was answered."""
    NONE = "none"
    """Nobody outside of the service can see it."""


def sight(expectation: Expectation) -> Sight:
    """What it takes to judge this one.

    Example:
        >>> from chaos.scenario.kinds import Kind
        >>> from chaos.scenario.tolerances import Equals
        >>> [sight(Expectation(key, Equals(1, Kind.COUNT))).value
        ...     for key in ("calls.openai", "answers.llm", "openai.breaker.failures")]
        ['requests', 'answers', 'none']
    """
    first = expectation.key.partition(".")[0]
    if first == "calls":
        return Sight.REQUESTS
    is_of_answers = first in {"answer", "answers"} and expectation.key != "answer.index_state"
    return Sight.ANSWERS if is_of_answers else Sight.NONE


def expectations(loaded: LoadedScenario) -> Iterator[Expectation]:
    """Everything that a scenario expects, in the order of its file."""
    scenario = loaded.scenario
    for step in (*scenario.steady_state, *scenario.method):
        yield from step.expect
    yield from scenario.expect


def given(loaded: LoadedScenario) -> frozenset[str]:
    """What a scenario wants to be prepared, other than settings."""
    said = loaded.scenario.given
    return frozenset(said.model_fields_set) - {"settings"} | frozenset(said.model_extra or ())


def check(loaded: LoadedScenario, *, has_target: bool = False) -> None:
    """Refuse a scenario that cannot be meant for a service outside.

    Args:
        loaded: The scenario.
        has_target: Whether whoever plays it has a target at hand that publishes indexes, and says
            itself how its world differs from the one that is given.

    Raises:
        ScenarioError: Some of it has no meaning there; all of that is in it.
    """
    problems = list(_problems(loaded, has_target=has_target))
    if problems:
        raise ScenarioError(problems)


def _problems(loaded: LoadedScenario, *, has_target: bool) -> Iterator[Problem]:
    scenario, at = loaded.scenario, loaded.source.at
    if scenario.explore is not None:
        yield Problem(
            location=at("explore"),
            wrong="interleavings are not searched in another process",
            expected="a scenario without 'explore'",
            fix="remove it, or play it with: chaos run",
            code="not-served",
        )
    for key in () if has_target else given(loaded):
        yield Problem(
            location=at("given", key),
            wrong=f"{key!r} is prepared by a target, and a service in another process has none",
            expected="only settings under 'given'",
            fix="prepare the service yourself and remove this, or play it with: chaos run",
            code="not-served",
        )
    for section in ("steady_state", "method"):
        yield from _of_steps(loaded, section, getattr(scenario, section), has_target=has_target)


def _of_steps(
    loaded: LoadedScenario, section: str, steps: Sequence[AnyStep], *, has_target: bool
) -> Iterator[Problem]:
    for number, step in enumerate(steps):
        wrong = None
        match step:
            case InjectStep(inject=fault) if why := UNMEANT_FAULTS.get(kind_of(type(fault))):
                wrong = f"fault {kind_of(type(fault))!r} cannot strike: {why}"
            case ClockJumpStep():
                wrong = "the clock of another process cannot be moved"
            case ActStep(act=act, means=means) if not (has_target or means.by_service):
                wrong = (
                    f"{act!r} is carried out by a target, and a service in another process has "
                    "none"
                )
        if wrong is not None:
            yield Problem(
                location=loaded.source.at(section, number),
                wrong=wrong,
                expected="a step that is possible for a service in another process",
                fix="remove it, or play it with: chaos run",
                code="not-served",
            )
