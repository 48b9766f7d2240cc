"""What is seen of services that do the worst: a claim that holds even then claims nothing.

One never answers, one calls without end, one says anything at all. An expectation is played
against what each of them shows under its key; whoever writes one means that some of them fail.
"""

from __future__ import annotations

from collections.abc import Iterator

from chaos.scenario.kinds import Kind
from chaos.scenario.lint_size import LONGEST_RUN
from chaos.scenario.observables import Probe
from chaos.scenario.tolerances import (
    AllOf,
    Contains,
    Equals,
    Items,
    Matches,
    Not,
    OneOf,
    Range,
    Tolerance,
)

ENDLESS = 10_000
"""Calls for one question from which on a run is taken for a livelock, and fails by itself."""

_LONGEST_S = LONGEST_RUN.total_seconds()
_PLAUSIBLE = 10
"""Calls for one question that a service may just come to. Not to make some number of them is a
claim up to here; that it makes any number but a far larger one is none."""

_TOKENS = 100_000
"""Tokens that one call may just cost."""

_NONSENSE = "\N{REPLACEMENT CHARACTER} 0 a Z ~\nand so on"
"""What nobody asked for; a pattern that is found in it, and in nothing at all, is no pattern."""

_COMES_TO_NOTHING = frozenset({"time_to_open", "time_to_recover"})
"""Keys that have no value with a service that never opens a breaker, or never recovers."""


def worst(probe: Probe, tolerance: Tolerance, *, answers: float) -> Iterator[object]:
    """The values that the worst services show under a key.

    Args:
        probe: What is looked at.
        tolerance: What is expected of it. A service can say whatever text the claim is about, and
            a target can show any value.
        answers: The most answers that are asked for where it is looked at.

    Example:
        >>> calls = Probe(key="calls.openai", kind=Kind.COUNT, doc="requests")
        >>> list(worst(calls, Not(Equals(99999, Kind.COUNT)), answers=2))
        [0, 20000]
    """
    if probe.values and not probe.kind.item:
        yield from probe.values
        if probe.is_live or probe.key == "answer.mode":
            return
    yield from _shown(probe, answers)
    if probe.key in _COMES_TO_NOTHING or probe.is_live:
        yield None
    for value in _mentioned(tolerance):
        if probe.is_live or probe.kind in {Kind.TEXT, Kind.TEXTS}:
            yield from (value, *_beside(value))
        elif isinstance(value, (int, float)) and _may_come_to(value, probe, answers):
            yield value


def worst_counts(answers: float) -> tuple[float, ...]:
    """How many answers of one mode there can be, at worst: none, or all."""
    return (0, max(answers, 1)) if answers < ENDLESS else (0, max(answers, ENDLESS))


def _shown(probe: Probe, answers: float) -> tuple[object, ...]:
    if probe.key.startswith("answers."):
        return worst_counts(answers)
    if probe.kind in {Kind.COUNT, Kind.NUMBER}:
        size = _TOKENS if probe.key == "tokens.wasted" else 1
        return (0, ENDLESS * size * _questions(answers, probe))
    if probe.kind is Kind.TEXTS:
        return ((), probe.values or (_NONSENSE,))
    # Of an answer nobody knows less than that it has a text.
    missing = (None,) if probe.kind is Kind.TEXT and probe.key != "answer.text" else ()
    # Of what is claimed over time, the worst is that it never happens.
    return (*missing, *_OF_A_KIND.get(probe.kind, (None,)))


_OF_A_KIND: dict[Kind, tuple[object, ...]] = {
    Kind.SHARE: (0.0, 1.0),
    Kind.DURATION: (0.0, _LONGEST_S),
    Kind.FLAG: (False, True),
    Kind.TEXT: ("", _NONSENSE),
    Kind.DURATIONS: ((), (0.0,) * ENDLESS, (_LONGEST_S,)),
    Kind.MODES: ({},),
}


def _questions(answers: float, probe: Probe) -> int:
    """For how many questions the calls are counted; they may also come without any question."""
    if probe.kind is Kind.NUMBER or answers == float("inf"):
        return 1
    return max(1, int(answers))


def _may_come_to(value: float, probe: Probe, answers: float) -> bool:
    is_counted = probe.kind in {Kind.COUNT, Kind.NUMBER}
    per_question = 1 if probe.key.startswith("answers.") else _PLAUSIBLE
    return is_counted and 0 <= value <= per_question * _questions(answers, probe)


def _mentioned(tolerance: Tolerance) -> Iterator[object]:
    """Every value that a claim speaks of."""
    match tolerance:
        case Equals(value=value):
            yield value
        case Range(at_least=low, at_most=high):
            yield from (bound for bound in (low, high) if bound is not None)
        case Not(refused=inner) | Contains(part=inner):
            yield from _mentioned(inner)
        case OneOf(options=parts) | AllOf(parts=parts) | Items(items=parts):
            if isinstance(tolerance, Items):
                yield tuple(part.value for part in parts if isinstance(part, Equals))
            for part in parts:
                yield from _mentioned(part)
        case Matches(pattern=pattern):
            # Most patterns are words; what else they match takes more than a look.
            yield pattern
        case _:
            return


def _beside(value: object) -> Iterator[object]:
    """Values on both sides of a number; of any other none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from (value - 1, value + 1)


def is_always_met(tolerance: Tolerance, probe: Probe, *, answers: float) -> bool:
    """Whether not even the worst services fail a claim.

    Example:
        >>> text = Probe(key="answer.text", kind=Kind.TEXT, doc="what is said")
        >>> [is_always_met(Matches(each), text, answers=1) for each in ("x*", "VPN", ".")]
        [True, False, False]
    """
    return all(tolerance.accepts(value) for value in worst(probe, tolerance, answers=answers))
