"""The law of recovery: what the faults took away comes back once they are gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chaos.checks.laws.basis import RECOVERY, Basis
from chaos.checks.laws.law import TICK_S, Law, count, seconds
from chaos.checks.record import RunRecord
from chaos.ports import Promises
from chaos.trace.events import AnswerEvent, AskEvent, FaultEvent, ResponseEvent
from chaos.trace.trace import Trace
from chaos.verdict import Verdict


class Recovers(Law):
    """After the last fault the model answers again, from a fresh index, within the policy's bound.

    The bound runs from the last heal, or from the end of the last call that a fault had touched:
    a request that hung when its fault was healed fails later. The model must be back with the
    first ask after the breaker's recovery timeout, which is the trial; where several ask at once
    only one of them is, so each of them is judged only once the model has answered again. The
    index must be fresh for whoever asks after someone else has asked past the longest pause
    between refreshes, since a refresh may run behind the answer that set it off.
    """

    name: ClassVar[str] = "recovers"
    doc: ClassVar[str] = (
        "Once faults end, service is back to `llm` and `fresh` within the policy's bound."
    )
    rests_on: ClassVar[Basis] = RECOVERY

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge the last ask that the bound allows to judge."""
        calm = _calm(run.trace)
        if isinstance(calm, str):
            return self.not_exercised(calm)
        asks = _asks(run.trace)
        due_s = calm.since_s + _recovery_timeout_s(run.promises)
        model = _last_due_for_model(asks, due_s, after=calm.seq)
        if model is not None and model.answer.mode != "llm":
            return self._not_back(calm, model, "answer.mode: llm", f"answer.mode: {model.mode}")
        index = _last_due_for_index(asks, calm.since_s, run.promises)
        if index is not None and index.answer.index_state not in {"fresh", None}:
            return self._not_back(
                calm, index, "index.state: fresh", f"index.state: {index.answer.index_state}"
            )
        if model is None and index is None:
            return self.not_exercised("nobody asked long enough after the last fault")
        back = [*(["llm"] if model else []), *(["a fresh index"] if index else [])]
        return self.passed(
            f"back to {' and '.join(back)} after {count(calm.healed, 'fault')}, within the bound"
        )

    def _not_back(self, calm: _Calm, ask: _Ask, expected: str, seen: str) -> Verdict:
        return self.broken(
            f"ask {ask.ask.ask} came {seconds(ask.ask.at_s - calm.since_s)} after the last fault "
            "and found the service still impaired",
            expected=expected,
            seen=seen,
            evidence=[calm.last, ask.ask, ask.answer],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calm:
    """The time after the last fault.

    Attributes:
        since_s: When the last effect of a fault was over.
        last: The last heal.
        seq: Position of that in the trace: what was asked before it may have suffered the fault,
            even if it was asked at the same instant.
        healed: How many faults were healed.
    """

    since_s: float
    seq: int
    last: FaultEvent
    healed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """A question that was answered.

    Attributes:
        alone: Whether nobody else was waiting for an answer when it was asked.
    """

    ask: AskEvent
    answer: AnswerEvent
    alone: bool

    @property
    def mode(self) -> str:
        """The answer's mode, and its reason where there is one."""
        reason = f" ({self.answer.reason})" if self.answer.reason else ""
        return self.answer.mode + reason


def _calm(trace: Trace) -> _Calm | str:
    """The time after the last fault, or why there was none."""
    active: set[str] = set()
    healed: list[FaultEvent] = []
    for event in trace.of(FaultEvent):
        if event.what == "injected":
            active.add(event.fault)
        elif event.what == "healed":
            active.discard(event.fault)
            healed.append(event)
    touched = [response for response in trace.of(ResponseEvent) if response.faults]
    if not healed:
        return "no fault was healed"
    if active:
        return f"fault {', '.join(sorted(active))} was still there at the end"
    if not touched:
        return "no fault touched a call"
    since_s = max(healed[-1].at_s, touched[-1].at_s)
    seq = max(healed[-1].seq, touched[-1].seq)
    return _Calm(since_s=since_s, seq=seq, last=healed[-1], healed=len(healed))


def _asks(trace: Trace) -> list[_Ask]:
    """Every answered question, in the order they were asked."""
    answers = {answer.ask: answer for answer in trace.of(AnswerEvent)}
    waiting: set[int | None] = set()
    found = []
    for event in trace:
        if isinstance(event, AnswerEvent):
            waiting.discard(event.ask)
        elif isinstance(event, AskEvent):
            if event.ask in answers:
                found.append(_Ask(ask=event, answer=answers[event.ask], alone=not waiting))
            waiting.add(event.ask)
    return found


def _recovery_timeout_s(promises: Promises) -> float:
    return max((policy.recovery_timeout_s for policy in promises.breakers.values()), default=0.0)


def _last_due_for_model(asks: list[_Ask], due_s: float, *, after: int) -> _Ask | None:
    """The last ask that the model must have answered; None if there is none."""
    if all(ask.answer.mode != "llm" for ask in asks):
        return None  # This target has no such mode, or never was in it: nothing to go back to.
    last = None
    back: list[AnswerEvent] = []
    for ask in asks:
        if ask.ask.at_s < due_s - TICK_S or ask.ask.seq < after:
            continue
        if ask.alone or any(answer.seq < ask.ask.seq for answer in back):
            last = ask
        if ask.answer.mode == "llm":
            back.append(ask.answer)
    return last


def _last_due_for_index(asks: list[_Ask], calm_s: float, promises: Promises) -> _Ask | None:
    """The last ask that must have found a fresh index; None if there is none."""
    if not promises.caches or all(ask.answer.index_state != "fresh" for ask in asks):
        return None
    due_s = calm_s
    for policy in promises.caches.values():
        if policy.retry_failed_after_max_s is None:
            return None
        due_s = max(due_s, calm_s + policy.retry_failed_after_max_s)
    after = [ask for ask in asks if ask.ask.at_s >= due_s - TICK_S]
    set_off = any(ask.answer.at_s < after[-1].ask.at_s - TICK_S for ask in after[:-1])
    return after[-1] if set_off else None
