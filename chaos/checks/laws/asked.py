"""Questions with their answers, and which of them tell how the service is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from chaos.checks.laws.calls import FIRST_ERROR_STATUS
from chaos.checks.laws.repeated import repeated
from chaos.checks.laws.silence import is_refused
from chaos.checks.record import RunRecord
from chaos.trace.events import AnswerEvent, AskEvent, FaultEvent, ResponseEvent
from chaos.trace.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that was answered.

    Attributes:
        alone: Whether nobody else was waiting for an answer when it was asked.
    """

    ask: AskEvent
    answer: AnswerEvent
    alone: bool

    @property
    def mode(self) -> str:
        """The answer's mode, and its reason where there is one."""
        reason = f" ({self.answer.reason})" if self.answer.reason else ""
        return self.answer.mode + reason


def asked(trace: Trace) -> list[Asked]:
    """Every answered question, in the order they were asked."""
    answers = {answer.ask: answer for answer in trace.of(AnswerEvent)}
    waiting: set[int | None] = set()
    found = []
    for event in trace:
        if isinstance(event, AnswerEvent):
            waiting.discard(event.ask)
        elif isinstance(event, AskEvent):
            if event.ask in answers:
                found.append(Asked(ask=event, answer=answers[event.ask], alone=not waiting))
            waiting.add(event.ask)
    return found


def before_any_fault(asks: list[Asked], trace: Trace) -> list[Asked]:
    """Those that were answered before the first fault."""
    first = next((e.seq for e in trace.of(FaultEvent) if e.what == "injected"), 0)
    return [ask for ask in asks if ask.answer.seq < first]


def helped_by(run: RunRecord) -> Mapping[int | None, AbstractSet[str]]:
    """Who has answered well for each question."""
    helped: defaultdict[int | None, set[str]] = defaultdict(set)
    for response in run.trace.of(ResponseEvent):
        is_good = (response.status or FIRST_ERROR_STATUS) < FIRST_ERROR_STATUS
        if response.error is None and is_good:
            helped[response.ask].add(response.upstream)
    return helped


def usual_helpers(
    asks: list[Asked], helped: Mapping[int | None, AbstractSet[str]], best: str
) -> AbstractSet[str]:
    """Whose answers are in all of the best that anybody was called for."""
    of_best = [helped[ask.ask.ask] for ask in asks if ask.answer.mode == best]
    called = [each for each in of_best if each]
    return set[str].intersection(*map(set, called)) if called else set()


def is_served(
    ask: Asked, helped: Mapping[int | None, AbstractSet[str]], usual: AbstractSet[str]
) -> bool:
    """Whether everybody has answered for it who answers for the best; anybody, if nobody does."""
    mine = helped[ask.ask.ask]
    return bool(mine) and usual <= mine


def telling(asks: list[Asked], run: RunRecord) -> list[Asked]:
    """Those whose answers say how the service is."""
    kept = repeated(run)
    return [ask for ask in comparable(asks, run) if ask.ask.ask not in kept]


def comparable(asks: list[Asked], run: RunRecord) -> list[Asked]:
    """Those whose question could have been answered in the best mode, as far as the run shows.

    One that never was, and for which everybody has answered who answers for the best, may have no
    better answer, however well all was before the first fault.
    """
    answerable = {ask.ask.question for ask in asks if ask.answer.mode == run.best_mode}
    healthy = before_any_fault(asks, run.trace)
    if not healthy or any(ask.answer.mode != run.best_mode for ask in healthy):
        return [ask for ask in asks if ask.ask.question in answerable]
    helped = helped_by(run)
    usual = usual_helpers(asks, helped, run.best_mode)
    return [
        ask
        for ask in asks
        if ask.ask.question in answerable or not usual or not is_served(ask, helped, usual)
    ]


def latest_of_each(asks: list[Asked], run: RunRecord) -> list[Asked]:
    """The latest ask of each question, the latest of all first.

    Of the others, those are left out whose request had been refused: a copy of such a refusal may
    be kept for a day, while other questions are answered.
    """
    places = {ask.ask.question: place for place, ask in enumerate(asks)}
    latest = [asks[place] for place in sorted(places.values(), reverse=True)]
    questions = {ask.ask: ask.question for ask in run.trace.of(AskEvent)}
    refused = {questions.get(each.ask) for each in run.trace.of(ResponseEvent) if is_refused(each)}
    return latest[:1] + [ask for ask in latest[1:] if ask.ask.question not in refused]
