"""One run of a simulation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary, WeakSet

from chaos.errors import SimulationError
from chaos.simulation.loops.ending import give_back, quieten, timers_in
from chaos.simulation.loops.ordering import search_order
from chaos.simulation.network import current
from chaos.simulation.network.network import VirtualNetwork
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.baton import is_left_behind
from chaos.simulation.tasks.scheduler import HARNESS, Scheduler
from chaos.simulation.tasks.task import Abandoned
from chaos.simulation.threads.futures import UnreadErrors
from chaos.simulation.threads.locks import Contention
from chaos.simulation.timing.clock import Clock
from chaos.trace.events import MishapEvent, WaitEvent
from chaos.trace.recorder import Context, TraceRecorder
from chaos.trace.trace import Trace


class SimulatedRun:
    """What a runner works with, from `Simulation.start_run` to `finish`.

    As a context manager it finishes itself; if an exception leaves the block, that exception is
    what counts, and the run is only closed.

    Attributes:
        clock: Virtual time.
        scheduler: Add users with ``spawn``, then ``run``.
        network: Names, addresses and connections.
        recorder: Writes the trace; fills in time, actor and question of the calling task.
        violations: Every attempt to leave the simulated world. A run that has any proves nothing.
        contentions: Every wait for a lock that took virtual time.
        has_loops: Whether an event loop has run.
        loops: The event loops that the service has run, as long as it keeps them.
        unread: Errors in futures at which nobody has looked yet.
        granted_ticks: How much time a test in Python has let pass, within its own event loop too.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        guard: Guard,
        contentions: list[Contention],
        finished: Callable[[], None],
    ) -> None:
        self.clock: Clock = scheduler.clock
        self.scheduler = scheduler
        self.network = VirtualNetwork(scheduler, guard.violation)
        self.recorder = TraceRecorder(_context(scheduler))
        self.violations: list[str] = []
        self.contentions = contentions
        self._guard = guard
        self._guard.watch(self.violations)
        self._finished = finished
        self._is_over = False
        self.has_loops = False
        self.granted_ticks = 0
        self.unread = UnreadErrors()
        self.loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        # With the timers that they had before.
        self._loops_of_the_test: WeakKeyDictionary[
            asyncio.AbstractEventLoop, frozenset[asyncio.TimerHandle]
        ] = WeakKeyDictionary()
        scheduler.on_death = self.note_lost
        current.begin(self.network)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            self.finish()
        else:
            self.close()

    @property
    def trace(self) -> Trace:
        """What has happened so far."""
        return self.recorder.trace

    def wait(self, seconds: float) -> None:
        """Let time pass for the calling task, or for the harness; the trace does not show it."""
        self.scheduler.sleep(seconds)

    def let_pass(self, seconds: float) -> None:
        """As `wait`, because a test wants it: that holds up no loop in which the test runs."""
        began = self.clock.ticks
        self.wait(seconds)
        self.granted_ticks += self.clock.ticks - began

    def service_sleep(self, seconds: float) -> None:
        """What ``time.sleep`` does: wait, and leave it in the trace."""
        if seconds:
            self.note_wait(seconds)
        self.scheduler.sleep(seconds)

    def note_wait(self, seconds: float) -> None:
        """Leave in the trace that the service waits.

        Raises:
            SimulationError: The calling thread is not part of the run.
        """
        behalf = self.scheduler.behalf()
        if behalf is None:
            if is_left_behind():
                raise Abandoned
            raise self._guard.foreign_thread(f"slept for {seconds:g} s")
        self.recorder.record(WaitEvent, seconds=seconds, upstream=behalf.last_upstream)

    def note_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """An event loop begins to run, perhaps not for the first time."""
        self.has_loops = True
        if self.scheduler.searches_order:
            search_order(loop, self.scheduler.pick_step)
        if self.scheduler.is_harness:
            self._loops_of_the_test.setdefault(loop, timers_in(loop))
        else:
            self.loops.add(loop)

    def note_lost(self, what: str) -> None:
        """Leave in the trace that an error was lost inside of the service."""
        self.recorder.record(MishapEvent, what="lost", how=what)

    def note_unread(self) -> None:
        """Leave in the trace each error in a future at which nobody can look any more."""
        for each in self.unread.lost():
            whose: dict[str, Any] = {"actor": each.behalf.actor, "ask": each.behalf.ask}
            self.recorder.record(MishapEvent, what="lost", how=each.how, **whose)

    def note_blocked(self, seconds: float, by: str) -> None:
        """Leave in the trace that an event loop was held up."""
        self.recorder.record(MishapEvent, what="blocked", how=by, seconds=seconds)

    def finish(self) -> None:
        """End the run; further calls do nothing.

        Raises:
            SimulationError: Somebody tried to leave the simulated world; one line for each time.
                Or the run came to an end before its time.
        """
        if not self._is_over:
            self.close()
            if self.violations:
                raise SimulationError("\n".join(self.violations))
            if self.scheduler.failure is not None and not self.scheduler.failure_is_told:
                raise self.scheduler.failure

    def close(self) -> None:
        """End the run without a judgement, because something else has gone wrong already."""
        if not self._is_over:
            self._is_over = True
            self.scheduler.abandon()
            # Before the threads lose the run: what closes now is no part of the trace.
            self.network.end()
            self.scheduler.close()
            for loop in self.loops:
                quieten(loop)
            current.end()
            for loop, timers in self._loops_of_the_test.items():
                if not loop.is_closed() and not loop.is_running():
                    give_back(loop, timers)
            self._guard.relax()
            self._finished()


def _context(scheduler: Scheduler) -> Context:
    """Who acts when; nobody while the tasks are thrown out at the end of the run."""

    def now() -> tuple[float, str, int | None] | None:
        task = scheduler.acting
        if task is None:
            return scheduler.clock.now_s, HARNESS, None
        if task.abandoned:
            return None
        behalf = scheduler.behalf()
        assert behalf is not None, "whoever acts does so for somebody"
        return scheduler.clock.now_s, behalf.actor, behalf.ask

    return now
