"""Laws of what goes wrong where nobody looks: lost errors, and loops that are held up."""

from __future__ import annotations

from typing import ClassVar, Literal

from chaos.checks.laws.basis import ANSWERS, LOOPS, Basis
from chaos.checks.laws.law import Law, count, seconds, who
from chaos.checks.record import RunRecord
from chaos.trace.events import AskEvent, MishapEvent
from chaos.verdict import Verdict


class NoErrorIsLost(Law):
    """What goes wrong in a thread, a task, a future or a callback is looked at by somebody."""

    name: ClassVar[str] = "no-error-is-lost"
    doc: ClassVar[str] = (
        "No error in a thread, a task or a future is lost, and no task is abandoned."
    )
    rests_on: ClassVar[Basis] = ANSWERS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge everything that was lost in the run."""
        lost = _mishaps(run, "lost")
        if lost:
            return self.broken(
                f"{lost[0].how}, for {who(lost[0])}",
                expected="no lost error",
                seen=count(len(lost), "loss", "losses"),
                evidence=lost,
            )
        if not run.trace.of(AskEvent):
            return self.not_exercised("no question was asked")
        return self.passed("no error was lost")


class LoopIsNeverBlocked(Law):
    """No coroutine holds up its event loop: while it does, nobody else there is served."""

    name: ClassVar[str] = "loop-is-never-blocked"
    doc: ClassVar[str] = "No coroutine blocks its event loop for a tenth of a second or longer."
    rests_on: ClassVar[Basis] = LOOPS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every time that a loop was held up."""
        blocked = _mishaps(run, "blocked")
        if blocked:
            longest = max(blocked, key=lambda each: each.seconds)
            return self.broken(
                f"{longest.how} blocked its event loop, for {who(longest)}",
                expected="less than 0.1s",
                seen=seconds(longest.seconds),
                evidence=blocked,
            )
        if not run.has_loops:
            return self.not_exercised("no event loop ran")
        return self.passed("no event loop was blocked")


def _mishaps(run: RunRecord, what: Literal["lost", "blocked"]) -> list[MishapEvent]:
    return [event for event in run.trace.of(MishapEvent) if event.what == what]
