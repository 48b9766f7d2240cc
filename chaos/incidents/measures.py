"""What one service got out of one incident, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.checks.measure import Window, measure
from chaos.runner.result import RunResult
from chaos.scenario.faults import Fault
from chaos.scenario.model import InjectStep, Scenario
from chaos.trace.events import AnswerEvent, AskEvent, FaultEvent, RequestEvent
from chaos.trace.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One service in one incident. All counts are of the time between first fault and last heal.

    Attributes:
        incident: Name of the incident.
        target: Name of the service.
        outcome: Of the scenario's claims: ``passed``; empty for services it claims nothing of.
        asks: Questions asked.
        best: Answers in the service's best mode.
        fallback: Answers in another mode.
        error: Questions that ended in an exception.
        stale: Answers from a copy that could not be refreshed.
        calls: Requests to the providers in trouble.
        slowest_s: The longest that anybody waited.
        opened_after_s: From the first fault until a breaker opened; None if none did.
        recovered_after_s: From the last heal to the first answer in the best mode; None if never.
        virtual_s: How long the run took in its own time.
        real_s: How long it took in ours.
    """

    incident: str
    target: str
    outcome: str
    asks: int
    best: int
    fallback: int
    error: int
    stale: int
    calls: int
    slowest_s: float
    opened_after_s: float | None
    recovered_after_s: float | None
    virtual_s: float
    real_s: float

    @property
    def answered(self) -> float:
        """Share of the questions that got an answer, of whatever kind."""
        return (self.best + self.fallback) / self.asks if self.asks else 1.0

    @property
    def amplification(self) -> float:
        """Requests to the providers in trouble for each question."""
        return self.calls / self.asks if self.asks else 0.0


def row_of(result: RunResult, scenario: Scenario, *, claims: bool) -> Row:
    """The numbers of a finished run.

    Args:
        result: The run.
        scenario: What was played.
        claims: Whether the scenario was written for the target that it was played with.
    """
    trace = result.trace
    upstreams = {fault.upstream for fault in faults_of(scenario.method)}
    began_s, ended_s = _bounds(trace)
    asks = {event.ask: event for event in trace.of(AskEvent) if began_s <= event.at_s < ended_s}
    answers = [event for event in trace.of(AnswerEvent) if event.ask in asks]
    best = sum(event.mode == result.best_mode for event in answers)
    error = sum(event.mode == "error" for event in answers)
    calls = sum(
        event.upstream in upstreams and began_s <= event.at_s < ended_s
        for event in trace.of(RequestEvent)
    )
    return Row(
        incident=scenario.name,
        target=scenario.target,
        outcome=result.outcome.value if claims else "",
        asks=len(asks),
        best=best,
        fallback=len(answers) - best - error,
        error=error,
        stale=sum(event.stale for event in answers),
        calls=calls,
        slowest_s=max((event.elapsed_s for event in answers), default=0.0),
        opened_after_s=_seconds(trace, "time_to_open"),
        recovered_after_s=_seconds(trace, "time_to_recover"),
        virtual_s=result.virtual_s,
        real_s=round(result.real_s, 3),
    )


def faults_of(steps: object) -> list[Fault]:
    """Every fault that steps inject."""
    assert isinstance(steps, tuple)
    return [step.inject for step in steps if isinstance(step, InjectStep)]


def _bounds(trace: Trace) -> tuple[float, float]:
    """When the first fault came, and when the last one was gone."""
    times = {"injected": [0.0], "healed": [0.0]}
    for event in trace.of(FaultEvent):
        if event.what in times:
            times[event.what].append(event.at_s)
    first = min(times["injected"][1:], default=0.0)
    return first, max(times["healed"])


def _seconds(trace: Trace, key: str) -> float | None:
    values = measure(key, Window(trace=trace)).values
    return round(float(str(values[0])), 3) if values else None
