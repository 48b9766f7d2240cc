"""The law of stale copies: served only in need, and never passed off as fresh."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from chaos.checks.laws.basis import CACHES, Basis
from chaos.checks.laws.calls import FIRST_ERROR_STATUS
from chaos.checks.laws.law import TICK_S, Law, Owner, count, owner, seconds, who
from chaos.checks.record import RunRecord
from chaos.trace.events import (
    ABSENT,
    STALE,
    AnswerEvent,
    AskEvent,
    ClockEvent,
    Event,
    IndexEvent,
    RequestEvent,
    ResponseEvent,
)
from chaos.trace.trace import Trace
from chaos.verdict import Verdict


class StaleIsSaid(Law):
    """A copy past its time counts as stale, is served only in need, and the answer says so.

    How old a copy is, the trace tells: it is as old as the last answer of its upstream that the
    last refresh rested on. An age that the target reports is judged as well, where there is one.
    A copy from the future (the wall clock stepped back) has an age that tells nothing: it is past
    its time as well, or it would never be refreshed again. In need means: since the last refresh
    that succeeded, one has failed, or one is under way. A target that does not report what it
    serves is judged by its answers in the best mode: those that tell the state of a copy, or, if
    none does, those for which its upstream has not answered, nor anybody else than when the copy
    was made.
    """

    name: ClassVar[str] = "stale-is-said"
    doc: ClassVar[str] = (
        "A stale index is served only after a failed refresh, and the answer says so."
    )
    rests_on: ClassVar[Basis] = CACHES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge everything that was served, and what each answer says of it."""
        caches = run.promises.caches
        if not caches:
            return self.not_exercised("the target promises nothing about a cache")
        # An index event does not say whose copy it is about; the laxest promise is safe.
        fresh_for_s = max(policy.fresh_for_s for policy in caches.values())
        need, age = _Need(frozenset(caches)), _Age(frozenset(caches), run.trace)
        served: dict[int | None, IndexEvent] = {}
        stale = 0
        for event in run.trace:
            need.see(event)
            age.see(event)
            if not isinstance(event, IndexEvent) or event.what != "served":
                continue
            served[event.ask] = event
            told_s, known_s = event.age_s, age.at(event.at_s)
            past = told_s is not None and not -TICK_S <= told_s <= fresh_for_s + TICK_S
            known_past = known_s is not None and known_s > fresh_for_s + TICK_S
            if (past or known_past) and event.state not in {STALE, ABSENT}:
                age_s = known_s if known_past else told_s
                shown: list[Event] = [event]
                if known_past and age.answer is not None:
                    shown.insert(0, age.answer)
                return self.broken(
                    f"{who(event)} was served an outdated copy as {event.state}",
                    expected=f"stale, unless 0s to {seconds(fresh_for_s)} old",
                    seen=f"{event.state}, at age {seconds(age_s or 0.0)}",
                    evidence=shown,
                )
            if event.state == STALE:
                stale += 1
                if not need.is_there and not self._is_about_to_begin(run.trace, event, need):
                    return self.broken(
                        f"{who(event)} was served a stale copy, though no refresh had failed",
                        expected="a refresh first",
                        seen="no refresh failed or in progress",
                        evidence=[event],
                    )
        if not served:
            return self._of_answers(run, fresh_for_s)
        return self._said(run.trace, served) or (
            self.passed(f"{count(stale, 'stale search', 'stale searches')}, each said so")
            if stale
            else self.not_exercised("no stale copy was served")
        )

    def _of_answers(self, run: RunRecord, fresh_for_s: float) -> Verdict:
        """Judge a target that does not report what it serves, by what it answers."""
        caches = frozenset(run.promises.caches)
        age = _Age(caches, run.trace)
        answered_by: defaultdict[int | None, set[str]] = defaultdict(set)
        for response in run.trace.of(ResponseEvent):
            if _is_good(response):
                answered_by[response.ask].add(response.upstream)
        tells = any(answer.index_state is not None for answer in run.trace.of(AnswerEvent))
        asked: dict[int | None, float | None] = {}
        stale = judged = 0
        for event in run.trace:
            age.see(event)
            if isinstance(event, AskEvent):
                asked[event.ask] = age.at(event.at_s)
            if not isinstance(event, AnswerEvent) or event.mode != run.best_mode:
                continue
            # Of one that says nothing of a copy, what its upstream was not called for comes out of
            # one, unless somebody has answered who was not asked when the copy was made.
            mine = answered_by[event.ask]
            at_first = answered_by[age.answer.ask] - caches if age.answer is not None else set()
            is_copied = not mine & caches and mine <= at_first
            from_copy = event.index_state is not None if tells else is_copied
            # A copy that was fresh for the question may have aged while it was answered.
            at_both_s = (asked.get(event.ask), age.at(event.at_s))
            age_s = min((each for each in at_both_s if each is not None), default=None)
            if not from_copy or age_s is None or age.answer is None:
                continue
            judged += 1
            if event.stale or event.index_state in {STALE, ABSENT}:
                stale += 1
            elif age_s > fresh_for_s + TICK_S:
                return self.broken(
                    f"question #{event.ask} was answered from an outdated copy, and the answer "
                    "does not say so",
                    expected=f"answer.stale: true, unless at most {seconds(fresh_for_s)} old",
                    seen=f"answer.stale: false, at age {seconds(age_s)}",
                    evidence=[age.answer, event],
                )
        if stale:
            return self.passed(f"{count(stale, 'stale answer')}, each said so")
        return self.not_exercised(
            "no stale copy was served" if judged else "nothing was served from a cache"
        )

    def _is_about_to_begin(self, trace: Trace, served: IndexEvent, need: _Need) -> bool:
        """Whether someone who had asked before then makes the refresh, at the same instant.

        A refresh is under way from the moment when it is decided on; the trace shows it from its
        first request, and somebody else may be served between the two.
        """
        asking = {event.ask for event in trace[: served.seq] if isinstance(event, AskEvent)}
        asking -= {event.ask for event in trace[: served.seq] if isinstance(event, AnswerEvent)}
        asking -= {served.ask}
        return any(
            need.is_refresh(event) and event.ask in asking
            for event in trace[served.seq :]
            if event.at_s <= served.at_s + TICK_S
        )

    def _said(self, trace: Trace, served: dict[int | None, IndexEvent]) -> Verdict | None:
        for answer in trace.of(AnswerEvent):
            copy = served.get(answer.ask)
            if copy is None or answer.ask is None or answer.mode == "error":
                continue
            if answer.stale != (copy.state == STALE):
                return self.broken(
                    f"question #{answer.ask} was served a {copy.state} index, but its answer says "
                    "otherwise",
                    expected=f"answer.stale: {str(copy.state == 'stale').lower()}",
                    seen=f"answer.stale: {str(answer.stale).lower()}",
                    evidence=[copy, answer],
                )
        return None


class _Need:
    """Whether there is cause to serve a stale copy."""

    def __init__(self, upstreams: frozenset[str]) -> None:
        self._upstreams = upstreams
        self._failed = False
        self._refreshing: set[Owner] = set()

    @property
    def is_there(self) -> bool:
        return self._failed or bool(self._refreshing)

    def is_refresh(self, event: Event) -> bool:
        """Whether the event is a request of a refresh: only refreshes ask these upstreams."""
        return isinstance(event, RequestEvent) and event.upstream in self._upstreams

    def see(self, event: Event) -> None:
        if self.is_refresh(event):
            # It is under way until its end is reported, also while it waits between two attempts.
            self._refreshing.add(owner(event))
        elif isinstance(event, IndexEvent) and event.what in {"updated", "unchanged", "failed"}:
            self._refreshing.discard(owner(event))
            self._failed = event.what == "failed"


def _is_good(response: ResponseEvent) -> bool:
    status = response.status
    return status is not None and status < FIRST_ERROR_STATUS and response.error is None


_REFRESHED = frozenset({"updated", "unchanged"})


class _Age:
    """How old the copy is that a target has, by what its upstream has answered.

    Attributes:
        answer: The answer that it is as old as; None as long as the trace has none.
    """

    def __init__(self, upstreams: frozenset[str], trace: Trace) -> None:
        self._upstreams = upstreams
        # A target that reports its refreshes may read other things from the upstream as well.
        self._reports = any(event.what in _REFRESHED for event in trace.of(IndexEvent))
        self._latest: ResponseEvent | None = None
        self._stepped_s = 0.0
        self.answer: ResponseEvent | None = None

    def see(self, event: Event) -> None:
        """Take note of what happened next."""
        if isinstance(event, ResponseEvent):
            if event.upstream in self._upstreams and _is_good(event):
                self._latest = event
                if not self._reports:
                    self._rests_on(event)
        elif isinstance(event, IndexEvent) and event.what in _REFRESHED:
            self._rests_on(self._latest)
        elif isinstance(event, ClockEvent):
            self._stepped_s += event.step_s

    def at(self, now_s: float) -> float | None:
        """Its age at a time; None if the trace does not tell it.

        A service may go by the wall clock, which may have been stepped, or by another: the younger
        of the two ages is held against it. By a clock that was set back behind the download, the
        copy comes from the future, which tells nothing of its age.
        """
        if self.answer is None:
            return None
        elapsed_s = now_s - self.answer.at_s
        by_the_wall_s = elapsed_s + self._stepped_s
        return elapsed_s if by_the_wall_s < -TICK_S else min(elapsed_s, by_the_wall_s)

    def _rests_on(self, answer: ResponseEvent | None) -> None:
        if answer is not None:
            self.answer, self._stepped_s = answer, 0.0
