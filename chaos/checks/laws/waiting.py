"""The law of waiting: nobody is ready to wait for ever."""

from __future__ import annotations

from typing import ClassVar

from chaos.checks.laws.basis import REQUESTS, Basis
from chaos.checks.laws.law import Law, count, who
from chaos.checks.record import RunRecord
from chaos.trace.events import RequestEvent, ResponseEvent
from chaos.verdict import Verdict


class NoEndlessWait(Law):
    """Every request is sent by somebody who would stop waiting for its answer some day.

    The limit may be a timeout of the socket or a timer of the event loop, around one read or
    around everything. Whether the answer came at once does not matter: without a limit, the day
    on which it does not come takes the thread with it.
    """

    name: ClassVar[str] = "no-endless-wait"
    doc: ClassVar[str] = "No request is sent without a timeout."
    rests_on: ClassVar[Basis] = REQUESTS

    def judge(self, run: RunRecord, /) -> Verdict:
        """Judge every request that has ended."""
        ended = run.trace.of(ResponseEvent)
        endless = [response for response in ended if response.unbounded]
        if endless:
            first = endless[0]
            return self.broken(
                f"{first.operation} of {first.upstream}, for {who(first)}, has no timeout: it "
                "would wait forever",
                expected="a read timeout, or a timeout around the call",
                seen=f"none in {len(endless)} of {count(len(ended), 'request')}",
                evidence=endless,
            )
        if not ended:
            sent = run.trace.of(RequestEvent)
            return self.not_exercised("no request ended" if sent else "no request was sent")
        return self.passed(f"{count(len(ended), 'request')}, each with a timeout")
