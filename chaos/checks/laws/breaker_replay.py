"""The law that holds a breaker to the reference model, call by call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import ClassVar

from chaos.checks.breaker_model import BreakerModel, ModelPermit, ModelRefusal
from chaos.checks.laws.basis import BREAKERS, Basis
from chaos.checks.laws.breakers import why_no_breaker
from chaos.checks.laws.law import TICK_S, Law, count, seconds, who
from chaos.checks.laws.processes import processes
from chaos.checks.laws.seen_breakers import reports_permits
from chaos.checks.laws.sequence import in_sequence
from chaos.checks.record import RunRecord
from chaos.trace.events import BreakerEvent
from chaos.verdict import Verdict


class BreakerFollowsTheModel(Law):
    """A breaker does what the reference model does: every permit, refusal and change of state.

    The trace knows each time to a tick. Where the tick decides (a trial at the very end of the
    recovery timeout), whatever the model does on either side of it is right.
    """

    name: ClassVar[str] = "breaker-follows-the-model"
    doc: ClassVar[str] = (
        "Each transition of a breaker is one that the reference model makes at that time."
    )
    rests_on: ClassVar[Basis] = BREAKERS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Replay the breakers' events on the model, each process on a new one."""
        totals: Counter[str] = Counter()
        for process in processes(run.trace):
            for upstream, policy in run.promises.breakers.items():
                if not reports_permits(run, upstream):
                    # Its changes of state alone cannot be played on the model.
                    continue
                replay = _Replay(BreakerModel(policy))
                for event in in_sequence(process, upstream).of(BreakerEvent):
                    if event.upstream != upstream:
                        continue
                    totals[event.what] += 1
                    difference = replay.follow(event)
                    if difference is not None:
                        return self._differs(upstream, difference)
                for difference in replay.transitions_compared():
                    return self._differs(upstream, difference)
        if not totals["transition"]:
            return self.not_exercised(why_no_breaker(run) or "no breaker changed its state")
        return self.passed(
            f"{count(totals['granted'], 'permit')}, {count(totals['refused'], 'refusal')} and "
            f"{count(totals['transition'], 'transition')} match the model"
        )

    def _differs(self, upstream: str, difference: _Difference) -> Verdict:
        return self.broken(
            f"breaker of {upstream}: {difference.seen}; model: {difference.expected}",
            expected=difference.expected,
            seen=difference.seen,
            evidence=difference.evidence,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    """Where breaker and model part."""

    expected: str
    seen: str
    evidence: tuple[BreakerEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transition:
    """A change of state; ``event`` is where the trace has it, or what made the model change."""

    old: str
    new: str
    event: BreakerEvent

    def __str__(self) -> str:
        return f"{self.old} -> {self.new} at {seconds(self.event.at_s)}"

    def is_same(self, other: _Transition) -> bool:
        """Whether both lead from the same state to the same, at the same moment."""
        apart_s = abs(self.event.at_s - other.event.at_s)
        return (self.old, self.new) == (other.old, other.new) and apart_s <= TICK_S


@dataclass(slots=True)
class _Replay:
    """The model beside the trace.

    Attributes:
        model: Where the model stands.
        made: Changes of state that the model made. They are compared with those that were seen
            when all is over, since a breaker may report a change before or after its cause.
        seen: Changes of state in the trace.
        permits: Permits that are not settled yet, by the service's number.
    """

    model: BreakerModel
    made: list[_Transition] = field(default_factory=list)
    seen: list[BreakerEvent] = field(default_factory=list)
    permits: dict[int | None, ModelPermit] = field(default_factory=dict)

    def follow(self, event: BreakerEvent) -> _Difference | None:
        """Do on the model what the event says was done; returns what came out differently."""
        if event.what == "transition":
            return self._transition(event)
        if event.what == "settled":
            return self._settled(event)
        return self._asked(event)

    def _asked(self, event: BreakerEvent) -> _Difference | None:
        before = self.model
        for at_s in (event.at_s, event.at_s - TICK_S, event.at_s + TICK_S):
            model, given = before.acquire(at_s)
            if model.state == event.state and _agrees(event, given):
                self._advance(model, event)
                if isinstance(given, ModelPermit):
                    self.permits[event.permit] = given
                return None
        model, given = before.acquire(event.at_s)
        expected = (
            f"{_place(model, event.at_s)}, refuses the call, retry after "
            f"{seconds(given.retry_after_s)}"
            if isinstance(given, ModelRefusal)
            else f"{_place(model, event.at_s)}, permits the call"
        )
        told = (
            "" if event.retry_after_s is None else f", retry after {seconds(event.retry_after_s)}"
        )
        return self._difference(
            event, expected, f"{event.what} a permit for {who(event)} while {event.state}{told}"
        )

    def _settled(self, event: BreakerEvent) -> _Difference | None:
        permit = self.permits.pop(event.permit, None)
        if permit is None:
            return self._difference(
                event, "no such permit is open", f"permit {event.permit} was settled"
            )
        before, outcome = self.model, event.outcome or "neutral"
        for at_s in (event.at_s, event.at_s - TICK_S, event.at_s + TICK_S):
            model, counted = before.settle(permit, outcome, at_s)
            if event.counted in {None, counted} and event.failures in {None, model.failures}:
                self._advance(model, event)
                return None
        model, counted = before.settle(permit, outcome, event.at_s)
        return self._difference(
            event,
            _settlement(outcome, counted=counted, failures=model.failures),
            _settlement(outcome, counted=event.counted, failures=event.failures),
        )

    def _transition(self, event: BreakerEvent) -> _Difference | None:
        self.seen.append(event)
        if (event.old, event.state) != ("open", "half_open") or self.model.state != "open":
            return None
        # A breaker may notice that its time is up without being asked for a call.
        model = self.model.at(event.at_s + TICK_S)
        if model.state == "open":
            return self._difference(event, _place(model, event.at_s), "turned half-open")
        self._advance(model, event)
        return None

    def _advance(self, model: BreakerModel, event: BreakerEvent) -> None:
        if model.state != self.model.state:
            self.made.append(_Transition(old=self.model.state, new=model.state, event=event))
        self.model = model

    def transitions_compared(self) -> Iterator[_Difference]:
        """Each place where the changes of state seen are not those that the model made."""
        seen = [_Transition(old=str(e.old), new=e.state, event=e) for e in self.seen]
        for ours, theirs in zip_longest(self.made, seen):
            if ours is None or theirs is None or not ours.is_same(theirs):
                yield _Difference(
                    expected=str(ours) if ours else f"stays {self.model.state}",
                    seen=str(theirs) if theirs else "no such transition",
                    evidence=tuple(each.event for each in (ours, theirs) if each),
                )

    def _difference(self, event: BreakerEvent, expected: str, seen: str) -> _Difference:
        # What was seen last before the model and the breaker parted shows why they did.
        return _Difference(
            expected=expected,
            seen=f"{seen} at {seconds(event.at_s)}",
            evidence=(*self.seen[-1:], event) if event not in self.seen else (event,),
        )


def _agrees(event: BreakerEvent, given: ModelPermit | ModelRefusal) -> bool:
    if isinstance(given, ModelPermit):
        return event.what == "granted"
    if event.what != "refused":
        return False
    told_s = event.retry_after_s
    return told_s is None or abs(told_s - given.retry_after_s) <= 2 * TICK_S


def _place(model: BreakerModel, now_s: float) -> str:
    """Where the model stands, for a sentence."""
    if model.state == "open":
        rest_s = model.opened_s + model.policy.recovery_timeout_s - now_s
        return f"open for another {seconds(rest_s)}"
    if model.state == "half_open":
        return f"half-open with {count(len(model.trials), 'trial')} running"
    return f"closed with {count(model.failures, 'failure')} of {model.policy.failure_threshold}"


def _settlement(outcome: str, *, counted: bool | None, failures: int | None) -> str:
    counts = "counts" if counted else "does not count"
    return f"{outcome} {counts}, failures: {failures}"
