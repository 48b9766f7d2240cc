"""Who waits at an object of C, which has no list of its own that a run could look into."""

from __future__ import annotations

from chaos.simulation.tasks.scheduler import Scheduler
from chaos.simulation.tasks.task import Blocker, Task


class Waiters:
    """The tasks that wait, by the object at which they do: a queue, a semaphore.

    Objects are told apart by their place in memory, so nothing is kept of one at which nobody
    waits: another may be there next.
    """

    def __init__(self) -> None:
        self._by_object: dict[int, list[Task]] = {}

    def clear(self) -> None:
        """Nobody waits any more: another run begins."""
        self._by_object.clear()

    def wait(self, scheduler: Scheduler, at: object, blocker: Blocker, until: int | None) -> None:
        """Let the calling task wait until it is woken, or until the clock shows ``until`` ticks.

        Args:
            scheduler: That of the run.
            at: What the task waits at.
            blocker: Tells in a report what that is.
            until: None for ever.
        """
        task = scheduler.acting
        assert task is not None, "whoever comes here is part of the run"
        waiting = self._by_object.setdefault(id(at), [])
        waiting.append(task)
        try:
            scheduler.block(task, blocker, until)
        finally:
            if task in waiting:
                waiting.remove(task)
            # Another may have begun to wait, in a list of its own, before this one was woken.
            if not waiting and self._by_object.get(id(at)) is waiting:
                del self._by_object[id(at)]

    def wake(self, scheduler: Scheduler, at: object) -> None:
        """One of those who wait there may go on, if anybody does."""
        waiting = self._by_object.get(id(at))
        if waiting:
            scheduler.wake(waiting)
