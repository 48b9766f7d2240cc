"""What became of each question, in a line that a baseline can hold.

The other measures are sums and extremes: where one question costs two calls more and another two
less, none of them moves. This one is compared question by question.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import groupby, zip_longest
from urllib.parse import quote

from chaos.compare.changes import Trend
from chaos.runner.measures import BEST_ANSWERS, Measures
from chaos.trace.events import AnswerEvent, AskEvent, RequestEvent
from chaos.trace.trace import Trace
from chaos.units import format_number

MOST_GROUPS = 24
"""Beyond so many runs of like questions, a line says no more to a person than a hash does."""

_GROUP = re.compile(r"(?:([1-9][0-9]*)\*)?([^;*]+)")
_COST = re.compile(r"(?P<key>\S+)=(?P<value>[0-9.]+)s?")


def courses(trace: Trace) -> str:
    """What each question came to, in the order in which they were asked.

    Example:
        >>> asked = AskEvent(seq=0, at_s=0, actor="u", ask=1, question="?", step="method[0]")
        >>> told = AnswerEvent(seq=1, at_s=2, actor="u", ask=1, mode="told", elapsed_s=2)
        >>> courses(Trace([asked, told]))
        'told time=2s'
    """
    made: defaultdict[int | None, Counter[str]] = defaultdict(Counter)
    for request in trace.of(RequestEvent):
        made[request.ask][request.upstream] += 1
    answers = {answer.ask: answer for answer in trace.of(AnswerEvent)}
    each = [_course(answers.get(ask.ask), made[ask.ask]) for ask in trace.of(AskEvent)]
    groups = [(course, len(list(alike))) for course, alike in groupby(each)]
    text = "; ".join(f"{times}*{course}" if times > 1 else course for course, times in groups)
    if len(groups) <= MOST_GROUPS:
        return text
    return f"#{len(each)} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _course(answer: AnswerEvent | None, made: Counter[str]) -> str:
    calls = [f"{_word(upstream)}={number}" for upstream, number in sorted(made.items())]
    if answer is None:
        return " ".join(["unanswered", *calls])
    # Microseconds are what a trace can tell apart.
    return " ".join(
        [_word(answer.mode), *calls, f"time={format_number(round(answer.elapsed_s, 6))}s"]
    )


def _word(name: str) -> str:
    """A name without what separates words, groups and numbers: a mode may be 'best effort'."""
    return quote(name, safe="")


def is_course(text: object) -> bool:
    """Whether a baseline may hold this."""
    return isinstance(text, str) and "\n" not in text


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The first question that came to something else than before.

    Attributes:
        was: What it came to.
        now: What it comes to.
        trend: Which way all questions together went.
    """

    was: str
    now: str
    trend: Trend


def turn(was: str, now: str, measures: Measures) -> Turn | None:
    """Compare questions one by one; None if all came to the same.

    It is better only if no question got another kind of answer, or costs more than it did, and all
    answers are of the best. One that costs more is no better because another costs less.

    Args:
        was: `courses` of before.
        now: Those of now.
        measures: What else was measured now.

    Example:
        >>> turn("told a=1; told a=3", "told a=3; told a=1", {"best_answers": 1.0}).trend.value
        'different'
        >>> turn("2*told a=3", "told a=3; told a=1", {"best_answers": 1.0}).trend.value
        'better'
    """
    if was == now:
        return None
    before_each, now_each = _unfolded(was), _unfolded(now)
    if before_each is None or now_each is None:
        return Turn(was=was, now=now, trend=Trend.DIFFERENT)
    pairs = list(zip_longest(before_each, now_each, fillvalue="not asked"))
    parted = [(number, *pair) for number, pair in enumerate(pairs, start=1) if pair[0] != pair[1]]
    is_better = measures.get(BEST_ANSWERS.key) == 1 and all(
        _is_cheaper(before, after) for _, before, after in parted
    )
    if not parted:
        return None
    number, before, after = parted[0]
    return Turn(
        was=f"no. {number}: {before}",
        now=f"no. {number}: {after}",
        trend=Trend.BETTER if is_better else Trend.DIFFERENT,
    )


def _unfolded(text: str) -> list[str] | None:
    """Each question's part of a line; None if it is a hash, or written by somebody else."""
    found = [_GROUP.fullmatch(group) for group in text.split("; ")] if text else []
    if text.startswith("#") or None in found:
        return None
    return [match[2] for match in found if match for _ in range(int(match[1] or 1))]


def _is_cheaper(before: str, after: str) -> bool:
    mode, costs = before.partition(" ")[0], _costs(before)
    now = _costs(after)
    is_same = after.partition(" ")[0] == mode
    return is_same and all(now.get(key, 0.0) <= costs.get(key, 0.0) for key in {*costs, *now})


def _costs(course: str) -> dict[str, float]:
    return {match["key"]: float(match["value"]) for match in _COST.finditer(course)}
