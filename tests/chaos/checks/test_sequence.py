"""Breaker events that were reported late, put where they happened."""

from __future__ import annotations

from typing import Any

from chaos.checks.laws.breaker_replay import BreakerFollowsTheModel
from chaos.checks.laws.breakers import NoCallWhileOpen
from chaos.checks.laws.sequence import in_sequence
from chaos.checks.record import RunRecord
from chaos.ports import BreakerPolicy, Promises
from chaos.scenario.model import Ask, AskStep, Scenario
from chaos.trace.events import BreakerEvent, Event, RequestEvent
from chaos.trace.ndjson import dump_event
from chaos.trace.trace import Trace
from chaos.verdict import Outcome

PROMISED = Promises(breakers={"openai": BreakerPolicy(failure_threshold=1, recovery_timeout_s=60)})


def breaker(seq: int, ask: int, what: str, sequence: int | None, **more: Any) -> BreakerEvent:
    """Something that a breaker reported."""
    said = {"what": what, "state": "closed", "upstream": "openai", **more}
    return BreakerEvent(seq=seq, at_s=0.0, actor=f"user-{ask}", ask=ask, sequence=sequence, **said)


def request(seq: int, ask: int) -> RequestEvent:
    """A request of a question."""
    return RequestEvent(
        seq=seq, at_s=0.0, actor=f"user-{ask}", ask=ask, call=seq, upstream="openai", operation="c"
    )


LATE = Trace(
    [
        # The first permit was given before all else, and reported after the other's request.
        breaker(0, 2, "granted", 2, permit=2),
        request(1, 2),
        breaker(2, 1, "granted", 1, permit=1),
        request(3, 1),
        breaker(4, 1, "settled", 4, permit=1, outcome="success", counted=True, failures=0),
        breaker(5, 2, "settled", 3, permit=2, outcome="success", counted=True, failures=0),
    ]
)


def judged(trace: Trace, law: type[NoCallWhileOpen | BreakerFollowsTheModel]) -> Outcome:
    """What a law says of a trace."""
    scenario = Scenario(
        version=1, name="story", hypothesis="It is.", method=(AskStep(ask=Ask(question="?")),)
    )
    record = RunRecord(
        scenario=scenario, trace=trace, promises=PROMISED, best_mode="llm", ended_s=0.0
    )
    return law().judge(record).outcome


def test_late_report_is_put_before_what_came_after_it() -> None:
    """Only what was late moves, and just as far as it must."""
    assert [event.seq for event in in_sequence(LATE, "openai")] == [2, 0, 1, 3, 5, 4]


def test_trace_in_order_is_left_alone() -> None:
    """The usual case costs nothing, and events without a number have no order to keep."""
    unnumbered = Trace([breaker(0, 1, "granted", None), breaker(1, 2, "granted", None)])

    assert in_sequence(unnumbered, "openai") is unnumbered
    assert in_sequence(LATE, "gcs") is LATE


def test_late_report_is_no_breach() -> None:
    """A request whose permit was reported in time stays under it; the model follows as well."""
    assert judged(LATE, NoCallWhileOpen) is not Outcome.FAILED
    assert judged(LATE, BreakerFollowsTheModel) is not Outcome.FAILED


def test_late_report_hides_no_breach() -> None:
    """A breaker that opened before it gave a permit is caught, in whatever order it says so."""
    opened = breaker(1, 1, "transition", 1, old="closed", state="open")
    trace = Trace([breaker(0, 2, "granted", 2, permit=1), opened])

    assert judged(trace, NoCallWhileOpen) is Outcome.FAILED


def test_trace_without_numbers_says_nothing_of_them() -> None:
    """What a breaker does not number is not written."""
    event: Event = breaker(0, 1, "granted", None)

    assert "sequence" not in dump_event(event)
    assert '"sequence":7' in dump_event(breaker(0, 1, "granted", 7))
