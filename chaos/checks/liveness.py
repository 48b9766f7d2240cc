"""Judges ``eventually`` and ``leads_to``: whether what has to happen did, and in time.

What is not over yet is not judged: if the run ends before the time is up, and nothing has happened
so far, the expectation is inconclusive, and says how much longer the run has to last.
"""

from __future__ import annotations

from chaos.checks.measure import Window
from chaos.scenario.expectations import Expectation
from chaos.scenario.liveness import FAULT, Eventually, LeadsTo, Moment
from chaos.trace.events import AnswerEvent, BreakerEvent, Event, FaultEvent, IndexEvent
from chaos.units import format_duration
from chaos.verdict import Outcome, Verdict

_TICK_S = 2e-6


def judge(
    expectation: Expectation, promise: Eventually | LeadsTo, window: Window, where: str
) -> Verdict:
    """Conclude on one expectation over what the window shows."""
    judging = _Judging(expectation, promise.describe(), window, where)
    if isinstance(promise, Eventually):
        return judging.eventually(promise)
    return judging.leads_to(promise)


class _Judging:
    def __init__(
        self, expectation: Expectation, expected: str, window: Window, where: str
    ) -> None:
        self._check = f"{where} {expectation.key}"
        self._line = expectation.location.line or None
        self._expected = expected
        self._events = window.events()
        self._now_s = window.trace[-1].at_s if len(window.trace) else 0.0

    def eventually(self, promise: Eventually) -> Verdict:
        """The moment comes in time after the last heal, or after the beginning."""
        healed = [
            event
            for event in self._events
            if isinstance(event, FaultEvent) and event.what == "healed"
        ]
        begin = healed[-1] if healed else next(iter(self._events), None)
        if begin is None:
            return self._open("nothing happened")
        since = "the last heal" if healed else "the beginning"
        return self._after(begin, promise.moment, promise.within_s, since) or self._verdict(
            Outcome.PASSED, f"it happened within {format_duration(promise.within_s)} of {since}"
        )

    def leads_to(self, promise: LeadsTo) -> Verdict:
        """Each moment of one sort is followed by one of the other in time."""
        began = [event for event in self._events if _is(promise.when, event)]
        if not began:
            return self._open(f"{promise.when.describe()} never happened")
        for event in began:
            since = f"{promise.when.describe()} at {event.at_s:g}s"
            late = self._after(event, promise.then, promise.within_s, since)
            if late is not None:
                return late
        return self._verdict(Outcome.PASSED, f"{len(began)} of {len(began)} followed in time")

    def _after(self, begin: Event, moment: Moment, within_s: float, since: str) -> Verdict | None:
        """None if the moment comes in time after ``begin``."""
        due_s = begin.at_s + within_s
        came = next((e for e in self._events if e.seq > begin.seq and _is(moment, e)), None)
        if came is not None and came.at_s <= due_s + _TICK_S:
            return None
        if came is None and self._now_s < due_s - _TICK_S:
            left = format_duration(due_s - self._now_s)
            return self._open(
                f"it has not happened since {since}, and the run ends {left} before the limit"
            )
        seen = f"after {format_duration(came.at_s - begin.at_s)}" if came else "never"
        return self._verdict(
            Outcome.FAILED,
            f"{moment.describe()} did not happen within {format_duration(within_s)} of {since}",
            seen=seen,
            evidence=(begin, came) if came else (begin,),
        )

    def _open(self, reason: str) -> Verdict:
        return self._verdict(Outcome.INCONCLUSIVE, f"nothing to judge: {reason}")

    def _verdict(
        self, outcome: Outcome, reason: str, seen: str = "", evidence: tuple[Event, ...] = ()
    ) -> Verdict:
        return Verdict(
            check=self._check,
            outcome=outcome,
            reason=reason,
            expected=self._expected,
            seen=seen,
            line=self._line,
            evidence=tuple(event.seq for event in evidence),
        )


def _is(moment: Moment, event: Event) -> bool:
    """Whether the event is such a moment."""
    return all(
        shown and tolerance.accepts(value)
        for key, tolerance in moment.claims
        for shown, value in (_shown(key, event),)
    )


def _shown(key: str, event: Event) -> tuple[bool, object]:
    """Whether an event shows the key, and its value."""
    first, _, rest = key.partition(".")
    match event:
        case AnswerEvent() if first == "answer":
            return True, getattr(event, "elapsed_s" if rest == "elapsed" else rest)
        case FaultEvent() if key == FAULT:
            return True, event.what
        case IndexEvent(what="served") if key == "index.state":
            return True, event.state
        case BreakerEvent(what="transition") if key == f"{event.upstream}.breaker.state":
            return True, event.state
        case _:
            return False, None
