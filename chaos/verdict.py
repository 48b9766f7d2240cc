"""Outcome and verdict: what a check concluded, and how conclusions combine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What a check, a scenario or a whole run came to."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        """What ``chaos run`` exits with."""
        return {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.INCONCLUSIVE: 3}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One conclusion and what it rests on.

    Attributes:
        check: Name of the check: a law, or ``expect`` with its key.
        outcome: Passed, failed, or inconclusive: nothing was there to judge.
        reason: One sentence for a person.
        expected: What should have been, as it would be written in a scenario.
        seen: What was.
        line: Line of the scenario file that asked, from 1; None for a law.
        evidence: Sequence numbers of the trace events that decided it.
        sides: Where two runs were compared, rows of what each has: a name, one, the other. The
            first row is the heading.
    """

    check: str
    outcome: Outcome
    reason: str
    expected: str = ""
    seen: str = ""
    line: int | None = None
    evidence: tuple[int, ...] = ()
    sides: tuple[tuple[str, str, str], ...] = ()


def combine(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of several: one failure fails all; else one doubt leaves all in doubt.

    Nothing at all is inconclusive, never passed.

    Example:
        >>> combine([Outcome.PASSED, Outcome.INCONCLUSIVE]).value
        'inconclusive'
        >>> combine([]).value
        'inconclusive'
    """
    seen = set(outcomes)
    if Outcome.FAILED in seen:
        return Outcome.FAILED
    if Outcome.INCONCLUSIVE in seen or not seen:
        return Outcome.INCONCLUSIVE
    return Outcome.PASSED
