"""Compares the trace of the simulated tier with the trace of the wire tier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from difflib import SequenceMatcher

from chaos.compare.tiers.normalise import normalised
from chaos.trace.events import AskEvent, Event, StepEvent
from chaos.trace.ndjson import dump_event
from chaos.trace.trace import Trace

_ABOUT = ("actor", "ask", "upstream", "operation", "object", "fault", "what", "path", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDifference:
    """One event on which the tiers do not agree.

    Attributes:
        simulated: What happened in the simulated tier; None if nothing corresponds.
        wire: What happened in the wire tier; None if nothing corresponds.
        fields: What differs, if both are there: name, simulated, wire.
        line: Line of the scenario whose step it belongs to, from 1; None if that is not known.
    """

    simulated: Event | None
    wire: Event | None
    fields: tuple[tuple[str, object, object], ...] = ()
    line: int | None = None


def compare(simulated: Trace, wire: Trace) -> tuple[EventDifference, ...]:
    """Everything on which the tiers do not agree, in order; empty when they do.

    Traces are compared event for event; `chaos.compare.tiers.normalise` says what is not compared.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> def waits(seconds: float) -> Trace:
        ...     return Trace([WaitEvent(seq=0, at_s=1.0, actor="user-1", seconds=seconds)])
        >>> compare(waits(2.0), waits(2.0))
        ()
        >>> compare(waits(2.0), waits(4.0))[0].fields
        (('seconds', 2.0, 4.0),)
    """
    return tuple(
        _difference(one, other, simulated, wire)
        for before, after in _unequal(simulated, wire)
        for one, other in _paired(before, after)
    )


def _unequal(simulated: Trace, wire: Trace) -> Iterator[tuple[Trace, Trace]]:
    """The stretches in which the traces differ, each with what the other has in its place."""
    ours, theirs = (
        [dump_event(normalised(event)) for event in trace] for trace in (simulated, wire)
    )
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield simulated[i1:i2], wire[j1:j2]


def _paired(simulated: Trace, wire: Trace) -> Iterator[tuple[Event | None, Event | None]]:
    """Each event of a stretch with the one that corresponds to it, if there is one."""
    matcher = SequenceMatcher(None, [*map(_gist, simulated)], [*map(_gist, wire)], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(simulated[i1:i2], wire[j1:j2], strict=True)
        else:
            yield from ((event, None) for event in simulated[i1:i2])
            yield from ((None, event) for event in wire[j1:j2])


def _gist(event: Event) -> tuple[object, ...]:
    """What an event is about; two with the same gist correspond, even if they differ."""
    return (event.kind, *(getattr(event, name, None) for name in _ABOUT))


def _difference(
    one: Event | None, other: Event | None, simulated: Trace, wire: Trace
) -> EventDifference:
    line = _line(one, simulated) if one is not None else None
    line = _line(other, wire) if line is None and other is not None else line
    return EventDifference(simulated=one, wire=other, fields=tuple(_fields(one, other)), line=line)


def _fields(one: Event | None, other: Event | None) -> Iterator[tuple[str, object, object]]:
    if one is None or other is None:
        return
    was, now = normalised(one), normalised(other)
    for field in fields(was):
        if getattr(was, field.name) != getattr(now, field.name):
            yield field.name, getattr(one, field.name), getattr(other, field.name)


def _line(event: Event, trace: Trace) -> int | None:
    """Line of the step that asked the question, or else of the step that had begun last."""
    paths = {ask.ask: ask.step for ask in trace.of(AskEvent)}
    path = paths.get(event.ask) if event.ask is not None else None
    line = None
    for step in trace.of(StepEvent):
        if path is None and step.seq > event.seq:
            break
        if step.phase == "begin" and (path is None or step.path == path):
            line = step.line
    return line
