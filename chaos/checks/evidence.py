"""Which events of a window show that an expectation was not met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chaos.checks.measure import Measured, Window
from chaos.scenario.expectations import Expectation
from chaos.scenario.tolerances import Everyone, Modes, Tolerance
from chaos.trace.events import AnswerEvent


def deviations(expectation: Expectation, measured: Measured, window: Window) -> tuple[int, ...]:
    """Sequence numbers of the events that show it, in order; never empty if anything happened.

    Of answers only those that are not as expected: where three of a hundred are missing from a
    mode, they are what the author wants to see. Of what is counted, all. Where what was expected
    never happened, the last event of the window.
    """
    answers = [event for event in window.events() if isinstance(event, AnswerEvent)]
    key, tolerance = expectation.key, expectation.tolerance
    shown = set(measured.evidence)
    if key.startswith("answer."):
        pairs = zip(measured.values, measured.evidence, strict=True)
        shown = {seq for value, seq in pairs if not tolerance.accepts(value)}
    elif key.startswith("answers."):
        shown = _of_mode(key.removeprefix("answers."), tolerance, answers)
    elif isinstance(tolerance, Modes):
        found = (_of_mode(mode, each, answers) for mode, each in tolerance.counts)
        shown = set[int]().union(*found) or shown
    return tuple(sorted(shown)) or tuple(event.seq for event in window.events()[-1:])


def _of_mode(mode: str, tolerance: Tolerance, answers: list[AnswerEvent]) -> set[int]:
    """The answers that make the count of this mode wrong: those too many, or those of others."""
    seen = Counter(answer.mode for answer in answers)[mode]
    if isinstance(tolerance, Everyone):
        return set(_answers(answers, mode, are_of_it=False))
    if tolerance.accepts(seen):
        return set()
    is_too_much = any(tolerance.accepts(fewer) for fewer in range(seen))
    return set(_answers(answers, mode, are_of_it=is_too_much))


def _answers(answers: list[AnswerEvent], mode: str, *, are_of_it: bool) -> Iterator[int]:
    return (answer.seq for answer in answers if (answer.mode == mode) is are_of_it)
