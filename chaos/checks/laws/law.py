"""What laws have in common: a name, a line of text, and three ways to conclude."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from chaos.checks.laws.basis import Basis
from chaos.checks.record import RunRecord
from chaos.extensions import Extension, ExtensionKind, MisfitError
from chaos.trace.events import Event
from chaos.verdict import Outcome, Verdict

TICK_S = 2e-6
"""How far two times of a trace may lie apart and still be the same moment: the virtual clock
moves in steps of 2**-20 s, and each event's time is rounded to a microsecond."""


class Law(Extension, ABC):
    """A rule that every run must obey, whatever its scenario is about.

    A law knows a run by its trace and the target's promises alone, never by the target. It does
    not raise on any trace, however odd: a judge that falls over has judged nothing.
    """

    extends = ExtensionKind.LAW

    name: ClassVar[str]
    """What ``waive:`` and reports call it."""

    doc: ClassVar[str]
    """The law in one sentence."""

    rests_on: ClassVar[Basis]
    """What a target must promise for this law to have anything to judge."""

    @abstractmethod
    def judge(self, run: RunRecord, /) -> Verdict:
        """Conclude on a finished run; inconclusive if it never put the law to the test."""

    @classmethod
    def check_extension(cls) -> None:
        """Whether it says what it is; see the base class."""
        name, doc = getattr(cls, "name", None), getattr(cls, "doc", None)
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            fix = "write for example 'answers-are-short'"
            raise MisfitError(
                f"has {name!r} as its 'name'", "lower-case words joined by hyphens", fix
            )
        if not isinstance(doc, str) or not re.fullmatch(r"\S[^\n]*\.", doc):
            fix = "write for example 'No answer is longer than 500 letters.'"
            raise MisfitError(f"has {doc!r} as its 'doc'", "the law in one sentence", fix)
        if not isinstance(getattr(cls, "rests_on", None), Basis):
            fix = "take one of chaos.checks.laws.basis, or write rests_on = Basis(…)"
            raise MisfitError(
                "has no 'rests_on'", "the promise without which the law has nothing to judge", fix
            )

    def passed(self, reason: str) -> Verdict:
        """The run put the law to the test and obeyed; ``reason`` says how often."""
        return Verdict(check=self.name, outcome=Outcome.PASSED, reason=reason)

    def not_exercised(self, reason: str) -> Verdict:
        """The run had nothing to judge; ``reason`` says what was missing."""
        return Verdict(check=self.name, outcome=Outcome.INCONCLUSIVE, reason=reason)

    def broken(
        self, reason: str, *, expected: str, seen: str, evidence: Iterable[Event]
    ) -> Verdict:
        """The run broke the law; ``evidence`` are the events that show it."""
        return Verdict(
            check=self.name,
            outcome=Outcome.FAILED,
            reason=reason,
            expected=expected,
            seen=seen,
            evidence=tuple(event.seq for event in evidence),
        )


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    Example:
        >>> count(1, "ask"), count(3, "ask")
        ('1 ask', '3 asks')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def seconds(value: float) -> str:
    """A duration to the microsecond; unlike ``format_duration`` it rounds nothing that decides.

    Example:
        >>> seconds(2.0), seconds(1.999998)
        ('2s', '1.999998s')
    """
    return f"{value:.6f}".rstrip("0").rstrip(".") + "s"


def who(event: Event) -> str:
    """On whose behalf something happened, for a sentence.

    Example:
        >>> who(Event(seq=0, at_s=0.0, actor="user-1", ask=3))
        'question #3'
        >>> who(Event(seq=0, at_s=0.0, actor="script"))
        "'script'"
    """
    return repr(event.actor) if event.ask is None else f"question #{event.ask}"


Owner = int | str
"""Whoever something belongs to: the number of a question, or an actor outside of questions."""


def owner(event: Event) -> Owner:
    """Whom an event belongs to. Threads of one question share it, so it says more than actor."""
    return event.actor if event.ask is None else event.ask
