"""Requests of a trace put together into calls: a first attempt and the retries that follow it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from chaos.checks.laws.law import TICK_S, Owner, owner
from chaos.ports import CONNECT, RetryPolicy
from chaos.trace.events import AnswerEvent, RequestEvent, ResponseEvent, StepEvent
from chaos.trace.trace import Trace

FIRST_ERROR_STATUS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request and how it ended.

    Attributes:
        request: When it started.
        response: How it ended; None if the run ended first.
        failed: Whether it failed. None if the trace cannot tell: a 200 that a fault touched may
            have been a good answer that came late, or a bad one.
    """

    request: RequestEvent
    response: ResponseEvent | None
    failed: bool | None

    @property
    def connects(self) -> bool:
        """Whether it came no further than to connecting; for what, nobody knows."""
        return self.request.operation == CONNECT

    def gap_s(self, following: Attempt) -> float:
        """Seconds between the end of this attempt and the start of the next."""
        assert self.response is not None, "an attempt without an end has no gap after it"
        return following.request.at_s - self.response.at_s


@dataclass(slots=True)
class Call:
    """The attempts made at one thing, in order; never empty."""

    attempts: list[Attempt]

    @property
    def retried(self) -> Iterator[tuple[int, Attempt, Attempt]]:
        """Each attempt that was followed by another, with its number from 1."""
        for number, (attempt, following) in enumerate(pairwise(self.attempts), start=1):
            yield number, attempt, following

    @property
    def troubled(self) -> bool:
        """Whether any attempt certainly failed."""
        return any(attempt.failed for attempt in self.attempts)

    @property
    def only_connects(self) -> bool:
        """Whether no attempt came as far as saying what was wanted."""
        return all(attempt.connects for attempt in self.attempts)

    @property
    def wanted(self) -> str:
        """What was asked for, for a sentence."""
        said = [attempt.request for attempt in self.attempts if not attempt.connects]
        request = said[0] if said else self.attempts[0].request
        return f"{request.operation} {request.object}" if request.object else request.operation


def asked_pause_s(response: ResponseEvent) -> float | None:
    """For how long a refusal asks callers to stay away; None if it is none, or does not ask.

    Example:
        >>> asked_pause_s(ResponseEvent(seq=0, at_s=0, actor="u", call=1, upstream="x",
        ...     operation="y", status=429, retry_after_s=20.0))
        20.0
    """
    if response.status is None or response.status < FIRST_ERROR_STATUS:
        return None
    length_s = response.retry_after_s
    if length_s is None and response.said is not None:
        length_s = response.said.pause_s
    return length_s if length_s is not None and length_s > 0 else None


def shortest_wait_s(policy: RetryPolicy, failures: int, response: ResponseEvent) -> float:
    """The least a retry must wait after this many failed attempts, the last ending so.

    Example:
        >>> policy = RetryPolicy(attempts=4, first_backoff_s=2, max_backoff_s=5, jitter_s=1)
        >>> answer = ResponseEvent(seq=0, at_s=0.0, actor="u", call=1, upstream="x", operation="y")
        >>> [shortest_wait_s(policy, failures, answer) for failures in (1, 2, 3)]
        [2.0, 4.0, 5.0]
    """
    backoff_s = _backoff_s(policy, failures) * (1 - policy.shorter_by)
    pause_s = asked_pause_s(response) or 0.0
    # One that is longer than the policy keeps may be kept, and need not be.
    return backoff_s if pause_s > policy.longest_pause_s else max(backoff_s, pause_s)


def longest_wait_s(policy: RetryPolicy, failures: int, response: ResponseEvent) -> float:
    """The most that it may wait.

    Example:
        >>> policy = RetryPolicy(
        ...     attempts=3, first_backoff_s=2, max_backoff_s=8, jitter_s=0, shorter_by=0.25)
        >>> answer = ResponseEvent(seq=0, at_s=0.0, actor="u", call=1, upstream="x", operation="y")
        >>> shortest_wait_s(policy, 1, answer), longest_wait_s(policy, 1, answer)
        (1.5, 2.0)
    """
    return max(_backoff_s(policy, failures), asked_pause_s(response) or 0.0) + policy.jitter_s


def _backoff_s(policy: RetryPolicy, failures: int) -> float:
    """The wait after this many failures, without its random part."""
    backoff_s = min(policy.first_backoff_s, policy.max_backoff_s)
    for _ in range(failures - 1):
        # Step by step, since a power of a large multiplier is an OverflowError.
        backoff_s = min(backoff_s * policy.multiplier, policy.max_backoff_s)
    return float(backoff_s)


def calls(trace: Trace, upstream: str, policy: RetryPolicy) -> list[Call]:
    """Every call to ``upstream``, in the order they began.

    Requests for the same operation and object on behalf of the same question (or, outside
    questions, of the same actor in the same step) belong to one call as long as attempts fail.
    A good response ends a call: whoever asks again wants something new. So does a response that
    may have been good, unless the very next request repeats it.

    An attempt that fails to connect does not say for what. If only one thing was asked for at all,
    it was for that. Else it belongs to the call whose attempts come before or after it, if it
    keeps that call's pauses, and begins another if not.

    Work that goes on behind a question (a refresh in a background thread) keeps that question's
    number for as long as it lives, perhaps over many rounds. Once the question is answered, a
    request is therefore a retry only if it comes before the longest backoff is over.
    """
    attempts = _attempts(trace, upstream)
    answered = {event.ask: event.seq for event in trace.of(AnswerEvent)}
    steps = _steps(trace)
    one_thing = _asked_for_alone(attempts, steps)
    found: list[Call] = []
    current: dict[object, Call] = {}
    latest: dict[_By, Call] = {}
    for attempt in attempts:
        request = attempt.request
        by = _whose(request, steps)
        wanted = one_thing.get(by) if attempt.connects else None
        thing = (by, wanted or (request.operation, request.object))
        call, before = current.get(thing), latest.get(by)
        asked = request.ask is not None and request.seq < answered.get(request.ask, len(trace))
        if before is not None and _is_retry_by_its_pause(before, attempt, policy):
            call = before
        elif call is None or not _continues(
            call, attempt, policy, patient=asked, adjacent=before is call
        ):
            call = Call([])
            found.append(call)
        call.attempts.append(attempt)
        current[thing] = latest[by] = call
    return found


_By = tuple[Owner, int | None]
"""On whose behalf, and outside of questions, in which step."""


def _whose(request: RequestEvent, steps: Mapping[int, int]) -> _By:
    return owner(request), steps.get(request.seq) if request.ask is None else None


def _asked_for_alone(
    attempts: Iterable[Attempt], steps: Mapping[int, int]
) -> dict[_By, tuple[str, str | None]]:
    """Operation and object by whom nothing else was asked for, beside attempts to connect."""
    things: defaultdict[_By, set[tuple[str, str | None]]] = defaultdict(set)
    for attempt in attempts:
        request = attempt.request
        if not attempt.connects:
            things[_whose(request, steps)].add((request.operation, request.object))
    return {by: next(iter(wanted)) for by, wanted in things.items() if len(wanted) == 1}


def _is_retry_by_its_pause(call: Call, attempt: Attempt, policy: RetryPolicy) -> bool:
    """Whether ``attempt``, which may be for something else, comes when a retry is due.

    So it may be where one of the two came no further than to connecting.
    """
    if attempt.connects == call.only_connects:
        return False
    last, failures = call.attempts[-1], len(call.attempts)
    if last.response is None or not last.failed or failures >= policy.attempts:
        return False
    least_s = shortest_wait_s(policy, failures, last.response)
    most_s = longest_wait_s(policy, failures, last.response)
    return least_s - TICK_S <= last.gap_s(attempt) <= most_s + TICK_S


def _continues(
    call: Call, attempt: Attempt, policy: RetryPolicy, *, patient: bool, adjacent: bool
) -> bool:
    """Whether ``attempt`` is a retry of ``call``; ``patient``: however long it took to come."""
    before = call.attempts[-1]
    if before.response is None or before.response.seq > attempt.request.seq:
        return True
    if before.failed is False or (before.failed is None and not adjacent):
        return False
    failures, gap_s = len(call.attempts), before.gap_s(attempt)
    if attempt.connects and failures >= policy.attempts:
        # Given up, if there is no pause: what is connected for now is something else.
        return gap_s >= shortest_wait_s(policy, failures, before.response) - TICK_S
    longest_s = longest_wait_s(policy, failures, before.response)
    return patient or gap_s <= longest_s + TICK_S


def _attempts(trace: Trace, upstream: str) -> list[Attempt]:
    responses: dict[int, ResponseEvent] = {}
    for response in trace.of(ResponseEvent):
        responses.setdefault(response.call, response)
    # A stand-in that says the text of one answer says that of every answer that has one.
    speaking = {
        (response.upstream, response.operation)
        for response in responses.values()
        if response.said is not None and response.said.text is not None
    }
    attempts = []
    for request in trace.of(RequestEvent):
        if request.upstream != upstream:
            continue
        end = responses.get(request.call)
        speaks = (upstream, request.operation) in speaking
        failed = None if end is None else _failed(end, speaks=speaks)
        attempts.append(Attempt(request=request, response=end, failed=failed))
    return attempts


def _failed(response: ResponseEvent, *, speaks: bool) -> bool | None:
    status, said = response.status, response.said
    if status is None or status >= FIRST_ERROR_STATUS:
        return True
    if response.error is not None:
        # "Closed" says only that the client read no further: it may have had all it wanted.
        return None if response.error == "Closed" else True
    if said is not None and said.ended == "failed":
        # An error in the middle of a good status.
        return True
    if not response.faults:
        return False
    if said is None:
        return True if speaks else None
    return False if said.whole and said.text is not None else None


def _steps(trace: Trace) -> dict[int, int]:
    """Request's position to the number of steps its actor had begun by then."""
    begun: defaultdict[str, int] = defaultdict(int)
    steps = {}
    for event in trace:
        if isinstance(event, StepEvent) and event.phase == "begin":
            begun[event.actor] += 1
        elif isinstance(event, RequestEvent):
            steps[event.seq] = begun[event.actor]
    return steps
