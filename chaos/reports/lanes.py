"""A trace as lanes to draw: who did what from when to when, without any idea of pixels.

Both timelines are made from it, the one in the HTML report and the one for Perfetto.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from chaos.reports.bands import bands
from chaos.reports.lane import Item, Lane, bar, in_order, mark, packed
from chaos.trace.events import (
    NO_STATUS,
    ActionEvent,
    AnswerEvent,
    AskEvent,
    BreakerEvent,
    ClockEvent,
    FaultEvent,
    GivenUpEvent,
    IndexEvent,
    RequestEvent,
    ResponseEvent,
    StepEvent,
    WaitEvent,
)
from chaos.trace.trace import Trace
from chaos.units import format_duration


def look_of(mode: str, best_mode: str) -> str:
    """How an answer is drawn: ``good``, ``lesser`` or ``error``; ``answered`` if nobody can tell.

    Example:
        >>> look_of("told", "told"), look_of("guessed", "told"), look_of("guessed", "")
        ('good', 'lesser', 'answered')
    """
    if mode == "error":
        return "error"
    if not best_mode:
        return "answered"
    return "good" if mode == best_mode else "lesser"


def lanes(trace: Trace, best_mode: str = "") -> list[Lane]:
    """Every lane that has something on it, from the script down to the service's state.

    Args:
        trace: What happened.
        best_mode: How the target answers while all is well; empty if that is not known.

    Example:
        >>> wait = WaitEvent(seq=0, at_s=1.0, actor="user-1", ask=1, seconds=2.0)
        >>> [lane.label for lane in lanes(Trace([wait]))]
        ['user-1']
    """
    if not len(trace):
        return []
    drawing = _Drawing(trace, best_mode)
    return [
        *drawing.steps(),
        *drawing.faults(),
        *drawing.users(),
        *drawing.calls(),
        *drawing.breakers(),
        *drawing.index(),
    ]


class _Drawing:
    """One trace while its lanes are made."""

    def __init__(self, trace: Trace, best_mode: str) -> None:
        self._trace = trace
        self._best_mode = best_mode
        self._end = trace[-1]
        self._next = _followers(trace)

    def steps(self) -> Iterator[Lane]:
        begun: dict[str, StepEvent] = {}
        bars: list[Item] = []
        for event in self._trace:
            if isinstance(event, StepEvent):
                if event.phase == "begin":
                    begun[event.path] = event
                elif (first := begun.pop(event.path, None)) is not None:
                    bars.append(bar(first, event, "step", first.what))
            elif isinstance(event, ActionEvent):
                bars.append(mark(event, "action", event.action))
            elif isinstance(event, ClockEvent):
                bars.append(mark(event, "clock", f"clock {format_duration(event.step_s)}"))
        bars += [bar(first, self._end, "step", first.what) for first in begun.values()]
        yield from packed("steps", "script", ([each] for each in bars))

    def faults(self) -> Iterator[Lane]:
        by_fault: dict[str, list[Item]] = {}
        armed: dict[str, FaultEvent] = {}
        for event in self._trace.of(FaultEvent):
            items = by_fault.setdefault(event.fault, [])
            if event.what == "injected":
                armed[event.fault] = event
            elif event.what == "touched":
                items.append(mark(event, "touched"))
            elif (first := armed.pop(event.fault, None)) is not None:
                items.append(bar(first, event, "fault", event.fault))
        for fault, first in armed.items():
            by_fault[fault].append(bar(first, self._end, "fault", fault))
        for fault, items in by_fault.items():
            yield Lane(group="faults", label=fault, items=in_order(items))

    def users(self) -> Iterator[Lane]:
        by_actor: dict[str, list[Item]] = {}
        asked: dict[int | None, AskEvent] = {}
        for event in self._trace:
            if isinstance(event, AskEvent):
                asked[event.ask] = event
            elif isinstance(event, AnswerEvent) and event.ask in asked:
                first = asked.pop(event.ask)
                look = look_of(event.mode, self._best_mode)
                items = by_actor.setdefault(first.actor, [])
                items.append(bar(first, event, look, f"#{event.ask} {event.mode}"))
                if event.stale:
                    items.append(mark(event, "stale", "stale"))
            elif isinstance(event, WaitEvent) and event.upstream is None:
                by_actor.setdefault(event.actor, []).append(self._wait(event))
        for first in asked.values():
            item = bar(first, self._end, "unanswered", f"#{first.ask} unanswered")
            by_actor.setdefault(first.actor, []).append(item)
        for actor, items in sorted(by_actor.items(), key=lambda each: _natural(each[0])):
            yield Lane(group="users", label=actor, items=in_order(items))

    def calls(self) -> Iterator[Lane]:
        ended = {event.call: event for event in self._trace.of(ResponseEvent)}
        # The calls and waits of one question stay in one row, so that a retry reads as one line.
        rows: dict[str, dict[tuple[str, int | None], list[Item]]] = defaultdict(dict)
        for event in self._trace:
            if isinstance(event, RequestEvent):
                row = rows[event.upstream].setdefault((event.actor, event.ask), [])
                row.append(self._call(event, ended.get(event.call)))
            elif isinstance(event, WaitEvent) and event.upstream is not None:
                row = rows[event.upstream].setdefault((event.actor, event.ask), [])
                row.append(self._wait(event))
            elif isinstance(event, GivenUpEvent):
                row = rows[event.upstream].setdefault((event.actor, event.ask), [])
                row.append(mark(event, "given_up", "given up"))
        for upstream, groups in rows.items():
            yield from packed("calls", upstream, groups.values())

    def breakers(self) -> Iterator[Lane]:
        by_upstream: dict[str, list[BreakerEvent]] = defaultdict(list)
        for event in self._trace.of(BreakerEvent):
            by_upstream[event.upstream].append(event)
        for upstream, events in by_upstream.items():
            states = [(event, event.old, event.state) for event in events]
            items = [
                bar(self._trace[band.first], self._trace[band.last], band.state, band.state)
                for band in bands(states, last=self._end.seq)
            ]
            for event in events:
                if event.what == "refused":
                    items.append(mark(event, "refused"))
                elif event.what == "settled" and event.outcome == "failure" and event.counted:
                    items.append(mark(event, "counted", str(event.failures or "")))
            yield Lane(group="breaker", label=f"{upstream} breaker", items=in_order(items))

    def index(self) -> Iterator[Lane]:
        events = self._trace.of(IndexEvent)
        if not events:
            return
        # Only what is served tells the state; a refresh tells what it did.
        states = [(event, None, event.state or "") for event in events if event.what == "served"]
        items = [
            bar(self._trace[band.first], self._trace[band.last], band.state, band.state)
            for band in bands(states, last=self._end.seq)
        ]
        told = (event for event in events if event.what != "served")
        items += [mark(event, event.what, event.what) for event in told]
        yield Lane(group="index", label="index", items=in_order(items))

    def _call(self, request: RequestEvent, response: ResponseEvent | None) -> Item:
        if response is None:
            return bar(request, self._end, "lost", "no end")
        came = "answered" if response.status == NO_STATUS else str(response.status)
        return bar(request, response, _look(response), response.error or came)

    def _wait(self, event: WaitEvent) -> Item:
        after = self._trace[self._next.get(event.seq, event.seq)]
        item = bar(event, after, "wait", format_duration(round(event.seconds, 3)))
        return replace(item, end_s=event.at_s + event.seconds)


def _look(response: ResponseEvent) -> str:
    status = response.status
    if status is None or response.error is not None:
        return "lost"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "limited"
    if status >= HTTPStatus.BAD_REQUEST:
        return "client"
    # An answer that a fault bent looks well by its status alone.
    return "bent" if response.faults else "ok"


def _followers(trace: Trace) -> dict[int, int]:
    """For each event, the next one of the same actor and question: what a wait ends with."""
    followers: dict[int, int] = {}
    before: dict[tuple[str, int | None], int] = {}
    for event in trace:
        owner = (event.actor, event.ask)
        if owner in before:
            followers[before[owner]] = event.seq
        before[owner] = event.seq
    return followers


def _natural(name: str) -> tuple[str, int]:
    """Sort user-2 before user-10."""
    words, _, number = name.rpartition("-")
    return (words, int(number)) if number.isdigit() else (name, 0)
