"""The law of recovery: what the faults took away comes back once they are gone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from chaos.checks.laws.asked import (
    Asked,
    asked,
    before_any_fault,
    comparable,
    helped_by,
    is_served,
    latest_of_each,
    telling,
    usual_helpers,
)
from chaos.checks.laws.basis import FAULTS_THAT_END, Basis
from chaos.checks.laws.calls import asked_pause_s
from chaos.checks.laws.law import TICK_S, Law, count, seconds
from chaos.checks.laws.silence import silent
from chaos.checks.record import RunRecord
from chaos.ports import Promises
from chaos.trace.events import (
    ABSENT,
    STALE,
    AnswerEvent,
    AskEvent,
    FaultEvent,
    ResponseEvent,
)
from chaos.trace.trace import Trace
from chaos.verdict import Verdict

UNPROMISED_S = 3600.0
"""How long a target that promises neither a breaker nor a time may go on without a call.

Not a bound for anybody's breaker, but the time after which a service is stuck by any measure. If
a run ends before that, the service is asked once more.
"""


class Recovers(Law):
    """After the last fault the target answers in its best mode again, within the policy's bound.

    The bound runs from the last heal, or from the end of the last call that a fault had touched:
    a request that hung when its fault was healed fails later. Best is the first of the target's
    modes, from a copy that is not stale. It must be back with the first ask after the breaker's
    recovery timeout, which is the trial, and after every pause that a provider has asked for;
    where several ask at once only one of them is the trial, so each of them is judged only once
    the best mode was there again. A copy must be fresh for whoever asks after someone else has
    asked past the longest pause between refreshes, since a refresh may run behind the answer that
    set it off. Questions that were never answered in the best mode may be such as have no better
    answer, unless all was well before the first fault and somebody asked then. An answer that the
    service has given before, and for which it now calls nobody, may come from a cache: whatever
    its mode, it is no sign that the service is back, nor that it is not.

    Each question is judged by itself: a service that has given one up may answer all others.

    Where nothing was ever answered in the best mode, one thing still tells: a question for which
    the service had called, each time in vain, and for which nobody is called any more.
    """

    name: ClassVar[str] = "recovers"
    doc: ClassVar[str] = (
        "After the last fault, the service is back in its best mode, and fresh, within the "
        "promised time."
    )
    rests_on: ClassVar[Basis] = FAULTS_THAT_END

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge the last ask of each question that the bound allows to judge."""
        calm = _calm(run.trace)
        if isinstance(calm, str):
            return self.not_exercised(calm)
        asks = asked(run.trace)
        best = run.best_mode
        due_s = _due_s(calm, run)
        if all(ask.answer.mode != best for ask in asks):
            return self._judge_without_the_best(calm, asks, due_s, run)
        due = _due(telling(asks, run), best, due_s, after=calm.seq, patience_s=_patience_s(run))
        last = due[-1] if due else None
        for ask in latest_of_each(due, run):
            if ask.answer.mode != best:
                return self._not_back(
                    calm, ask, f"answer.mode: {best}", f"answer.mode: {ask.mode}"
                )
        index = _last_due_for_index(asks, calm.since_s, run.promises)
        if index is not None and not _is_fresh(index.answer):
            return self._not_back(
                calm, index, "a fresh copy", f"index.state: {index.answer.index_state}"
            )
        if last is None and index is None:
            return self.not_exercised(_why_untried(asks, calm, due_s, run))
        back = [*([repr(best)] if last else []), *(["a fresh copy"] if index else [])]
        return self.passed(
            f"back to {' and '.join(back)} after {count(calm.healed, 'fault')}, within the "
            "promised time"
        )

    def _judge_without_the_best(
        self, calm: _Calm, asks: list[Asked], due_s: float, run: RunRecord
    ) -> Verdict:
        """Judge a run without an answer in the best mode by whether anybody still calls."""
        least_s = due_s if _promises_a_time(run.promises) else due_s + UNPROMISED_S
        late = [each for each in silent(run, after=calm.seq) if each.ask.at_s >= least_s - TICK_S]
        if not late:
            return self.not_exercised(_why_never_well(asks, run.best_mode, run.trace))
        last = late[-1]
        called, ask = " and ".join(last.upstreams), last.ask
        return self.broken(
            f"question #{ask.ask} came {seconds(ask.at_s - calm.since_s)} after the last fault; "
            f"no request to {called} since, though every earlier one for that question failed",
            expected=f"a request to {called}, or answer.mode: {run.best_mode}",
            seen=f"no request, and answer.mode: {last.answer.mode}",
            evidence=[calm.last, ask, last.answer],
        )

    def _not_back(self, calm: _Calm, ask: Asked, expected: str, seen: str) -> Verdict:
        return self.broken(
            f"question #{ask.ask.ask} came {seconds(ask.ask.at_s - calm.since_s)} after the last "
            "fault, and the service was still impaired",
            expected=expected,
            seen=seen,
            evidence=[calm.last, ask.ask, ask.answer],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Impaired:
    """An answer that leaves open whether the service is stuck.

    Attributes:
        ask: Its question.
        since_s: From when on it could have been better.
    """

    ask: AskEvent
    since_s: float


def impaired(run: RunRecord) -> Impaired | None:
    """The last answer, if it is less than the best although all faults are gone.

    None if it is good, if the law can judge it as it is, and of a target that promises when it is
    back.
    """
    calm = _calm(run.trace)
    if isinstance(calm, str) or _promises_a_time(run.promises):
        return None
    asks, best, due_s = asked(run.trace), run.best_mode, _due_s(calm, run)
    if all(ask.answer.mode != best for ask in asks):
        waiting = silent(run, after=calm.seq)
        is_told = any(each.ask.at_s >= due_s + UNPROMISED_S - TICK_S for each in waiting)
        return Impaired(ask=waiting[-1].ask, since_s=due_s) if waiting and not is_told else None
    all_telling = telling(asks, run)
    if not all_telling:
        return None
    patience_s = _patience_s(run)
    for latest in latest_of_each(sorted(all_telling, key=lambda ask: ask.answer.seq), run):
        is_open = latest.ask.seq > calm.seq and latest.answer.mode != best
        if is_open and latest.ask.at_s < due_s + patience_s(latest) - TICK_S:
            return Impaired(ask=latest.ask, since_s=due_s)
    return None


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
    if not healed and not active:
        return "there was no fault"
    if active:
        return f"{count(len(active), 'fault')} never ended: {', '.join(sorted(active))}"
    if not touched:
        return "no fault touched a call"
    since_s = max(healed[-1].at_s, touched[-1].at_s)
    seq = max(healed[-1].seq, touched[-1].seq)
    return _Calm(since_s=since_s, seq=seq, last=healed[-1], healed=len(healed))


def _why_never_well(asks: list[Asked], best: str, trace: Trace) -> str:
    if not asks:
        return "no question was answered"
    if before_any_fault(asks, trace):
        return f"no answer was in mode {best!r}, not even before the first fault"
    return (
        f"no answer was in mode {best!r}, and no question came before the first fault to show "
        "that the service can do better; ask before the fault, too"
    )


def _why_untried(asks: list[Asked], calm: _Calm, due_s: float, run: RunRecord) -> str:
    """What was missing first, in the order in which `_due` looks."""
    after = [ask for ask in asks if ask.ask.seq > calm.seq]
    late = [ask for ask in after if ask.ask.at_s >= due_s - TICK_S]
    can_be_best, tell = comparable(asks, run), telling(asks, run)
    if not after:
        return "no question came after the last fault"
    if not late:
        return (
            f"no question came late enough, at least {seconds(due_s - calm.since_s)} after the "
            "last fault"
        )
    if not any(ask in can_be_best for ask in late):
        return (
            f"no question that came late enough was ever answered in mode {run.best_mode!r}; it "
            "may have no better answer"
        )
    if not any(ask in tell for ask in late):
        return (
            "every question that came late enough got an answer that the service had given "
            "before, without a request; ask something that it cannot know"
        )
    if not _promises_a_time(run.promises):
        return (
            "the target promises no recovery time, and no question came an hour after the last "
            "fault"
        )
    return (
        "every question that came late enough came together with others, and only one of them is "
        "the trial"
    )


def _due_s(calm: _Calm, run: RunRecord) -> float:
    """From when on the best mode is due, as far as promises and pauses tell."""
    promises = run.promises
    bound_s = promises.recovers_within_s
    if bound_s is None:
        breakers = promises.breakers.values()
        bound_s = max((policy.recovery_timeout_s for policy in breakers), default=0.0)
    pauses_s = [
        response.at_s + min(length_s, _longest_pause_s(promises, response.upstream))
        for response in run.trace.of(ResponseEvent)
        if (length_s := asked_pause_s(response)) is not None
    ]
    return max(calm.since_s + bound_s, *pauses_s, calm.since_s)


def _patience_s(run: RunRecord) -> Callable[[Asked], float]:
    """How much later a lesser answer may come than promises and pauses tell.

    A target that promises no breaker may well have one, and make no call while it is open. Once
    its provider has answered for a question, there is no such excuse; that another has answered in
    its place is one.
    """
    if _promises_a_time(run.promises):
        return lambda _: 0.0
    helped = helped_by(run)
    usual = usual_helpers(asked(run.trace), helped, run.best_mode)
    return lambda ask: 0.0 if is_served(ask, helped, usual) else UNPROMISED_S


def _promises_a_time(promises: Promises) -> bool:
    return bool(promises.breakers) or promises.recovers_within_s is not None


def _longest_pause_s(promises: Promises, upstream: str) -> float:
    policy = promises.retries.get(upstream)
    return math.inf if policy is None else policy.longest_pause_s


def _due(
    asks: list[Asked],
    best: str,
    due_s: float,
    *,
    after: int,
    patience_s: Callable[[Asked], float],
) -> list[Asked]:
    """The asks that must have been answered in the best mode, in order."""
    due = []
    back: list[AnswerEvent] = []
    for ask in asks:
        if ask.ask.at_s < due_s - TICK_S or ask.ask.seq < after:
            continue
        is_late = ask.answer.mode == best or ask.ask.at_s >= due_s + patience_s(ask) - TICK_S
        if is_late and (ask.alone or any(answer.seq < ask.ask.seq for answer in back)):
            due.append(ask)
        if ask.answer.mode == best:
            back.append(ask.answer)
    return due


def _last_due_for_index(asks: list[Asked], calm_s: float, promises: Promises) -> Asked | None:
    """The last ask that must have found a fresh copy; None if there is none."""
    told = [ask for ask in asks if ask.answer.index_state is not None]
    if not promises.caches or not any(_is_fresh(ask.answer) for ask in told):
        return None
    due_s = calm_s
    for policy in promises.caches.values():
        if policy.retry_failed_after_max_s is None:
            return None
        due_s = max(due_s, calm_s + policy.retry_failed_after_max_s)
    after = [ask for ask in asks if ask.ask.at_s >= due_s - TICK_S]
    set_off = any(ask.answer.at_s < after[-1].ask.at_s - TICK_S for ask in after[:-1])
    return after[-1] if set_off else None


def _is_fresh(answer: AnswerEvent) -> bool:
    """Whether the answer rests on a copy that is there and not stale, or tells of none."""
    return not answer.stale and answer.index_state not in {STALE, ABSENT}
