"""A lock whose waits are virtual; the whole threading toolbox is built on it."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from chaos.errors import SimulationError
from chaos.simulation.clock import TICKS_PER_S, to_ticks
from chaos.simulation.stacks import is_inside, place_of
from chaos.simulation.task import Abandoned, Task

if TYPE_CHECKING:
    from chaos.simulation.scheduler import Scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class Contention:
    """A task that had to wait for a lock: the beginning of a convoy.

    Attributes:
        waiter: Name of the task that waited.
        holder: Name of the task that held the lock when the wait began.
        since_s: Virtual second of the run at which the wait began.
        seconds: How long it lasted.
        place: File, line and function of the waiter.
    """

    waiter: str
    holder: str
    since_s: float
    seconds: float
    place: str


class _Run:
    """The run that locks belong to. A lock is made without arguments, so it has to look here."""

    scheduler: Scheduler | None = None
    at_lock: Callable[[bool], None] | None = None
    contentions: list[Contention] = []  # noqa: RUF012 - replaced for each run, on purpose


def bound() -> Scheduler | None:
    """The scheduler of the run that is on; None between runs."""
    return _Run.scheduler


def is_in_a_run() -> bool:
    """Whether the calling thread is part of a run."""
    scheduler = bound()
    return scheduler is not None and scheduler.acting is not None


def bind(scheduler: Scheduler | None) -> list[Contention]:
    """Make all locks belong to ``scheduler``; returns where their contentions will be noted."""
    _Run.scheduler = scheduler
    _Run.at_lock = None
    _Run.contentions = []
    return _Run.contentions


def watch(at_lock: Callable[[bool], None]) -> None:
    """Have ``at_lock`` called in this run before each lock is taken, and after each release.

    Its argument says whether it is a release.
    """
    _Run.at_lock = at_lock


class SimLock:
    """Takes the place of ``threading.Lock``.

    A task that has to wait is parked, and its timeout is a virtual one. Threads outside the
    simulation get a real lock, so that objects shared with them keep working.
    """

    __slots__ = ("__weakref__", "_holder", "_real", "_since_ticks", "_waiters")

    def __init__(self) -> None:
        self._real = allocate_lock()
        self._holder: Task | None = None
        self._since_ticks = 0
        self._waiters: list[Task] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - threading's signature
        """Like that of a real lock, in virtual time."""
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if _Run.at_lock is not None:
            _Run.at_lock(False)  # noqa: FBT003 - the callback has no keywords
        scheduler = _Run.scheduler
        if not self._real.acquire(blocking=False):
            if not blocking or timeout == 0:
                return False
            if scheduler is None or scheduler.acting is None:
                return self._real.acquire(blocking=True, timeout=timeout)
            return self._wait(scheduler, timeout)
        if scheduler is not None:
            self._note_holder(scheduler)
        return True

    def release(self) -> None:
        """Like that of a real lock; any thread may release."""
        self._holder = None
        self._real.release()
        if self._waiters and _Run.scheduler is not None:
            _Run.scheduler.wake(self._waiters)
        if _Run.at_lock is not None:
            _Run.at_lock(True)  # noqa: FBT003 - the same

    def locked(self) -> bool:
        """Whether someone holds it."""
        return self._real.locked()

    def why(self, task: Task) -> str:
        """Name the holder, and since when it holds the lock."""
        if self._holder is None:
            return "a lock that nobody in this run holds"
        if self._holder is task:
            if is_inside(task.ident, "Condition.wait"):
                return "a notification"
            return "a lock it holds itself"
        since_s = self._since_ticks / TICKS_PER_S
        return f"a lock held by {self._holder.name} since {since_s:.3f} s"

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} SimLock at {id(self):#x}>"

    def _at_fork_reinit(self) -> None:
        self._real = allocate_lock()
        self._holder = None
        self._waiters.clear()

    def _note_holder(self, scheduler: Scheduler) -> None:
        self._holder = scheduler.acting
        self._since_ticks = scheduler.clock.ticks

    def _wait(self, scheduler: Scheduler, timeout: float) -> bool:
        task = scheduler.current
        if task is None:
            # Tasks stand still while the harness acts, so nobody would ever release the lock.
            raise SimulationError(
                f"the harness cannot wait for {self.why(scheduler.acting or Task('', actor=''))}; "
                "expected a free lock; let a task do this"
            )
        clock = scheduler.clock
        began = clock.ticks
        holder = self._holder
        until = None if timeout == -1 else began + to_ticks(timeout)
        while True:
            self._waiters.append(task)
            try:
                woken = scheduler.block(task, self, until)
            except Abandoned:
                if task in self._waiters:
                    self._waiters.remove(task)
                raise
            if not woken:
                self._waiters.remove(task)
            if self._real.acquire(blocking=False):
                break
            if not woken or (until is not None and clock.ticks >= until):
                return False
        self._note_holder(scheduler)
        if clock.ticks > began and holder is not None and holder is not task:
            _Run.contentions.append(
                Contention(
                    waiter=task.name,
                    holder=holder.name,
                    since_s=began / TICKS_PER_S,
                    seconds=(clock.ticks - began) / TICKS_PER_S,
                    place=place_of(task.ident),
                )
            )
        return True
