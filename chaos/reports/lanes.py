"""A trace as lanes to draw: who did what from when to when, without any idea of pixels.

Both timelines are made from it, the one in the HTML report and the one for Perfetto.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus

from chaos.reports.bands import bands
from chaos.trace.events import (
    ActionEvent,
    AnswerEvent,
    AskEvent,
    BreakerEvent,
    ClockEvent,
    Event,
    FaultEvent,
    IndexEvent,
    RequestEvent,
    ResponseEvent,
    StepEvent,
    WaitEvent,
)
from chaos.trace.trace import Trace
from chaos.units import format_duration

_ANSWERS = {"llm": "good", "fallback": "fallback", "error": "error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something on a lane: a bar from one event to another, or a mark at one.

    Attributes:
        first: Sequence number of the event it begins with.
        last: Of the event it ends with; the same for a mark.
        begin_s: When it begins, in virtual seconds.
        end_s: When it ends; a bar may begin and end at one moment.
        look: A word for its colour: ``good``, ``wait``, ``open``, …
        label: Words for inside the bar; may be empty.
        is_mark: Whether it is a moment rather than a stretch of time.
    """

    first: int
    last: int
    begin_s: float
    end_s: float
    look: str
    label: str = ""
    is_mark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A row of items; its bars do not overlap, unless one lies within another.

    Attributes:
        group: What sort of lane it is: ``steps``, ``faults``, ``users``, ``calls``, ``breaker``
            or ``index``.
        label: Whose it is; empty where it goes on from the lane before.
    """

    group: str
    label: str
    items: tuple[Item, ...]


def lanes(trace: Trace) -> list[Lane]:
    """Every lane that has something on it, from the script down to the service's state.

    Example:
        >>> wait = WaitEvent(seq=0, at_s=1.0, actor="user-1", ask=1, seconds=2.0)
        >>> [lane.label for lane in lanes(Trace([wait]))]
        ['user-1']
    """
    if not len(trace):
        return []
    drawing = _Drawing(trace)
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

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
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
                    bars.append(_bar(first, event, "step", first.what))
            elif isinstance(event, ActionEvent):
                bars.append(_mark(event, "action", event.action))
            elif isinstance(event, ClockEvent):
                bars.append(_mark(event, "clock", f"clock {format_duration(event.step_s)}"))
        bars += [_bar(first, self._end, "step", first.what) for first in begun.values()]
        yield from _packed("steps", "script", ([bar] for bar in bars))

    def faults(self) -> Iterator[Lane]:
        by_fault: dict[str, list[Item]] = {}
        armed: dict[str, FaultEvent] = {}
        for event in self._trace.of(FaultEvent):
            items = by_fault.setdefault(event.fault, [])
            if event.what == "injected":
                armed[event.fault] = event
            elif event.what == "touched":
                items.append(_mark(event, "touched"))
            elif (first := armed.pop(event.fault, None)) is not None:
                items.append(_bar(first, event, "fault", event.fault))
        for fault, first in armed.items():
            by_fault[fault].append(_bar(first, self._end, "fault", fault))
        for fault, items in by_fault.items():
            yield Lane(group="faults", label=fault, items=_in_order(items))

    def users(self) -> Iterator[Lane]:
        by_actor: dict[str, list[Item]] = {}
        asked: dict[int | None, AskEvent] = {}
        for event in self._trace:
            if isinstance(event, AskEvent):
                asked[event.ask] = event
            elif isinstance(event, AnswerEvent) and event.ask in asked:
                first = asked.pop(event.ask)
                look = _ANSWERS.get(event.mode, "answered")
                items = by_actor.setdefault(first.actor, [])
                items.append(_bar(first, event, look, f"#{event.ask} {event.mode}"))
                if event.stale:
                    items.append(_mark(event, "stale", "stale"))
            elif isinstance(event, WaitEvent) and event.upstream is None:
                by_actor.setdefault(event.actor, []).append(self._wait(event))
        for first in asked.values():
            bar = _bar(first, self._end, "unanswered", f"#{first.ask} unanswered")
            by_actor.setdefault(first.actor, []).append(bar)
        for actor, items in sorted(by_actor.items(), key=lambda each: _natural(each[0])):
            yield Lane(group="users", label=actor, items=_in_order(items))

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
        for upstream, groups in rows.items():
            yield from _packed("calls", upstream, groups.values())

    def breakers(self) -> Iterator[Lane]:
        by_upstream: dict[str, list[BreakerEvent]] = defaultdict(list)
        for event in self._trace.of(BreakerEvent):
            by_upstream[event.upstream].append(event)
        for upstream, events in by_upstream.items():
            states = [(event, event.old, event.state) for event in events]
            items = [
                _bar(self._trace[band.first], self._trace[band.last], band.state, band.state)
                for band in bands(states, last=self._end.seq)
            ]
            for event in events:
                if event.what == "refused":
                    items.append(_mark(event, "refused"))
                elif event.what == "settled" and event.outcome == "failure" and event.counted:
                    items.append(_mark(event, "counted", str(event.failures or "")))
            yield Lane(group="breaker", label=f"{upstream} breaker", items=_in_order(items))

    def index(self) -> Iterator[Lane]:
        events = self._trace.of(IndexEvent)
        if not events:
            return
        # Only what is served tells the state; a refresh tells what it did.
        states = [(event, None, event.state or "") for event in events if event.what == "served"]
        items = [
            _bar(self._trace[band.first], self._trace[band.last], band.state, band.state)
            for band in bands(states, last=self._end.seq)
        ]
        told = (event for event in events if event.what != "served")
        items += [_mark(event, event.what, event.what) for event in told]
        yield Lane(group="index", label="index", items=_in_order(items))

    def _call(self, request: RequestEvent, response: ResponseEvent | None) -> Item:
        if response is None:
            return _bar(request, self._end, "lost", "no end")
        return _bar(request, response, _look(response), response.error or str(response.status))

    def _wait(self, event: WaitEvent) -> Item:
        after = self._trace[self._next.get(event.seq, event.seq)]
        bar = _bar(event, after, "wait", format_duration(round(event.seconds, 3)))
        return replace(bar, end_s=event.at_s + event.seconds)


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


def _packed(group: str, label: str, rows: Iterable[Iterable[Item]]) -> Iterator[Lane]:
    """Rows in as few lanes as they fit in without overlap, the earliest on top."""
    packed: list[list[Item]] = []
    for row in sorted(map(_in_order, rows), key=lambda row: row[0].first):
        for lane in packed:
            if max(item.last for item in lane) < row[0].first:
                lane.extend(row)
                break
        else:
            packed.append(list(row))
    for number, lane in enumerate(packed):
        yield Lane(group=group, label="" if number else label, items=tuple(lane))


def _in_order(items: Iterable[Item]) -> tuple[Item, ...]:
    # Bars before the marks that lie on them: what is drawn later lies on top.
    return tuple(sorted(items, key=lambda item: (item.is_mark, item.first)))


def _bar(first: Event, last: Event, look: str, label: str = "") -> Item:
    return Item(
        first=first.seq,
        last=last.seq,
        begin_s=first.at_s,
        end_s=last.at_s,
        look=look,
        label=label,
    )


def _mark(event: Event, look: str, label: str = "") -> Item:
    return replace(_bar(event, event, look, label), is_mark=True)


def _natural(name: str) -> tuple[str, int]:
    """Sort user-2 before user-10."""
    words, _, number = name.rpartition("-")
    return (words, int(number)) if number.isdigit() else (name, 0)
