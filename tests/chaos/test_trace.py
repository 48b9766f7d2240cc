"""Traces: written, read back, named by a digest, told in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chaos.trace.events import (
    EVENT_TYPES,
    AnswerEvent,
    BreakerEvent,
    Event,
    FaultEvent,
    GivenUpEvent,
    ResponseEvent,
    WaitEvent,
)
from chaos.trace.ndjson import digest, dump, load
from chaos.trace.recorder import TraceRecorder
from chaos.trace.text import describe
from chaos.trace.trace import Trace

EVENTS = (
    AnswerEvent(
        seq=0, at_s=6.5, actor="user-1", ask=1, mode="fallback", elapsed_s=6.5, sources=("vpn",)
    ),
    ResponseEvent(
        seq=1,
        at_s=7.0,
        actor="user-1",
        ask=2,
        call=1,
        upstream="openai",
        operation="chat.completions",
        status=429,
        retry_after_s=7.0,
        faults=("limit",),
        detail=(("code", "rate_limit_exceeded"), ("whole", True)),
    ),
    FaultEvent(seq=2, at_s=8.0, actor="script", fault="limit", what="healed", by="method[3]"),
)


def test_trace_survives_being_written_and_read() -> None:
    """What is read equals what was written, nested tuples included."""
    assert tuple(load(dump(EVENTS))) == EVENTS


def test_digest_tells_the_smallest_difference() -> None:
    """One microsecond makes another trace."""
    later = dataclasses.replace(EVENTS[2], at_s=8.000001)

    assert digest(EVENTS) == digest(EVENTS)
    assert digest((*EVENTS[:2], later)) != digest(EVENTS)


@pytest.mark.parametrize(
    "line", ["", "{}", '{"kind":"nonsense"}', '{"kind":"wait","seq":0}', "[1]", "{"]
)
def test_trace_that_is_none_is_refused_with_its_line(line: str) -> None:
    """A damaged file names the line, whatever is wrong with it."""
    with pytest.raises(ValueError, match="line 2 is not an event"):
        load(dump(EVENTS[:1]) + line + "\n")


def test_recorder_fills_in_who_and_when() -> None:
    """Position, time, actor and question come from the context; the actor may be overridden."""
    recorder = TraceRecorder(lambda: (1.23456789, "user-1", 4))

    recorder.record(WaitEvent, seconds=2.0)
    recorder.record(WaitEvent, seconds=2.0, actor="script", ask=None)

    assert recorder.trace[0] == WaitEvent(seq=0, at_s=1.234568, actor="user-1", ask=4, seconds=2.0)
    assert recorder.trace[1].seq == 1
    assert (recorder.trace[1].actor, recorder.trace[1].ask) == ("script", None)


def test_trace_slices_and_selects() -> None:
    """A part of a trace is a trace; events are found by type."""
    trace = Trace(EVENTS)

    assert list(trace[1:]) == list(EVENTS[1:])
    assert trace.of(FaultEvent) == [EVENTS[2]]
    assert trace.of(FaultEvent, AnswerEvent) == [EVENTS[0], EVENTS[2]]


@pytest.mark.parametrize(
    ("by", "said"),
    [("method[3]", "healed by method[3]"), ("for 1h", "healed after 1h"), ("", "healed")],
    ids=["by a step", "by itself", "by nobody"],
)
def test_healing_says_why(by: str, said: str) -> None:
    """A fault ends because a step heals it, or because its time is over."""
    line = describe(dataclasses.replace(EVENTS[2], by=by))

    assert line.endswith(f"fault limit {said}")


@pytest.mark.parametrize(
    ("reason", "cause", "said"),
    [
        ("not_retryable", "HTTP 400", "another would not help: HTTP 400"),
        ("attempts_used", "HTTP 503", "no more are allowed: HTTP 503"),
        ("no_time_left", "", "another would come too late"),
        ("budget spent", "", "budget spent"),
    ],
)
def test_giving_up_says_why(reason: Any, cause: str, said: str) -> None:
    """In words for the reasons that are known; a service may have others."""
    event = GivenUpEvent(
        seq=0, at_s=7.0, actor="user-1", upstream="openai", attempt=3, reason=reason, cause=cause
    )

    assert describe(event).endswith(f"gives up on openai after attempt 3, {said}")


def test_event_is_one_line_whatever_the_service_says() -> None:
    """Errors of libraries may have several."""
    answer = AnswerEvent(
        seq=0,
        at_s=0.0,
        actor="user-1",
        ask=1,
        mode="error",
        elapsed_s=0.0,
        error="Sick: 503\nSee x",
    )

    assert describe(answer).endswith("error after 0ms: Sick: 503 See x")


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_every_kind_of_event_has_words_of_its_own(kind: type[Event]) -> None:
    """No event falls back to its bare kind."""
    required = {
        field.name: {"str": "x", "int": 1, "float": 1.0}.get(str(field.type), "served")
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING
    }
    if kind is BreakerEvent:
        required["what"] = "refused"

    line = describe(kind(**required))  # type: ignore[arg-type] # filled in by type name

    assert line.split(maxsplit=2)[2] != kind.kind


def test_trace_keeps_what_was_said_with_separators_of_lines() -> None:
    """JSON leaves U+2028 and U+0085 as they are, and a line of a trace does not end there."""
    what = "a\u2028b\x85c"
    said = Trace(
        [AnswerEvent(seq=0, at_s=0.0, actor="u", ask=1, mode="llm", elapsed_s=0.0, text=what)]
    )

    assert list(load(dump(said))) == list(said)
