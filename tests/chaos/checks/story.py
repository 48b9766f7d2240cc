"""Traces written by hand, in a few words a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal, Self

from chaos.checks.laws.law import Law
from chaos.checks.record import RunRecord
from chaos.ports import Promises
from chaos.scenario.model import AdvanceStep, Scenario
from chaos.trace.events import (
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
    Scalar,
    StepEvent,
)
from chaos.trace.recorder import TraceRecorder
from chaos.trace.trace import Trace
from chaos.upstreams.said import Ended, spoke
from chaos.verdict import Outcome, Verdict

CHAT = "chat.completions"
MEDIA = "objects.media"


class Story:
    """A run told event by event; each method adds what happens next.

    Time moves with ``at``; ``by`` says whose doing the rest is: a question's, or an actor's.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self._ask: int | None = None
        self._actor = "script"
        self._calls = 0
        self._recorder = TraceRecorder(lambda: (self.now_s, self._actor, self._ask))
        self._record = self._recorder.record

    @property
    def trace(self) -> Trace:
        """What was told so far."""
        return self._recorder.trace

    def at(self, now_s: float) -> Self:
        """Let time pass until ``now_s``."""
        self.now_s = now_s
        return self

    def by(self, whom: int | str) -> Self:
        """What follows is done for this question, or outside questions by this actor."""
        self._ask = whom if isinstance(whom, int) else None
        self._actor = f"user-{whom}" if isinstance(whom, int) else whom
        return self

    def asks(self, ask: int, question: str = "Why?") -> Self:
        """Someone asks question ``ask``; what follows is done for it."""
        self.by(ask)
        self._record(AskEvent, question=question, step="method[0]")
        return self

    def answer(self, mode: str = "llm", *, elapsed_s: float = 0.0, **more: Any) -> Self:
        """The question is answered."""
        self._record(AnswerEvent, mode=mode, elapsed_s=elapsed_s, **more)
        return self

    def request(
        self, upstream: str = "openai", operation: str = CHAT, object_: str | None = None
    ) -> int:
        """A request leaves; returns its number."""
        self._calls += 1
        self._record(
            RequestEvent,
            call=self._calls,
            upstream=upstream,
            operation=operation,
            object=object_,
        )
        return self._calls

    def response(
        self,
        call: int,
        status: int | None = 200,
        *,
        upstream: str = "openai",
        operation: str = CHAT,
        detail: dict[str, Scalar] | None = None,
        **more: Any,
    ) -> Self:
        """A request ends."""
        self._record(
            ResponseEvent,
            call=call,
            upstream=upstream,
            operation=operation,
            status=status,
            detail=tuple(sorted((detail or {}).items())),
            **more,
        )
        return self

    def call(self, status: int | None = 200, **more: Any) -> Self:
        """A chat request and its end, at the same moment."""
        return self.response(self.request(), status, **more)

    def fetch(self, object_: str, status: int | None = 200, **more: Any) -> Self:
        """A download from storage and its end, at the same moment."""
        call = self.request("gcs", MEDIA, object_)
        return self.response(call, status, upstream="gcs", operation=MEDIA, **more)

    def says(self, text: str | None, ended: Ended = "finished", **more: Any) -> Self:
        """The model answers ``text``."""
        return self.call(said=spoke(text, ended), **more)

    def gives_up(self, reason: str, attempt: int = 3) -> Self:
        """The service makes no further attempt."""
        self._record(GivenUpEvent, upstream="openai", attempt=attempt, reason=reason)
        return self

    def fault(self, what: Literal["injected", "healed", "touched"], fault: str = "outage") -> Self:
        """A fault begins, ends, or touches a call."""
        self._record(FaultEvent, fault=fault, what=what)
        return self

    def granted(self, permit: int, state: str = "closed") -> Self:
        """The breaker lets a call through."""
        self._breaker("granted", state=state, permit=permit)
        return self

    def settled(
        self, permit: int, outcome: str, failures: int | None = None, *, counted: bool = True
    ) -> Self:
        """A permitted call ends."""
        self._breaker(
            "settled", state="", permit=permit, outcome=outcome, counted=counted, failures=failures
        )
        return self

    def refused(self, retry_after_s: float | None = None, state: str = "open") -> Self:
        """The breaker refuses a call."""
        self._breaker("refused", state=state, retry_after_s=retry_after_s)
        return self

    def turns(self, old: str, new: str) -> Self:
        """The breaker changes its state."""
        self._breaker("transition", state=new, old=old)
        return self

    def _breaker(self, what: str, **fields: Any) -> None:
        self._record(BreakerEvent, upstream="openai", what=what, **fields)

    def index(self, what: str, **fields: Any) -> Self:
        """The index service does something; ``served`` is the most common."""
        self._record(IndexEvent, what=what, **fields)
        return self

    def served(
        self,
        state: str = "fresh",
        generation: str | None = "g1",
        sha256: str | None = "aa",
        **more: Any,
    ) -> Self:
        """A search is answered from the index."""
        return self.index("served", state=state, generation=generation, sha256=sha256, **more)

    def action(self, action: str, **detail: Scalar) -> Self:
        """Something is done to the world or the service."""
        self._record(ActionEvent, action=action, detail=tuple(sorted(detail.items())))
        return self

    def clock(self, step_s: float) -> Self:
        """The wall clock jumps."""
        self._record(ClockEvent, step_s=step_s)
        return self

    def step(self, path: str) -> Self:
        """A step begins."""
        self._record(StepEvent, path=path, what=path, phase="begin")
        return self

    def judged_by(self, law: type[Law], promises: Promises, **more: Any) -> Verdict:
        """What the law concludes on the run as told so far."""
        return law().judge(replace(record(self.trace, promises), **more))


SCENARIO = Scenario(
    version=1,
    name="told-by-hand",
    hypothesis="A law reads this trace rightly.",
    method=(AdvanceStep(advance=timedelta(seconds=1)),),
)


def record(trace: Trace, promises: Promises) -> RunRecord:
    """A run with this trace."""
    ended_s = trace[-1].at_s if len(trace) else 0.0
    return RunRecord(
        scenario=SCENARIO, trace=trace, promises=promises, best_mode="llm", ended_s=ended_s
    )


def broken(verdict: Verdict) -> bool:
    """Whether the law found a breach, and showed it."""
    assert bool(verdict.evidence) == (verdict.outcome is Outcome.FAILED), verdict
    return verdict.outcome is Outcome.FAILED


def passed(verdict: Verdict) -> bool:
    """Whether the law was put to the test and obeyed."""
    return verdict.outcome is Outcome.PASSED


def untested(verdict: Verdict) -> bool:
    """Whether the law found nothing to judge, and said what was missing."""
    assert verdict.reason
    return verdict.outcome is Outcome.INCONCLUSIVE
