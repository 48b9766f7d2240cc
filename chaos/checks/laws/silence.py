"""A service that has stopped to call: it gave its provider up, and nothing brings it back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus

from chaos.checks.laws.calls import FIRST_ERROR_STATUS
from chaos.checks.record import RunRecord
from chaos.trace.events import AnswerEvent, AskEvent, RequestEvent, ResponseEvent

_PASSING = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses below 500 that tell of a state, and not of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A question that was answered without a call, though one would now help.

    Attributes:
        ask: The question.
        answer: What it got, less than the best.
        upstreams: Who had been called for the same question before, in vain.
    """

    ask: AskEvent
    answer: AnswerEvent
    upstreams: tuple[str, ...]


def silent(run: RunRecord, *, after: int) -> list[Silence]:
    """Questions asked after a position of the trace, for which an upstream is called no more.

    Whoever asked them first had it called, and it has never helped anybody; another may have
    answered in its place. What was answered without a call from the beginning, or comes out of a
    promised cache, needs none. A question that was refused for good, by whomever, may have no
    better answer. Once anybody has called there again, the service has not given up.
    """
    asks = {ask.ask: ask for ask in run.trace.of(AskEvent)}
    calls: defaultdict[str, list[ResponseEvent]] = defaultdict(list)
    for response in run.trace.of(ResponseEvent):
        if (asked := asks.get(response.ask)) is not None:
            calls[asked.question].append(response)
    first: dict[str, int | None] = {}
    for asked in run.trace.of(AskEvent):
        first.setdefault(asked.question, asked.ask)
    called_again = {event.upstream for event in run.trace.of(RequestEvent) if event.seq > after}
    helped = {each.upstream for each in run.trace.of(ResponseEvent) if _has_helped(each)}
    spared = called_again | helped | run.promises.caches.keys()
    found = []
    for answer in run.trace.of(AnswerEvent):
        ask = asks.get(answer.ask)
        if ask is None or ask.seq <= after or answer.mode == run.best_mode:
            continue
        mine = calls[ask.question]
        at_first = {each.upstream for each in mine if each.ask == first[ask.question]}
        upstreams = at_first - spared
        if upstreams and not any(map(is_refused, mine)):
            found.append(Silence(ask=ask, answer=answer, upstreams=tuple(sorted(upstreams))))
    return found


def _has_helped(response: ResponseEvent) -> bool:
    """Whether somebody got what they had asked for, as far as the trace tells."""
    if response.error is not None:
        return response.error == "Closed"
    return response.status is not None and response.status < FIRST_ERROR_STATUS


def is_refused(response: ResponseEvent) -> bool:
    """Whether a call failed because of what it asked for, so that another will fail, too."""
    status = response.status
    if response.error is not None or status is None or status < FIRST_ERROR_STATUS:
        return False
    if response.said is not None and response.said.retry_can_help is not None:
        return not response.said.retry_can_help
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _PASSING
