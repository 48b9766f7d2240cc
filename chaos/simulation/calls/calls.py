"""Numbers calls, and writes that they have begun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from chaos.faults.decision import Decision
from chaos.faults.injector import Injector
from chaos.ports import Operation, Recorder, StandIn
from chaos.simulation.calls.carrier import Carrier
from chaos.simulation.calls.exchange import Exchange
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.behalf import Behalf
from chaos.simulation.timing.clock import Clock
from chaos.trace.events import RequestEvent


class Callers(Protocol):
    """Who may call, and when: the scheduler of a simulated run, or real time."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    def behalf(self) -> Behalf | None:
        """For whom the calling thread acts; None for a thread that is no part of the run."""

    def count_call(self, behalf: Behalf) -> None:
        """Note a call, before it is made."""


class Calls:
    """What the calls to all providers of a run have in common.

    Args:
        injector: Decides what happens to each call.
        carrier: Carries answers out.
        recorder: Writes the events.
        callers: Tells for whom the calling thread acts, and what time it is.
        guard: Keeps what must not happen.
        numbers: Numbers the calls.
    """

    def __init__(  # noqa: PLR0913 - the parts of a run meet here
        self,
        *,
        injector: Injector,
        carrier: Carrier,
        recorder: Recorder,
        callers: Callers,
        guard: Guard,
        numbers: Iterator[int],
    ) -> None:
        self.injector = injector
        self.carrier = carrier
        self.guard = guard
        self.callers = callers
        self._recorder = recorder
        self._numbers = numbers

    def begin(
        self,
        upstream: StandIn,
        operation: Operation,
        behalf: Behalf,
        decide: Callable[[int], Decision],
    ) -> Exchange:
        """Number a call, and write that it has begun."""
        number = next(self._numbers)
        behalf.last_upstream = upstream.name
        self._recorder.record(
            RequestEvent,
            call=number,
            upstream=upstream.name,
            operation=operation.name,
            object=operation.object,
        )
        return Exchange(
            recorder=self._recorder,
            guard=self.guard,
            now_s=lambda: self.callers.clock.now_s,
            behalf=behalf,
            upstream=upstream,
            operation=operation,
            call=number,
            decision=decide(number),
        )

    def behalf(self, what: str) -> Behalf | None:
        """For whom the calling thread acts; None, and kept as a violation, for a foreign one."""
        behalf = self.callers.behalf()
        if behalf is None:
            self.guard.foreign_thread(what)
        else:
            self.callers.count_call(behalf)
        return behalf
