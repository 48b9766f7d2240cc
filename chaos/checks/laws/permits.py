"""Laws of a breaker's permits: each is settled, and by what really happened."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from chaos.checks.laws.basis import BREAKERS, Basis
from chaos.checks.laws.breakers import each_breaker, why_no_breaker
from chaos.checks.laws.kept_away import KeptOpen, kept_away
from chaos.checks.laws.law import TICK_S, Law, Owner, count, owner, seconds, who
from chaos.checks.laws.seen_breakers import reports_permits
from chaos.checks.record import RunRecord
from chaos.ports import BreakerPolicy
from chaos.trace.events import AnswerEvent, BreakerEvent, Event, RequestEvent, ResponseEvent
from chaos.trace.trace import Trace
from chaos.verdict import Verdict


class PermitsAreSettled(Law):
    """Whoever was let through tells the breaker how it went, at the latest with their answer.

    A permit that is never settled holds its place: in half-open that may be the only one, and
    then nobody is let in again. Work that goes on behind an answer may settle later; but once
    nothing happens for a question any more, and time has passed, nobody is left to do it.
    """

    name: ClassVar[str] = "permits-are-settled"
    doc: ClassVar[str] = "No permit of a breaker stays unsettled after its question is answered."
    rests_on: ClassVar[Basis] = BREAKERS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every permit whose question has been answered."""
        settled = 0
        for upstream, _, process in each_breaker(run):
            open_: dict[int, BreakerEvent] = {}
            for event in process.of(BreakerEvent):
                if event.upstream != upstream or event.permit is None:
                    continue
                if event.what == "granted":
                    open_[event.permit] = event
                elif event.what == "settled":
                    settled += open_.pop(event.permit, None) is not None
            for permit in open_.values():
                answer = _over(permit, process, run.ended_s)
                if answer is not None:
                    return self.broken(
                        f"{who(permit)} got a permit of the breaker of {upstream} at "
                        f"{seconds(permit.at_s)}, was answered at {seconds(answer.at_s)}, and "
                        "never settled the permit",
                        expected=f"permit {permit.permit} settled",
                        seen=f"still open at the end of the run, at {seconds(run.ended_s)}",
                        evidence=[permit, answer],
                    )
        if not settled:
            return self.not_exercised(why_no_breaker(run) or "no permit was settled")
        return self.passed(f"{count(settled, 'permit')}, each settled")


def _over(permit: BreakerEvent, process: Trace, ended_s: float) -> AnswerEvent | None:
    """The answer to a permit's question, if all work for it is done and time has passed since."""
    events = [event for event in process if event.ask == permit.ask and permit.ask is not None]
    answer = next((event for event in events if isinstance(event, AnswerEvent)), None)
    if answer is None:
        return None
    under_way = {event.call for event in events if isinstance(event, RequestEvent)}
    under_way -= {event.call for event in events if isinstance(event, ResponseEvent)}
    last_s = max(event.at_s for event in events)
    return None if under_way or ended_s <= last_s + TICK_S else answer


class BreakerCountsWhatHappened(Law):
    """How a permitted call went for the breaker is how it went on the network.

    Statuses that the policy never counts are the caller's mistakes: they open nothing. Those that
    it always counts are failures of the provider: passed over, or taken for a success, they keep
    closed what ought to open. What a service makes of a good status is its own affair, as its
    content may be useless. Of a breaker that reports nothing, the questions tell that it keeps
    away; see `chaos.checks.laws.kept_away`.
    """

    name: ClassVar[str] = "breaker-counts-what-happened"
    doc: ClassVar[str] = (
        "A breaker counts failures of the provider, and no mistakes of the caller."
    )
    rests_on: ClassVar[Basis] = BREAKERS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge the outcome of each permit whose requests can be told from those of others."""
        totals: Counter[str] = Counter()
        for upstream, policy, process in each_breaker(run):
            if not reports_permits(run, upstream):
                silent = kept_away(process, upstream, run.promises, run.best_mode)
                without_cause = self._without_cause(upstream, silent)
                if without_cause is not None:
                    return without_cause
                totals["passed over"] += silent.let_through
                continue
            watch = _Outcomes(upstream, policy)
            for event in process:
                wrong = watch.see(event)
                if wrong is not None:
                    settled, response, expected = wrong
                    return self.broken(
                        f"the breaker of {upstream} counted status {response.status}, for "
                        f"{who(settled)}, as {_named(settled.outcome)}",
                        expected=expected,
                        seen=_named(settled.outcome),
                        evidence=[response, settled],
                    )
            totals += watch.totals
        if totals["passed over"] and not totals["judged"]:
            return self.passed("as many mistakes of callers as open a breaker, and none opened")
        if not totals["judged"]:
            return self.not_exercised(
                why_no_breaker(run)
                or ("no permitted request got a status that decides" if totals["settled"] else "")
                or "no permit was settled"
            )
        return self.passed(f"{count(totals['judged'], 'outcome')} match the responses")

    def _without_cause(self, upstream: str, silent: KeptOpen) -> Verdict | None:
        away, why = silent.by_mistakes, "mistakes of callers"
        if away is None and silent.by_another is not None:
            away, why = silent.by_another, f"failures of {silent.by_another.opened.upstream}"
        if away is None:
            return None
        return self.broken(
            f"{upstream} was not called for {who(away.ask)}, though it had not failed: all that "
            f"its breaker can have counted are {why}",
            expected=f"a call of {upstream}: its breaker has no cause to be open",
            seen=f"no call, and answer.mode: {away.answer.mode}",
            evidence=[away.opened, away.ask, away.answer],
        )


class _Outcomes:
    """What one breaker of one process made of each call."""

    def __init__(self, upstream: str, policy: BreakerPolicy) -> None:
        self._upstream = upstream
        self._policy = policy
        self._holders: Counter[Owner] = Counter()
        self._shared: set[Owner] = set()
        self._met: dict[Owner, list[ResponseEvent]] = {}
        self.totals: Counter[str] = Counter()

    def see(self, event: Event) -> tuple[BreakerEvent, ResponseEvent, str] | None:
        """Take note of what happened next; returns an outcome that it belies."""
        if isinstance(event, ResponseEvent):
            if event.upstream == self._upstream and self._holders[owner(event)]:
                self._met[owner(event)].append(event)
        elif isinstance(event, BreakerEvent) and event.upstream == self._upstream:
            if event.what == "granted":
                self._granted(owner(event))
            elif event.what == "settled":
                return self._settled(event)
        return None

    def _granted(self, holder: Owner) -> None:
        self._holders[holder] += 1
        if self._holders[holder] > 1:
            # Two calls at a time for one question: which request is whose, no trace tells.
            self._shared.add(holder)
        else:
            self._met[holder] = []

    def _settled(self, event: BreakerEvent) -> tuple[BreakerEvent, ResponseEvent, str] | None:
        holder = owner(event)
        if not self._holders[holder]:
            return None
        self._holders[holder] -= 1
        is_shared = holder in self._shared
        if not self._holders[holder]:
            self._shared.discard(holder)
        met = self._met[holder]
        self.totals["settled"] += 1
        if is_shared or not met or event.counted is False:
            return None
        statuses = {response.status for response in met}
        if statuses <= self._policy.never_counted:
            self.totals["judged"] += 1
            if event.outcome == "failure":
                return event, met[-1], "no failure: the mistake is the caller's"
        elif statuses <= self._policy.always_counted:
            self.totals["judged"] += 1
            if event.outcome != "failure":
                return event, met[-1], "a failure: the provider could not answer"
        return None


def _named(outcome: str | None) -> str:
    return {"failure": "a failure", "success": "a success"}.get(outcome or "", "nothing at all")
