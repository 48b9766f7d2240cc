"""Laws of retrying: how often, how soon, and what not at all."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from chaos.checks.laws import jitter
from chaos.checks.laws.basis import RETRIES, WAITS, Basis
from chaos.checks.laws.calls import (
    Attempt,
    Call,
    asked_pause_s,
    longest_wait_s,
    shortest_wait_s,
)
from chaos.checks.laws.law import TICK_S, Law, count, seconds, who
from chaos.checks.laws.trouble import promised_calls, why_untried
from chaos.checks.record import RunRecord
from chaos.ports import RetryPolicy
from chaos.promises import USUALLY_HOPELESS
from chaos.trace.events import AskEvent, Event, ResponseEvent
from chaos.verdict import Verdict


class BoundedAttempts(Law):
    """Nothing is asked of an upstream more often than its retry policy allows.

    The bound is for one operation and object: a question may fetch several objects, each with
    attempts of its own.
    """

    name: ClassVar[str] = "bounded-attempts"
    doc: ClassVar[str] = "No request is attempted more often than the policy allows."
    rests_on: ClassVar[Basis] = RETRIES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every call, also those that did not fail; the latter exercise nothing."""
        troubled = most = 0
        for upstream, policy, call in promised_calls(run):
            attempts = len(call.attempts)
            if attempts > policy.attempts:
                return self.broken(
                    f"{who(call.attempts[0].request)} made {count(attempts, 'attempt')} at "
                    f"{call.wanted} of {upstream}",
                    expected=f"at most {count(policy.attempts, 'attempt')}",
                    seen=str(attempts),
                    evidence=[attempt.request for attempt in call.attempts],
                )
            if call.troubled:
                troubled += 1
                most = max(most, attempts)
        if not troubled:
            return self.not_exercised(why_untried(run, "no request failed"))
        return self.passed(
            f"{count(troubled, 'failed call')}, none with more than {count(most, 'attempt')}"
        )


class BackoffHonoured(Law):
    """A retry comes as late as the policy and the provider ask, and no later.

    After the n-th failed attempt at one thing, the wait is the n-th backoff or Retry-After,
    whichever is longer, with the random part that the policy promises: added to it, or taken off
    the backoff. A promised random part has to be there in every kind of wait, also where waits
    have stopped growing: callers that failed together would else come back together. How that is
    tested, and how often it errs, stands in `chaos.checks.laws.jitter`.
    """

    name: ClassVar[str] = "backoff-honoured"
    doc: ClassVar[str] = (
        "Waits follow the policy, and are never shorter than the pause that a provider asks for."
    )
    rests_on: ClassVar[Basis] = WAITS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge the gap between the end of each failed attempt and the next request."""
        waits = asked = 0
        alike: defaultdict[tuple[str, float, float], list[jitter.Wait]] = defaultdict(list)
        for upstream, policy, call in promised_calls(run):
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
                most_s = longest_wait_s(policy, number, response)
                if not least_s - TICK_S <= gap_s <= most_s + TICK_S:
                    least, most = seconds(least_s), seconds(most_s)
                    by = _who_asks(response, least_s)
                    return self.broken(
                        f"{who(retry.request)} waited {seconds(gap_s)} before attempt "
                        f"{number + 1} at {call.wanted} of {upstream}; {by} asks for {least}",
                        expected=f"between {least} and {most}",
                        seen=seconds(gap_s),
                        evidence=[response, retry.request],
                    )
                waits += 1
                asked += response.retry_after_s is not None
                if policy.shorter_by and asked_pause_s(response):
                    # What may be taken off a backoff, may not be taken off a pause: where the two
                    # meet, the wait is the pause itself, again and again.
                    continue
                alike[upstream, least_s, most_s].append(
                    jitter.Wait(
                        request=retry.request,
                        extra_s=gap_s - least_s,
                        is_whole=_would_be_seen(run, call, response, most_s),
                    )
                )
        for (upstream, least_s, most_s), found in alike.items():
            flaw = jitter.flaw(found, most_s - least_s)
            if flaw is not None:
                return self.broken(
                    f"waits of {seconds(least_s)} before a retry to {upstream} lack the promised "
                    "jitter: callers that fail together retry together",
                    expected=f"jitter of up to {seconds(most_s - least_s)} in each wait",
                    seen=flaw.seen,
                    evidence=[wait.request for wait in flaw.waits],
                )
        if not waits:
            return self.not_exercised(why_untried(run, "no failed request was retried"))
        return self.passed(
            f"{count(waits, 'wait')} within the policy, {asked} after a Retry-After"
        )


def _who_asks(response: ResponseEvent, least_s: float) -> str:
    """Whoever wants a wait to be so long, for a sentence."""
    if least_s == response.retry_after_s:
        return "Retry-After"
    return "the provider" if least_s == asked_pause_s(response) else "the policy"


def _would_be_seen(run: RunRecord, call: Call, response: ResponseEvent, most_s: float) -> bool:
    """Whether the deadline leaves room for the longest wait, and another attempt after it."""
    deadline_s = run.promises.deadline_s
    if deadline_s is None:
        return True
    asked = next((ask for ask in run.trace.of(AskEvent) if ask.ask == response.ask), None)
    if asked is None:
        return False
    longest_s = max(
        (attempt.response.elapsed_s for attempt in call.attempts if attempt.response), default=0.0
    )
    return response.at_s + most_s + 2 * longest_s < asked.at_s + deadline_s


class NoDoomedRetry(Law):
    """What cannot succeed is not tried again.

    That is what the provider's answer rules out, as its stand-in says (a spent quota, a request
    that makes no sense), and what the policy does.
    """

    name: ClassVar[str] = "no-doomed-retry"
    doc: ClassVar[str] = "A request that cannot succeed, such as an invalid one, is not retried."
    rests_on: ClassVar[Basis] = RETRIES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge what follows each response that rules out another attempt."""
        doomed = 0
        for upstream, policy, call in promised_calls(run):
            for attempt in call.attempts:
                doomed += _doomed(attempt, policy) is not None
            for _, attempt, retry in call.retried:
                why = _doomed(attempt, policy)
                if why is not None:
                    shown: list[Event] = [attempt.request, retry.request]
                    return self.broken(
                        f"{who(retry.request)} retried {call.wanted} of {upstream} after {why}",
                        expected=f"no retry after {why}",
                        seen=f"a retry at {seconds(retry.request.at_s)}",
                        evidence=shown,
                    )
        if not doomed:
            return self.not_exercised(
                why_untried(run, "a retry could have helped after every response")
            )
        return self.passed(f"{count(doomed, 'permanent failure')}, none retried")


def _doomed(attempt: Attempt, policy: RetryPolicy) -> str | None:
    """Why another attempt cannot succeed; None if it might."""
    response = attempt.response
    if response is None or response.status is None:
        return None
    said = response.said
    # A promise of one's own rules out what the provider would allow; the default does not.
    allowed = policy.never_retried == USUALLY_HOPELESS and bool(said and said.retry_can_help)
    if response.status in policy.never_retried and not allowed:
        return f"status {response.status}"
    if said is not None and said.ended == "failed" and said.retry_can_help is False:
        return f"status {response.status}, which a retry cannot change"
    return None
