"""One run of the simulated tier."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from chaos.errors import SimulationError
from chaos.simulation import locks
from chaos.simulation.clock import Clock, to_ticks
from chaos.simulation.guard import Guard
from chaos.simulation.scheduler import HARNESS, Scheduler, is_left_behind
from chaos.simulation.task import Abandoned
from chaos.trace.events import WaitEvent
from chaos.trace.recorder import Context, TraceRecorder
from chaos.trace.trace import Trace


class SimulatedRun:
    """What a runner works with, from `Simulation.start_run` to `finish`.

    As a context manager it finishes itself; if an exception leaves the block, that exception is
    what counts, and the run is only closed.

    Attributes:
        clock: Virtual time.
        scheduler: Add users with ``spawn``, then ``run``.
        recorder: Writes the trace; fills in time, actor and question of the calling task.
        violations: Every attempt to leave the simulated world. A run that has any proves nothing.
        contentions: Every wait for a lock that took virtual time.
    """

    def __init__(
        self, clock: Clock, scheduler: Scheduler, guard: Guard, finished: Callable[[], None]
    ) -> None:
        self.clock = clock
        self.scheduler = scheduler
        self.recorder = TraceRecorder(_context(scheduler))
        self.violations: list[str] = []
        self.contentions = locks.bind(scheduler)
        self._guard = guard
        self._guard.watch(self.violations)
        self._finished = finished
        self._is_over = False

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

    def service_sleep(self, seconds: float) -> None:
        """What ``time.sleep`` does: wait, and leave it in the trace.

        Raises:
            SimulationError: The calling thread is not part of the run.
        """
        to_ticks(seconds)  # raises for what time.sleep would not take
        task = self.scheduler.acting
        if task is None:
            if is_left_behind():
                raise Abandoned
            raise self._guard.foreign_thread(f"slept for {seconds:g} s")
        self.recorder.record(WaitEvent, seconds=seconds, upstream=task.last_upstream)
        self.scheduler.sleep(seconds)

    def finish(self) -> None:
        """End the run; further calls do nothing.

        Raises:
            SimulationError: Somebody tried to leave the simulated world; one line for each time.
        """
        if not self._is_over:
            self.close()
            if self.violations:
                raise SimulationError("\n".join(self.violations))

    def close(self) -> None:
        """End the run without a judgement, because something else has gone wrong already."""
        if not self._is_over:
            self._is_over = True
            self.scheduler.abandon()
            self._guard.relax()
            locks.bind(None)
            self._finished()


def _context(scheduler: Scheduler) -> Context:
    """Who acts when; nobody while the tasks are thrown out at the end of the run."""

    def now() -> tuple[float, str, int | None] | None:
        task = scheduler.acting
        if task is None:
            return scheduler.clock.now_s, HARNESS, None
        return None if task.abandoned else (scheduler.clock.now_s, task.actor, task.ask)

    return now
