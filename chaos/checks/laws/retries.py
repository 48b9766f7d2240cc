"""Laws of retrying: how often, how soon, and what not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from chaos.checks.laws.basis import REFUSALS, RETRIES, WAITS, Basis
from chaos.checks.laws.calls import Attempt, Call, calls, shortest_wait_s
from chaos.checks.laws.law import TICK_S, Law, count, seconds, who
from chaos.checks.record import RunRecord
from chaos.ports import RetryPolicy
from chaos.trace.events import Event
from chaos.verdict import Verdict

ENOUGH_WAITS = 6
"""So many waits of equal jitter are no accident: drawn at random, not even two are."""


class BoundedAttempts(Law):
    """Nothing is asked of an upstream more often than its retry policy allows.

    The bound is for one operation and object: a question may fetch several objects, each with
    attempts of its own.
    """

    name: ClassVar[str] = "bounded-attempts"
    doc: ClassVar[str] = "Never more upstream calls per ask than the policy allows."
    rests_on: ClassVar[Basis] = RETRIES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every call, also those that did not fail; the latter exercise nothing."""
        troubled = most = 0
        for upstream, policy, call in _calls(run):
            attempts = len(call.attempts)
            if attempts > policy.attempts:
                return self.broken(
                    f"{who(call.attempts[0].request)} asked {upstream} for {call.wanted} "
                    f"{count(attempts, 'time')}",
                    expected=f"at most {count(policy.attempts, 'attempt')}",
                    seen=str(attempts),
                    evidence=[attempt.request for attempt in call.attempts],
                )
            if call.troubled:
                troubled += 1
                most = max(most, attempts)
        if not troubled:
            return self.not_exercised(_nothing_failed(run))
        return self.passed(
            f"{count(troubled, 'troubled call')}, none of more than {most} attempts"
        )


class BackoffHonoured(Law):
    """A retry comes as late as the policy and the provider ask, and no later.

    After the n-th failed attempt at one thing, the wait is the n-th backoff or Retry-After,
    whichever is longer, and the jitter on top of it. A policy that promises jitter has to differ
    from wait to wait: callers that failed together would else come back together.
    """

    name: ClassVar[str] = "backoff-honoured"
    doc: ClassVar[str] = "Waits are within the policy, and never shorter than Retry-After."
    rests_on: ClassVar[Basis] = WAITS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge the gap between the end of each failed attempt and the next request."""
        waits = asked = 0
        extra: defaultdict[str, list[tuple[float, Event]]] = defaultdict(list)
        for upstream, policy, call in _calls(run):
            for number, attempt, retry in call.retried:
                response = attempt.response
                if response is None or response.seq > retry.request.seq:
                    continue
                gap_s = attempt.gap_s(retry)
                if attempt.failed is None and gap_s <= TICK_S:
                    # Perhaps no retry at all: a good answer, come late, and the same question
                    # put again.
                    continue
                least_s = shortest_wait_s(policy, number, response)
                most_s = least_s + policy.jitter_s
                if not least_s - TICK_S <= gap_s <= most_s + TICK_S:
                    least, most = seconds(least_s), seconds(most_s)
                    by = "Retry-After" if least_s == response.retry_after_s else "the policy"
                    return self.broken(
                        f"{who(retry.request)} waited {seconds(gap_s)} before attempt "
                        f"{number + 1} at {call.wanted} of {upstream}; {by} asks for {least}",
                        expected=f"between {least} and {most}",
                        seen=seconds(gap_s),
                        evidence=[response, retry.request],
                    )
                waits += 1
                asked += response.retry_after_s is not None
                if policy.jitter_s > 0:
                    extra[upstream].append((gap_s - least_s, retry.request))
        for upstream, found in extra.items():
            in_step = {round(extra_s, 4) for extra_s, _ in found}
            if len(found) >= ENOUGH_WAITS and len(in_step) == 1:
                return self.broken(
                    f"all {len(found)} waits before another attempt at {upstream} have the same "
                    "jitter: callers that fail together come back together",
                    expected="a random part in each wait",
                    seen=f"{seconds(found[0][0])} more than the least, each time",
                    evidence=[request for _, request in found],
                )
        if not waits:
            return self.not_exercised(_nothing_failed(run, "nothing was retried"))
        return self.passed(
            f"{count(waits, 'wait')} within the policy, {asked} after a Retry-After"
        )


class NoDoomedRetry(Law):
    """What cannot succeed is not tried again: statuses the policy rules out, and spent quota."""

    name: ClassVar[str] = "no-doomed-retry"
    doc: ClassVar[str] = "What cannot succeed (400, 401, 403, 404, quota) is not tried again."
    rests_on: ClassVar[Basis] = REFUSALS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge what follows each response that rules out another attempt."""
        doomed = 0
        for upstream, policy, call in _calls(run):
            for attempt in call.attempts:
                doomed += _doomed(attempt, policy) is not None
            for _, attempt, retry in call.retried:
                why = _doomed(attempt, policy)
                if why is not None:
                    shown: list[Event] = [attempt.request, retry.request]
                    return self.broken(
                        f"{who(retry.request)} tried {call.wanted} of {upstream} again "
                        f"after {why}",
                        expected=f"no attempt after {why}",
                        seen=f"another at {seconds(retry.request.at_s)}",
                        evidence=shown,
                    )
        if not doomed:
            return self.not_exercised(
                _nothing_failed(run, "no response ruled out another attempt")
            )
        return self.passed(f"{count(doomed, 'hopeless response')}, none followed by an attempt")


def _doomed(attempt: Attempt, policy: RetryPolicy) -> str | None:
    """Why another attempt cannot succeed; None if it might."""
    response = attempt.response
    if response is None or response.status is None:
        return None
    if dict(response.detail).get("code") == "insufficient_quota":
        return "insufficient_quota"
    return f"status {response.status}" if response.status in policy.never_retried else None


def _calls(run: RunRecord) -> Iterator[tuple[str, RetryPolicy, Call]]:
    for upstream, policy in run.promises.retries.items():
        for call in calls(run.trace, upstream, policy):
            yield upstream, policy, call


def _nothing_failed(run: RunRecord, reason: str = "no call failed") -> str:
    if not run.promises.retries:
        return "the target promises nothing about retries"
    return reason
