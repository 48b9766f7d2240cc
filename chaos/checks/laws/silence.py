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
        upstreams: Whom the same question had called before, in vain.
    """

    ask: AskEvent
    answer: AnswerEvent
    upstreams: tuple[str, ...]


def silent(run: RunRecord, *, after: int) -> list[Silence]:
    """Questions asked after a position of the trace, for which nobody is called any more.

    Whoever asked them first was called for, and every call for them has failed, in a way that may
    go better. A question that was ever served, or refused for good, may have no better answer; and
    what was answered without a call from the beginning, or comes out of a promised cache, needs
    none. Once anybody has called there again, the service has not given up.
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
    found = []
    for answer in run.trace.of(AnswerEvent):
        ask = asks.get(answer.ask)
        if ask is None or ask.seq <= after or answer.mode == run.best_mode:
            continue
        vain = calls[ask.question]
        if not any(response.ask == first[ask.question] for response in vain):
            continue
        upstreams = {response.upstream for response in vain}
        is_free = not upstreams & (called_again | run.promises.caches.keys())
        if is_free and all(map(_may_go_better, vain)):
            found.append(Silence(ask=ask, answer=answer, upstreams=tuple(sorted(upstreams))))
    return found


def _may_go_better(response: ResponseEvent) -> bool:
    """Whether a call failed through no fault of its own."""
    if response.error is not None:
        return response.error != "Closed"
    status = response.status
    if status is None or status < FIRST_ERROR_STATUS:
        return False
    if response.said is not None and response.said.retry_can_help is not None:
        return response.said.retry_can_help
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING
