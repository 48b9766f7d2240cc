"""Breakers that report no permits, judged by what the network shows of them.

Most libraries tell of changes of state at most. What their breakers let through, the trace knows
without them: so many failures in a row open a breaker for certain, from then on nobody may call,
and in the end there are trials, so many at a time, until one succeeds. Where it is in doubt what a
breaker counts (an attempt or a whole call with its retries, a status that the policy does not
mention), it is given the benefit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chaos.checks.laws.calls import Attempt, Call, calls
from chaos.checks.laws.law import TICK_S
from chaos.checks.record import RunRecord
from chaos.ports import BreakerPolicy, RetryPolicy
from chaos.trace.events import AskEvent, BreakerEvent, Event, RequestEvent, ResponseEvent
from chaos.trace.trace import Trace

_NO_RETRIES = RetryPolicy(attempts=1, first_backoff_s=0.0, max_backoff_s=0.0, jitter_s=0.0)


def reports_permits(run: RunRecord, upstream: str) -> bool:
    """Whether the breaker of an upstream says whom it lets through, and whom it does not."""
    return any(
        event.upstream == upstream and event.what != "transition"
        for event in run.trace.of(BreakerEvent)
    )


@dataclass(slots=True)
class SeenBreaker:
    """What one process did behind a breaker, as far as the network shows it.

    Attributes:
        openings: The failures that opened it for certain, also again after a trial.
        called: A failure that opened it, and a request that left before a trial was due.
        crowd: More trials at a time than the policy allows.
        kept_away: How many questions were asked while it was open, and called nobody.
        trials: Calls made since it had been open for as long as it should.
    """

    openings: list[ResponseEvent] = field(default_factory=list)
    called: tuple[ResponseEvent, RequestEvent] | None = None
    crowd: list[RequestEvent] = field(default_factory=list)
    kept_away: int = 0
    trials: int = 0


def seen_breaker(
    process: Trace, upstream: str, policy: BreakerPolicy, retries: RetryPolicy | None
) -> SeenBreaker:
    """What is seen of the breaker of an upstream in one process.

    Args:
        process: Its events.
        upstream: Whose breaker.
        policy: What is promised of it.
        retries: What is promised of retries, to tell them from new calls.
    """
    watch = _Watch(policy)
    requests = process.of(RequestEvent)
    calling = {request.ask for request in requests if request.upstream == upstream}
    for event, call in _in_order(process, upstream, retries or _NO_RETRIES):
        if isinstance(event, AskEvent):
            watch.asked(event, calls_for=event.ask in calling)
        elif isinstance(event, RequestEvent) and call is not None:
            if call.attempts[0].request is event:
                watch.began(event, call)
        elif isinstance(event, ResponseEvent) and call is not None:
            watch.ended(event, call)
    return watch.seen


class _Watch:
    """The reference breaker beside the network, where both are certain."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self.seen = SeenBreaker()
        self._policy = policy
        self._failed_calls = 0
        self._failed_attempts = 0
        self._opened: ResponseEvent | None = None
        self._trial_due_s = 0.0
        self._earliest_s = 0.0
        self._trials: dict[int, RequestEvent] = {}

    def asked(self, ask: AskEvent, *, calls_for: bool) -> None:
        """Somebody asks."""
        self.seen.kept_away += self._is_open(ask.at_s) and not calls_for

    def began(self, request: RequestEvent, call: Call) -> None:
        """A call begins: its first request leaves."""
        opened, seen = self._opened, self.seen
        if opened is None or request.at_s <= opened.at_s + TICK_S:
            return
        if self._is_open(request.at_s):
            seen.called = seen.called or (opened, request)
            return
        seen.trials += 1
        self._trials[id(call)] = request
        lease_s = self._policy.trial_lease_s
        together = [
            trial
            for trial in self._trials.values()
            if lease_s is None or request.at_s < trial.at_s + lease_s - TICK_S
        ]
        if len(together) > self._policy.half_open_max_calls and not seen.crowd:
            seen.crowd = together

    def ended(self, response: ResponseEvent, call: Call) -> None:
        """An attempt ends, and perhaps its call."""
        attempt = next(each for each in call.attempts if each.response is response)
        is_over = attempt is call.attempts[-1]
        is_trial = id(call) in self._trials
        if attempt.failed is False or (is_over and self._is_unclear(call)):
            self._close()
        elif self._is_failure(attempt) or not self._is_ignored(attempt):
            self._failed_attempts += 1
            if self._failed_attempts == self._policy.failure_threshold:
                self._earliest_s = response.at_s
        if not is_over:
            return
        self._trials.pop(id(call), None)
        if not all(map(self._is_failure, call.attempts)):
            return
        self._failed_calls += 1
        if is_trial:
            self._earliest_s = min(each.response.at_s for each in call.attempts if each.response)
        elif self._opened is not None or self._failed_calls < self._policy.failure_threshold:
            return
        self._opened = response
        self._trial_due_s = self._earliest_s + self._policy.recovery_timeout_s
        self.seen.openings.append(response)

    def _is_open(self, now_s: float) -> bool:
        return self._opened is not None and now_s < self._trial_due_s - TICK_S

    def _close(self) -> None:
        self._failed_calls = self._failed_attempts = 0
        self._opened = None
        self._trials.clear()

    def _is_failure(self, attempt: Attempt) -> bool:
        response = attempt.response
        if response is None or not attempt.failed:
            return False
        # What broke off after its status may have told the client all that it wanted.
        is_lost = response.error is not None and response.status is None
        return is_lost or response.status in self._policy.always_counted

    def _is_ignored(self, attempt: Attempt) -> bool:
        response = attempt.response
        return response is not None and response.status in self._policy.never_counted

    def _is_unclear(self, call: Call) -> bool:
        """Whether the policy does not say what this counts as.

        What it never counts is no failure. Some libraries take it for a success, since the
        provider has answered, and begin to count anew.
        """
        return not all(map(self._is_failure, call.attempts))


def _in_order(
    process: Trace, upstream: str, retries: RetryPolicy
) -> Iterator[tuple[Event, Call | None]]:
    """The events that matter, each with the call that it belongs to."""
    of: dict[int, Call] = {}
    for call in calls(process, upstream, retries):
        for attempt in call.attempts:
            of[attempt.request.call] = call
    for event in process:
        if isinstance(event, AskEvent):
            yield event, None
        elif isinstance(event, (RequestEvent, ResponseEvent)) and event.upstream == upstream:
            yield event, of.get(event.call)
