"""The law of pauses: who is asked to stay away, stays away, with every question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chaos.checks.laws.basis import RETRIES, Basis
from chaos.checks.laws.calls import asked_pause_s
from chaos.checks.laws.law import Law, count, owner, seconds, who
from chaos.checks.laws.processes import processes
from chaos.checks.laws.trouble import requested
from chaos.checks.record import RunRecord
from chaos.ports import RetryPolicy
from chaos.trace.events import RequestEvent, ResponseEvent
from chaos.verdict import Verdict


class PausesKept(Law):
    """While a provider has asked for a pause, no question asks it for the same operation.

    ``Retry-After``, and what a provider says in headers of its own, are about the caller and not
    about one question. A request that had left before the pause was asked for is no breach, nor
    is one of a new process: it has not heard of the pause.
    """

    name: ClassVar[str] = "pauses-kept"
    doc: ClassVar[str] = (
        "While a provider asks for a pause (`Retry-After`), no question sends it a request."
    )
    rests_on: ClassVar[Basis] = RETRIES

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every request that follows a pause."""
        pauses = 0
        for process in processes(run.trace):
            for upstream, policy in run.promises.retries.items():
                watch = _Pauses(upstream, policy, run.tick_s)
                for event in process:
                    breach = watch.see(event) if isinstance(event, _SEEN) else None
                    if breach is not None:
                        return self._breach(*breach)
                pauses += watch.pauses
        if not run.promises.retries:
            return self.not_exercised("the target promises nothing about retries")
        if not requested(run, run.promises.retries):
            return self.not_exercised(
                f"no request was sent to {' or '.join(run.promises.retries)}"
            )
        if not pauses:
            return self.not_exercised("no provider asked for a pause")
        return self.passed(f"{count(pauses, 'pause')}, all kept")

    def _breach(self, pause: _Pause, request: RequestEvent) -> Verdict:
        left_s = pause.until_s - request.at_s
        return self.broken(
            f"{who(request)} sent a request to {request.upstream} at {seconds(request.at_s)}, "
            f"during the pause that the provider asked for at {seconds(pause.asked.at_s)}",
            expected=f"no request before {seconds(pause.until_s)}",
            seen=f"a request {seconds(left_s)} earlier",
            evidence=[pause.asked, request],
        )


_SEEN = (RequestEvent, ResponseEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pause:
    asked: ResponseEvent
    until_s: float


class _Pauses:
    """The pauses that one upstream has asked one process for."""

    def __init__(self, upstream: str, policy: RetryPolicy, tick_s: float) -> None:
        self._upstream = upstream
        self._longest_s = policy.longest_pause_s
        self._tick_s = tick_s
        self._by_operation: dict[str, _Pause] = {}
        self.pauses = 0

    def see(self, event: RequestEvent | ResponseEvent) -> tuple[_Pause, RequestEvent] | None:
        """Take note of what happened next; returns a pause and the request that breaks it."""
        if event.upstream != self._upstream:
            return None
        if isinstance(event, ResponseEvent):
            self._note(event)
            return None
        pause = self._by_operation.get(event.operation)
        if pause is None or event.at_s >= pause.until_s - self._tick_s:
            return None
        # Somebody else, at the very moment at which it was asked for, cannot know of it yet.
        is_news = event.at_s <= pause.asked.at_s + self._tick_s and owner(event) != owner(
            pause.asked
        )
        return None if is_news else (pause, event)

    def _note(self, response: ResponseEvent) -> None:
        length_s = asked_pause_s(response)
        if length_s is None:
            return
        self.pauses += 1
        until_s = response.at_s + min(length_s, self._longest_s)
        before = self._by_operation.get(response.operation)
        if before is None or until_s > before.until_s:
            self._by_operation[response.operation] = _Pause(asked=response, until_s=until_s)
