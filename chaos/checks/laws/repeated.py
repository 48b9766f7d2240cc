"""Answers that a service has kept: they tell how it was, and nothing of how it is."""

from __future__ import annotations

from chaos.checks.record import RunRecord
from chaos.trace.events import AnswerEvent, AskEvent, BreakerEvent, RequestEvent, ResponseEvent


def repeated(run: RunRecord) -> frozenset[int]:
    """The questions whose answer comes out of a cache of the service, as far as the run shows.

    Somebody was told the same in the best mode before, with the help of a provider, and now nobody
    was called. A service that repeats itself because its provider is away gets into that mode by
    failure, too: a mode in which anybody was answered whose call had failed, or was not permitted,
    is a cache's only if it is the best.

    Returns:
        Their numbers.
    """
    called = {event.ask for event in run.trace.of(RequestEvent)}
    refused = {event.ask for event in run.trace.of(BreakerEvent) if event.what == "refused"}
    failed = {event.ask for event in run.trace.of(ResponseEvent) if event.faults or event.error}
    answers = [event for event in run.trace.of(AnswerEvent) if event.ask is not None]
    questions = {event.ask: event.question for event in run.trace.of(AskEvent)}
    of_trouble = {each.mode for each in answers if each.ask in refused | failed} - {run.best_mode}

    def same(answer: AnswerEvent) -> tuple[str | None, str]:
        return questions.get(answer.ask), answer.text

    known: set[tuple[str | None, str]] = set()
    found = set()
    for answer in answers:
        if answer.text and same(answer) in known and answer.ask not in called | refused:
            if answer.mode not in of_trouble and answer.ask is not None:
                found.add(answer.ask)
        elif answer.mode == run.best_mode and answer.ask in called:
            known.add(same(answer))
    return frozenset(found)
