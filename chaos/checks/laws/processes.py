"""The processes a service ran as: a restart ends one and begins the next."""

from __future__ import annotations

from chaos.trace.events import ActionEvent, AskEvent
from chaos.trace.trace import Trace


def processes(trace: Trace) -> list[Trace]:
    """The events of each process, in order; those of a run without a restart are all in one.

    A question that was asked before a restart is answered by the old process to its end, so all
    its events stay there: its breaker and its memory are not those of the new process.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> asked = AskEvent(seq=0, at_s=0, actor="user-1", ask=1, question="?", step="method[0]")
        >>> restart = ActionEvent(seq=1, at_s=1, actor="script", action="restart")
        >>> late = WaitEvent(seq=2, at_s=1, actor="user-1", ask=1, seconds=2)
        >>> old, new = processes(Trace([asked, restart, late]))
        >>> [event.seq for event in old], [event.seq for event in new]
        ([0, 2], [1])
    """
    found = [Trace()]
    asked: dict[int, Trace] = {}
    for event in trace:
        if isinstance(event, ActionEvent) and event.action == "restart":
            found.append(Trace())
        process = found[-1]
        if event.ask is not None:
            if isinstance(event, AskEvent):
                asked[event.ask] = process
            process = asked.get(event.ask, process)
        process.append(event)
    return found
