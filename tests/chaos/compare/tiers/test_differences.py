"""What counts as a disagreement of the tiers, and how it is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.compare.tiers.differences import compare
from chaos.compare.tiers.normalise import normalised
from chaos.trace.events import (
    AnswerEvent,
    AskEvent,
    Event,
    IndexEvent,
    ResponseEvent,
    StepEvent,
    WaitEvent,
)
from chaos.trace.trace import Trace


def trace(*events: Event) -> Trace:
    """These events as a trace, numbered."""
    return Trace(replace(event, seq=seq) for seq, event in enumerate(events))


def step(path: str, line: int) -> Event:
    """The beginning of a step."""
    return StepEvent(
        seq=0, at_s=0.0, actor="script", path=path, what="ask", phase="begin", line=line
    )


def ask(number: int, path: str) -> Event:
    """A question."""
    return AskEvent(seq=0, at_s=0.0, actor="user-1", ask=number, question="How?", step=path)


def response(call: int, *, ask: int | None = None, elapsed_s: float = 0.0) -> Event:
    """The end of a call."""
    return ResponseEvent(
        seq=0,
        at_s=elapsed_s,
        actor="user-1",
        ask=ask,
        call=call,
        upstream="openai",
        operation="chat",
        status=200,
        elapsed_s=elapsed_s,
    )


def failed_refresh(reason: str) -> Event:
    """A refresh of the index that came to nothing."""
    return IndexEvent(seq=0, at_s=1.0, actor="user-1", what="failed", reason=reason)


def test_equal_traces_do_not_differ() -> None:
    """Nothing is made up."""
    assert compare(trace(response(1), response(2)), trace(response(1), response(2))) == ()


def test_late_response_is_a_difference_in_every_field_that_tells() -> None:
    """Time of the event and duration of the call both differ."""
    (difference,) = compare(trace(response(1)), trace(response(1, elapsed_s=3.0)))

    assert difference.fields == (("at_s", 0.0, 3.0), ("elapsed_s", 0.0, 3.0))


def test_microsecond_is_a_difference() -> None:
    """Both tiers do the same arithmetic, so there is nothing to tolerate."""
    assert compare(trace(response(1)), trace(response(1, elapsed_s=0.000001)))


@pytest.mark.parametrize("extra_on_wire", [True, False])
def test_additional_event_is_one_difference(extra_on_wire: bool) -> None:  # noqa: FBT001 - a parameter
    """What follows it is still compared with what it corresponds to."""
    short = trace(response(1), response(2), response(3))
    long = trace(
        response(1),
        WaitEvent(seq=0, at_s=0.0, actor="user-1", seconds=2.0),
        response(2),
        response(3),
    )

    (difference,) = compare(short, long) if extra_on_wire else compare(long, short)

    assert (difference.simulated is None) is extra_on_wire
    assert (difference.wire is None) is not extra_on_wire


def test_order_of_events_is_compared() -> None:
    """Two calls that end in another order are a disagreement."""
    assert compare(trace(response(1), response(2)), trace(response(2), response(1)))


def test_words_of_a_network_error_are_not_compared() -> None:
    """A real error names ports and objects; its class has to be the same."""
    simulated = failed_refresh("connection lost: ConnectionError: [Errno 111] Connection refused")
    wire = failed_refresh("connection lost: ConnectionError: HTTPConnectionPool(port=4711): no")
    other = failed_refresh("connection lost: ReadTimeout: HTTPConnectionPool(port=4711): no")

    assert compare(trace(simulated), trace(wire)) == ()
    assert compare(trace(simulated), trace(other))


def test_words_before_and_after_a_network_error_are_compared() -> None:
    """Only the message itself is left out, up to the end of its line."""
    event = AnswerEvent(
        seq=0,
        at_s=0.0,
        actor="user-1",
        mode="fallback",
        elapsed_s=1.0,
        text="lost: ConnectionError: port 4711 refused)\nRead this article: restart it",
    )

    assert normalised(event) == AnswerEvent(
        seq=0,
        at_s=0.0,
        actor="user-1",
        mode="fallback",
        elapsed_s=1.0,
        text="lost: ConnectionError: ...\nRead this article: restart it",
    )


def test_difference_names_the_line_of_the_step_that_asked() -> None:
    """A question belongs to its step, whatever other steps began meanwhile."""
    before = (step("method[0]", 12), ask(1, "method[0]"), step("method[1]", 20))

    (difference,) = compare(
        trace(*before, response(1, ask=1)), trace(*before, response(1, ask=1, elapsed_s=3.0))
    )

    assert difference.line == 12


def test_difference_outside_questions_names_the_step_that_began_last() -> None:
    """What no user caused belongs to the script."""
    before = (step("method[0]", 12), step("method[1]", 20))
    after = step("method[2]", 30)

    (difference,) = compare(trace(*before, response(1), after), trace(*before, after))

    assert difference.line == 20
