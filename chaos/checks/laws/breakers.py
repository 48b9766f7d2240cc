"""Laws of the breaker that need no model: nothing passes while open, few pass while half-open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from chaos.checks.laws.basis import BREAKERS, Basis
from chaos.checks.laws.law import TICK_S, Law, Owner, count, owner, seconds, who
from chaos.checks.laws.processes import processes
from chaos.checks.laws.seen_breakers import reports_permits, seen_breaker
from chaos.checks.laws.sequence import in_sequence
from chaos.checks.record import RunRecord
from chaos.ports import BreakerPolicy
from chaos.trace.events import BreakerEvent, RequestEvent, ResponseEvent
from chaos.trace.trace import Trace
from chaos.verdict import Verdict


class NoCallWhileOpen(Law):
    """An open breaker lets nothing through, and nobody goes round a breaker.

    A call that was permitted before the breaker opened may still make its retries: every request
    needs a permit of its question that is granted and not yet settled, and an open breaker grants
    none. When a breaker that reports no permits must be open, the failures on the network say; see
    `chaos.checks.laws.seen_breakers`.
    """

    name: ClassVar[str] = "no-call-while-open"
    doc: ClassVar[str] = "An open breaker lets no request through."
    rests_on: ClassVar[Basis] = BREAKERS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every permit and every request to an upstream behind a breaker."""
        refusals = opened = 0
        for upstream, policy, process in each_breaker(run):
            if not reports_permits(run, upstream):
                retries = run.promises.retries.get(upstream)
                seen = seen_breaker(process, upstream, policy, retries)
                if seen.called is not None:
                    return self._called(policy, *seen.called)
                refusals += seen.kept_away
                opened += len(seen.openings)
                continue
            watch = _Openings(self, upstream)
            for event in process:
                verdict = watch.see(event) if isinstance(event, _SEEN) else None
                if verdict is not None:
                    return verdict
            refusals += watch.refusals
            opened += watch.opened
        if not refusals:
            return self.not_exercised(
                why_no_breaker(run)
                or ("no request came while a breaker was open" if opened else "no breaker opened")
            )
        return self.passed(
            f"{count(refusals, 'refusal')} in {count(opened, 'open period')}, no request let "
            "through"
        )

    def _called(
        self, policy: BreakerPolicy, opened: ResponseEvent, request: RequestEvent
    ) -> Verdict:
        failures = count(policy.failure_threshold, "failure")
        return self.broken(
            f"{who(request)} sent a request to {request.upstream} at {seconds(request.at_s)}, but "
            f"its breaker had to open at {seconds(opened.at_s)}, after {failures} in a row or a "
            "failed trial",
            expected=f"no request for {seconds(policy.recovery_timeout_s)}",
            seen=f"call {request.call} after {seconds(request.at_s - opened.at_s)}",
            evidence=[opened, request],
        )


_SEEN = (BreakerEvent, RequestEvent)


class _Openings:
    """What one breaker of one process let through, event by event."""

    def __init__(self, law: Law, upstream: str) -> None:
        self._law = law
        self._upstream = upstream
        self._opening: BreakerEvent | None = None
        self._permits: dict[tuple[Owner, int | None], BreakerEvent] = {}
        self.opened = 0
        self.refusals = 0

    def see(self, event: BreakerEvent | RequestEvent) -> Verdict | None:
        """Take note of what happened next; returns a verdict if it breaks the law."""
        if event.upstream != self._upstream:
            return None
        if isinstance(event, RequestEvent):
            return self._request(event)
        permit = (owner(event), event.permit)
        if event.what == "granted":
            self._permits[permit] = event
            return self._granted(event)
        if event.what == "settled":
            self._permits.pop(permit, None)
        elif event.what == "refused":
            self.refusals += self._opening is not None
        else:
            self._opening = event if event.state == "open" else None
            self.opened += event.state == "open"
        return None

    def _granted(self, event: BreakerEvent) -> Verdict | None:
        # A breaker that turns half-open in this very call may report the permit before the change.
        if self._opening is None or event.state == "half_open":
            return None
        return self._law.broken(
            f"the breaker of {self._upstream} let {who(event)} through at {seconds(event.at_s)}, "
            f"but was open since {seconds(self._opening.at_s)}",
            expected="no permit while open",
            seen=f"permit {event.permit}",
            evidence=[self._opening, event],
        )

    def _request(self, event: RequestEvent) -> Verdict | None:
        if any(holder == owner(event) for holder, _ in self._permits):
            return None
        opening = self._opening
        while_open = f", which was open since {seconds(opening.at_s)}" if opening else ""
        return self._law.broken(
            f"{who(event)} sent a request to {self._upstream} at {seconds(event.at_s)} without a "
            f"permit of its breaker{while_open}",
            expected="a permit for every request",
            seen=f"call {event.call} without a permit",
            evidence=[opening, event] if opening else [event],
        )


class OneTrial(Law):
    """Half-open admits only as many calls at once as the policy says.

    A trial holds its place until it is settled, or until its lease ends. If a breaker reports no
    permits, each call is a trial that leaves when its time to be open is over, until one succeeds.
    """

    name: ClassVar[str] = "one-trial"
    doc: ClassVar[str] = (
        "A half-open breaker admits exactly the permitted number of calls, in any interleaving."
    )
    rests_on: ClassVar[Basis] = BREAKERS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every permit granted in half-open, and the requests made under it."""
        totals: Counter[str] = Counter()
        for upstream, policy, process in each_breaker(run):
            if not reports_permits(run, upstream):
                retries = run.promises.retries.get(upstream)
                seen = seen_breaker(process, upstream, policy, retries)
                if seen.crowd:
                    return self._crowd(policy, seen.crowd)
                totals += Counter(trials=seen.trials, periods=len(seen.openings))
                continue
            watch = _Trials(self, upstream, policy)
            for event in process:
                verdict = None
                if isinstance(event, BreakerEvent):
                    verdict = watch.see(event)
                elif isinstance(event, RequestEvent):
                    verdict = watch.request(event)
                elif isinstance(event, ResponseEvent):
                    watch.in_flight.pop(event.call, None)
                if verdict is not None:
                    return verdict
            totals += watch.totals
        if not totals["trials"]:
            return self.not_exercised(
                why_no_breaker(run) or ("no call was admitted while half-open")
            )
        trials, periods = totals["trials"], totals["periods"]
        return self.passed(
            f"{count(trials, 'trial')} in {count(periods, 'half-open period')}, "
            f"{totals['refusals']} refused meanwhile"
        )

    def _crowd(self, policy: BreakerPolicy, together: list[RequestEvent]) -> Verdict:
        most, last = policy.half_open_max_calls, together[-1]
        return self.broken(
            f"{len(together)} requests to {last.upstream} at once at {seconds(last.at_s)}, before "
            "a trial could have closed its breaker",
            expected=f"at most {most} at once",
            seen=str(len(together)),
            evidence=together,
        )


class _Trials:
    """The trials of one breaker of one process, event by event."""

    def __init__(self, law: Law, upstream: str, policy: BreakerPolicy) -> None:
        self._law = law
        self._upstream = upstream
        self._policy = policy
        self._half_open = False
        self._trials: dict[tuple[Owner, int | None], BreakerEvent] = {}
        self.in_flight: dict[int, RequestEvent] = {}
        self.totals: Counter[str] = Counter()

    def see(self, event: BreakerEvent) -> Verdict | None:
        """Take note of what the breaker did; returns a verdict if it breaks the law."""
        if event.upstream != self._upstream:
            return None
        permit = (owner(event), event.permit)
        if event.what == "transition":
            self._enter(half_open=event.state == "half_open")
        elif event.what == "settled":
            self._trials.pop(permit, None)
        elif event.what == "refused":
            self.totals["refusals"] += self._half_open
        elif self._half_open or event.state == "half_open":
            self._enter(half_open=True)
            self.totals["trials"] += 1
            self._trials[permit] = event
            return self._crowd(list(self._running(event.at_s)), "trials", event)
        return None

    def request(self, event: RequestEvent) -> Verdict | None:
        """Take note of a request; returns a verdict if trials make too many at once."""
        if event.upstream != self._upstream:
            return None
        self.in_flight[event.call] = event
        holders = {owner(trial) for trial in self._running(event.at_s)}
        flying = [request for request in self.in_flight.values() if owner(request) in holders]
        return self._crowd(flying, "requests of trials", event)

    def _enter(self, *, half_open: bool) -> None:
        if half_open != self._half_open:
            self._trials.clear()
            self.totals["periods"] += half_open
        self._half_open = half_open

    def _running(self, now_s: float) -> Iterator[BreakerEvent]:
        lease_s = self._policy.trial_lease_s
        for trial in self._trials.values():
            if lease_s is None or now_s < trial.at_s + lease_s - TICK_S:
                yield trial

    def _crowd(
        self,
        together: list[BreakerEvent] | list[RequestEvent],
        what: str,
        event: BreakerEvent | RequestEvent,
    ) -> Verdict | None:
        most = self._policy.half_open_max_calls
        if len(together) <= most:
            return None
        return self._law.broken(
            f"{len(together)} {what} at once at {seconds(event.at_s)}, while the breaker of "
            f"{self._upstream} was half-open",
            expected=f"at most {most} at once",
            seen=str(len(together)),
            evidence=together,
        )


def each_breaker(run: RunRecord) -> Iterator[tuple[str, BreakerPolicy, Trace]]:
    """Each promised breaker in each process: a new process has a new breaker."""
    for process in processes(run.trace):
        for upstream, policy in run.promises.breakers.items():
            yield upstream, policy, in_sequence(process, upstream)


def why_no_breaker(run: RunRecord) -> str | None:
    """Why there is no breaker to be judged; None if there is one."""
    promised = run.promises.breakers
    if not promised:
        return "the target promises no breaker"
    reporting = [event for event in run.trace.of(BreakerEvent) if event.upstream in promised]
    if not reporting:
        return f"the breaker of {' or '.join(promised)} reported nothing"
    if all(event.what == "transition" for event in reporting):
        return f"the breaker of {' or '.join(promised)} reported no permits"
    return None
