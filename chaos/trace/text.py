"""Events as lines for people."""

from __future__ import annotations

from functools import singledispatch

from chaos.trace.events import (
    NO_STATUS,
    ActionEvent,
    AnswerEvent,
    AskEvent,
    BreakerEvent,
    ClockEvent,
    Event,
    FaultEvent,
    GivenUpEvent,
    IndexEvent,
    MishapEvent,
    ObservationEvent,
    RequestEvent,
    ResponseEvent,
    StepEvent,
    WaitEvent,
)
from chaos.units import format_duration


def describe(event: Event) -> str:
    """One event as a line: virtual time, actor, and what happened.

    Example:
        >>> describe(WaitEvent(seq=0, at_s=15.0, actor="user-1", seconds=2.5, upstream="openai"))
        '    15.000s  user-1       waits 2.5s before openai is called again'
    """
    # What a service says of an error may have lines of its own.
    what = " ".join(_what(event).splitlines())
    return f"{event.at_s:10.3f}s  {event.actor:<12} {what}"


_GIVEN_UP = {
    "not_retryable": "another would not help",
    "attempts_used": "no more are allowed",
    "no_time_left": "another would come too late",
}


@singledispatch
def _what(event: Event) -> str:
    return event.kind


@_what.register
def _(event: StepEvent) -> str:
    return f"{event.path} {'begins' if event.phase == 'begin' else 'ends'}: {event.what}"


@_what.register
def _(event: AskEvent) -> str:
    return f"asks #{event.ask}: {event.question}"


@_what.register
def _(event: AnswerEvent) -> str:
    extras = [word for word in (event.reason, "stale" if event.stale else None) if word]
    more = f" ({', '.join(extras)})" if extras else ""
    failed = f": {event.error}" if event.error else ""
    took = format_duration(event.elapsed_s)
    return f"answer to #{event.ask}: {event.mode}{more} after {took}{failed}"


@_what.register
def _(event: RequestEvent) -> str:
    what = f" {event.object}" if event.object else ""
    return f"-> {event.upstream} {event.operation}{what} (call {event.call})"


@_what.register
def _(event: ResponseEvent) -> str:
    came = event.error or ("answered" if event.status == NO_STATUS else str(event.status))
    wait = "" if event.retry_after_s is None else f", retry after {event.retry_after_s:g}s"
    fault = f" [{', '.join(event.faults)}]" if event.faults else ""
    took = format_duration(event.elapsed_s)
    return f"<- {event.upstream} {came} after {took}{wait} (call {event.call}){fault}"


@_what.register
def _(event: FaultEvent) -> str:
    if event.what == "touched":
        what = "open connections" if event.call is None else f"call {event.call}"
        return f"fault {event.fault} touches {what}"
    match (event.by or "").partition(" "):
        case ("for", _, lasted):  # It healed by itself.
            return f"fault {event.fault} healed after {lasted}"
        case _:
            return f"fault {event.fault} {event.what}" + (f" by {event.by}" if event.by else "")


@_what.register
def _(event: WaitEvent) -> str:
    target = f" before {event.upstream} is called again" if event.upstream else ""
    return f"waits {format_duration(event.seconds)}{target}"


@_what.register
def _(event: GivenUpEvent) -> str:
    cause = f": {event.cause}" if event.cause else ""
    why = _GIVEN_UP.get(event.reason, event.reason)
    return f"gives up on {event.upstream} after attempt {event.attempt}, {why}{cause}"


@_what.register
def _(event: BreakerEvent) -> str:
    match event.what:
        case "transition":
            return f"breaker {event.upstream}: {event.old} -> {event.state}"
        case "refused":
            wait = format_duration(event.retry_after_s or 0.0)
            return f"breaker {event.upstream} refuses a call, retry after {wait}"
        case "granted":
            return f"breaker {event.upstream} grants permit {event.permit} ({event.state})"
        case "settled":
            late = "" if event.counted else ", too late to count"
            return f"breaker {event.upstream}: permit {event.permit} {event.outcome}{late}"


@_what.register
def _(event: IndexEvent) -> str:
    facts = [
        event.state,
        f"generation {event.generation}" if event.generation else None,
        f"age {format_duration(event.age_s)}" if event.age_s is not None else None,
        event.reason,
    ]
    return f"index {event.what}: " + ", ".join(fact for fact in facts if fact)


@_what.register
def _(event: ClockEvent) -> str:
    return f"the wall clock jumps by {format_duration(event.step_s)}"


@_what.register
def _(event: ActionEvent) -> str:
    facts = ", ".join(f"{key}={value}" for key, value in event.detail)
    return event.action + (f" ({facts})" if facts else "")


@_what.register
def _(event: MishapEvent) -> str:
    if event.what == "blocked":
        return f"{event.how} blocked its event loop for {format_duration(event.seconds)}"
    return event.how


@_what.register
def _(event: ObservationEvent) -> str:
    return f"{event.key} is {event.value}"
