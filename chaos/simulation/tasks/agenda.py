"""Which tasks can run now, and which will at a given time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from chaos.simulation.tasks.task import Task
from chaos.simulation.timing.clock import Clock


class Agenda:
    """Ready tasks in the order in which they became so, and timers.

    A task has at most one timer that counts. Waking it early makes the timer void, but leaves it
    in place until its time, because taking it out of the heap would cost more.

    Args:
        clock: Moved on when nobody is ready.

    Attributes:
        ready: Tasks that can run now. Take one out to run it.
    """

    def __init__(self, clock: Clock) -> None:
        self.ready: list[Task] = []
        self._clock = clock
        self._timers: list[tuple[int, int, Task]] = []
        self._last_number = 0

    def set_timer(self, task: Task, ticks: int) -> None:
        """Make ``task`` ready when the clock shows ``ticks``, unless it is woken before."""
        self._last_number += 1
        task.timer = self._last_number
        heapq.heappush(self._timers, (ticks, self._last_number, task))

    def wake(self, task: Task) -> None:
        """Make ``task`` ready now."""
        task.timer, task.woken, task.is_parked = 0, True, False
        self.ready.append(task)
        self._clock.moved()

    @property
    def next_timer(self) -> int | None:
        """When the first timer is due, whether it counts or not; None if there is none."""
        return self._timers[0][0] if self._timers else None

    def latest(self, wanted: Callable[[Task], bool]) -> int | None:
        """When the last of the tasks that are ``wanted`` goes on by itself; None if none does."""
        due = [self._clock.ticks for task in self.ready if wanted(task)]
        due += [
            ticks for ticks, number, task in self._timers if task.timer == number and wanted(task)
        ]
        return max(due, default=None)

    def is_free_until(self, ticks: int) -> bool:
        """Whether nobody is ready, or will be by then."""
        return not self.ready and not (self._timers and self._timers[0][0] <= ticks)

    def advance(self) -> bool:
        """Move the clock to the next timer that counts; its tasks are ready then.

        Returns:
            Whether there was one.
        """
        while not self.ready:
            if not self._timers:
                return False
            ticks = max(self._timers[0][0], self._clock.ticks)
            while self._timers and self._timers[0][0] <= ticks:
                _, number, task = heapq.heappop(self._timers)
                if task.timer == number:
                    task.timer, task.woken, task.is_parked = 0, False, False
                    self.ready.append(task)
            if self.ready:
                self._clock.advance_to(ticks)
        return True

    def clear(self) -> None:
        """Forget everybody."""
        self.ready.clear()
        self._timers.clear()
