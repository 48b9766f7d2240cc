"""Faults that nothing came of: no run with one of them has shown what it claims."""

from __future__ import annotations

from chaos.faults.injector import Injector
from chaos.trace.events import FaultEvent
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict


def never_felt(injector: Injector) -> list[Verdict]:
    """A verdict on each fault that touched no call."""
    return [
        Verdict(
            check=f"fault {fault_id}",
            outcome=Outcome.INCONCLUSIVE,
            reason=f"fault {fault_id!r} was armed but never touched a call",
            expected="at least one call touched",
            seen="none",
        )
        for fault_id in injector.untouched()
    ]


def never_judged(trace: Trace, last_look: int) -> list[Verdict]:
    """A verdict on each fault that touched calls only when all expectations had been looked at.

    That a fault was felt says nothing of what the service made of it.

    Args:
        trace: The whole run.
        last_look: How many events there were when something was last expected.
    """
    first: dict[str, int] = {}
    for event in trace.of(FaultEvent):
        if event.what == "touched":
            first.setdefault(event.fault, event.seq)
    return [
        Verdict(
            check=f"fault {fault_id}",
            outcome=Outcome.INCONCLUSIVE,
            reason=f"nothing is expected after fault {fault_id!r} first touched a call",
            expected="an expectation of the step it touches, of a later step, or of the whole run",
            seen="none",
            evidence=(seq,),
        )
        for fault_id, seq in first.items()
        if seq >= last_look
    ]
