"""The law of stale copies: served only in need, and never passed off as fresh."""

from __future__ import annotations

from typing import ClassVar

from chaos.checks.laws.basis import CACHES, Basis
from chaos.checks.laws.law import TICK_S, Law, Owner, count, owner, seconds, who
from chaos.checks.record import RunRecord
from chaos.trace.events import AnswerEvent, AskEvent, Event, IndexEvent, RequestEvent
from chaos.trace.trace import Trace
from chaos.verdict import Verdict


class StaleIsSaid(Law):
    """A copy past its time counts as stale, is served only in need, and the answer says so.

    A copy from the future (the wall clock stepped back) has an age that tells nothing: it is past
    its time as well, or it would never be refreshed again. In need means: since the last refresh
    that succeeded, one has failed, or one is under way.
    """

    name: ClassVar[str] = "stale-is-said"
    doc: ClassVar[str] = "A stale index is served only after a failed refresh, and says so."
    rests_on: ClassVar[Basis] = CACHES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge everything that was served, and what each answer says of it."""
        caches = run.promises.caches
        if not caches:
            return self.not_exercised("the target promises nothing about a cache")
        # An index event does not say whose copy it is about; the laxest promise is safe.
        fresh_for_s = max(policy.fresh_for_s for policy in caches.values())
        need = _Need(frozenset(caches))
        served: dict[int | None, IndexEvent] = {}
        stale = 0
        for event in run.trace:
            need.see(event)
            if not isinstance(event, IndexEvent) or event.what != "served":
                continue
            served[event.ask] = event
            age_s = event.age_s
            past = age_s is not None and not -TICK_S <= age_s <= fresh_for_s + TICK_S
            if past and event.state != "stale":
                return self.broken(
                    f"{who(event)} was served a copy past its time as {event.state}",
                    expected=f"stale, unless between 0s and {seconds(fresh_for_s)} old",
                    seen=f"{event.state}, at the age of {seconds(age_s or 0.0)}",
                    evidence=[event],
                )
            if event.state == "stale":
                stale += 1
                if not need.is_there and not self._is_about_to_begin(run.trace, event, need):
                    return self.broken(
                        f"{who(event)} was served a stale copy though no refresh had failed",
                        expected="a refresh first",
                        seen="none failed, none under way",
                        evidence=[event],
                    )
        return self._said(run.trace, served) or (
            self.passed(f"{count(stale, 'stale search', 'stale searches')}, each said so")
            if stale
            else self.not_exercised("nothing stale was served")
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
            index = served.get(answer.ask)
            if index is None or answer.ask is None or answer.mode == "error":
                continue
            if answer.stale != (index.state == "stale"):
                return self.broken(
                    f"ask {answer.ask} was served a {index.state} index, and its answer denies it",
                    expected=f"answer.stale: {str(index.state == 'stale').lower()}",
                    seen=f"answer.stale: {str(answer.stale).lower()}",
                    evidence=[index, answer],
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
