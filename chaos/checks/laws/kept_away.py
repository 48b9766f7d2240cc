"""Questions that a breaker keeps away from a provider without a cause.

A breaker that reports nothing may open on what its policy never counts, or on the failures of
another provider. The network shows it: somebody is called no more, though nothing that counts has
happened there. A service has other reasons to call nobody, so it is accused only where they do not
fit: nobody else was waiting, nothing else had failed for the question, and a copy of a refusal
would have kept it away before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from chaos.checks.laws.calls import Call, asked_pause_s, calls
from chaos.checks.laws.law import TICK_S
from chaos.checks.laws.seen_breakers import seen_breaker
from chaos.ports import BreakerPolicy, Promises, RetryPolicy
from chaos.trace.events import AnswerEvent, AskEvent, Event, RequestEvent, ResponseEvent
from chaos.trace.trace import Trace

_NO_RETRIES = RetryPolicy(attempts=1, first_backoff_s=0.0, max_backoff_s=0.0, jitter_s=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAway:
    """A question for which nobody was called.

    Attributes:
        ask: The question.
        answer: What it got, less than the best.
        opened: What the breaker took for a cause.
    """

    ask: AskEvent
    answer: AnswerEvent
    opened: ResponseEvent


@dataclass(slots=True)
class KeptOpen:
    """What is seen of a breaker that has no cause to be open.

    Attributes:
        by_mistakes: A question that mistakes of callers kept away.
        by_another: One that the failures of another provider kept away.
        let_through: How often somebody was called after so many mistakes.
    """

    by_mistakes: KeptAway | None = None
    by_another: KeptAway | None = None
    let_through: int = 0


def kept_away(process: Trace, upstream: str, promises: Promises, best_mode: str) -> KeptOpen:
    """What is seen of the breaker of an upstream in one process.

    Args:
        process: Its events.
        upstream: Whose breaker; one that is promised.
        promises: What the target promises.
        best_mode: How it answers while all is well.
    """
    watch = _Watch(process, upstream, promises.breakers[upstream], best_mode)
    watch.others = [
        (opened, opened.at_s + policy.recovery_timeout_s)
        for other, policy in promises.breakers.items()
        if other != upstream and not watch.shares_a_question(other)
        for opened in seen_breaker(process, other, policy, promises.retries.get(other)).openings
    ]
    ends = _ends(process, upstream, promises.retries.get(upstream) or _NO_RETRIES)
    for event in process:
        watch.see(event, ends)
    return watch.seen


def _ends(process: Trace, upstream: str, retries: RetryPolicy) -> Mapping[int, Call]:
    """Each call by the position of the response that ended it."""
    found = calls(process, upstream, retries)
    last = ((call.attempts[-1].response, call) for call in found)
    return {response.seq: call for response, call in last if response is not None}


@dataclass(slots=True)
class _Streak:
    """The calls since the last good one, as long as nothing but mistakes of callers is in it."""

    calls: list[Call] = field(default_factory=list)
    is_clear: bool = True

    @property
    def last(self) -> ResponseEvent | None:
        return self.calls[-1].attempts[-1].response if self.calls else None

    def opens(self, policy: BreakerPolicy) -> bool:
        """Whether just so many are in it as would open the breaker if they were counted."""
        attempts = sum(len(call.attempts) for call in self.calls)
        return self.is_clear and len(self.calls) <= policy.failure_threshold <= attempts


class _Watch:
    def __init__(
        self, process: Trace, upstream: str, policy: BreakerPolicy, best_mode: str
    ) -> None:
        self.seen = KeptOpen()
        self.others: Sequence[tuple[ResponseEvent, float]] = ()
        self._upstream = upstream
        self._policy = policy
        self._best_mode = best_mode
        self._streak = _Streak()
        self._asks = {ask.ask: ask for ask in process.of(AskEvent)}
        self._answers = {answer.ask: answer for answer in process.of(AnswerEvent)}
        self._called: defaultdict[int | None, set[str]] = defaultdict(set)
        self._by_question: defaultdict[str, set[str]] = defaultdict(set)
        for request in process.of(RequestEvent):
            self._called[request.ask].add(request.upstream)
            if (ask := self._asks.get(request.ask)) is not None:
                self._by_question[ask.question].add(request.upstream)
        self._was_good: dict[str, bool] = {}
        self._waiting: set[int | None] = set()

    def shares_a_question(self, other: str) -> bool:
        """Whether any question needs both: then the one may be what the other waits for."""
        return any({other, self._upstream} <= called for called in self._by_question.values())

    def see(self, event: Event, ends: Mapping[int, Call]) -> None:
        """Take note of what happened next."""
        if isinstance(event, AskEvent):
            if not self._waiting:
                self._asked(event)
            self._waiting.add(event.ask)
        elif isinstance(event, AnswerEvent):
            self._waiting.discard(event.ask)
        elif isinstance(event, ResponseEvent) and event.seq in ends:
            self._ended(event, ends[event.seq])

    def _ended(self, response: ResponseEvent, call: Call) -> None:
        is_good = call.attempts[-1].failed is False
        if (ask := self._asks.get(response.ask)) is not None:
            self._was_good[ask.question] = is_good
        statuses = {each.response.status for each in call.attempts if each.response}
        if is_good:
            self._streak = _Streak()
        elif statuses <= self._policy.never_counted and asked_pause_s(response) is None:
            self._streak.calls.append(call)
        else:
            self._streak.is_clear = False

    def _asked(self, ask: AskEvent) -> None:
        answer = self._answers.get(ask.ask)
        if self._upstream in self._called[ask.ask]:
            self.seen.let_through += self._streak.opens(self._policy)
            return
        # Who asks nobody else either, and was called for before, has no other reason to be away.
        is_idle = not self._called[ask.ask] and self._upstream in self._by_question[ask.question]
        if answer is None or answer.mode == self._best_mode or not is_idle:
            return
        was_good = self._was_good.get(ask.question)
        last = self._streak.last
        if last is not None and self._streak.opens(self._policy):
            soon = ask.at_s < last.at_s + self._policy.recovery_timeout_s - TICK_S
            if soon and (was_good or self._is_no_copy(ask)) and self.seen.by_mistakes is None:
                self.seen.by_mistakes = KeptAway(ask=ask, answer=answer, opened=last)
        if was_good and not self._streak.calls and self._streak.is_clear:
            for opened, until_s in self.others:
                if opened.seq < ask.seq and ask.at_s < until_s - TICK_S:
                    self.seen.by_another = self.seen.by_another or KeptAway(
                        ask=ask, answer=answer, opened=opened
                    )

    def _is_no_copy(self, ask: AskEvent) -> bool:
        """Whether a copy of the refusal, kept for some time, would have kept it away before."""
        times = [
            call.attempts[0].request.at_s
            for call in self._streak.calls
            if (mine := self._asks.get(call.attempts[0].request.ask)) is not None
            and mine.question == ask.question
        ]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        return bool(gaps) and min(gaps) <= ask.at_s - times[-1] + TICK_S
