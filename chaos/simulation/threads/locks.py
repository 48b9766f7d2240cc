"""Locks whose waits are virtual; the whole threading toolbox is built on them.

The types of locks stay what they are, and their methods are replaced in them. So a lock that was
made at import waits in virtual time as well, and one that outlives the simulation is a real one
again. Threads outside of the run keep real waits.
"""

from __future__ import annotations

import gc
import threading
from _thread import LockType, RLock, allocate_lock
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from weakref import ref

from chaos.simulation.heap import whole_heap
from chaos.simulation.in_place import BuiltinMethods
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.behalf import Behalf, behalf_here, take_over
from chaos.simulation.tasks.scheduler import Scheduler
from chaos.simulation.tasks.stacks import is_inside, place_of
from chaos.simulation.tasks.task import Task
from chaos.simulation.timing.clock import TICKS_PER_S, to_ticks
from chaos.simulation.timing.functions import as_seconds

AnyLock = LockType | RLock

_LOOKS_OF_A_TRY = 20
"""How many looks at the clock take as long, about."""

_acquire: Callable[..., bool] = LockType.acquire
_release = LockType.release
_rlock_acquire: Callable[..., bool] = RLock.acquire
_rlock_release = RLock.release
_is_owned = vars(RLock)["_is_owned"]
_release_save = vars(RLock)["_release_save"]
_acquire_restore = vars(RLock)["_acquire_restore"]


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


class _State:
    """What is known of a lock that somebody holds, or waits for."""

    __slots__ = ("_lock", "holder", "released_by", "since_ticks", "waiters")

    def __init__(self, lock: AnyLock) -> None:
        self._lock = ref(lock)
        self.holder: Task | None = None
        self.since_ticks = 0
        self.waiters: list[Task] = []
        self.released_by: Behalf | None = None

    def is_of(self, lock: AnyLock) -> bool:
        """Whether it is about this lock, and not about one that went away while it was held.

        A later lock may lie at the same place in memory, and be held by somebody outside of the
        run: the interpreter itself holds one for each thread.
        """
        return self._lock() is lock

    def why(self, task: Task) -> str:
        """Name the holder, and since when it holds the lock."""
        if self.holder is None:
            return "a lock that nobody in this run holds"
        if self.holder is task:
            if is_inside(task.ident, "Condition.wait"):
                return "a notification"
            return "a lock it holds itself"
        since_s = self.since_ticks / TICKS_PER_S
        return f"a lock held by {self.holder.name} since {since_s:.3f} s"


class _Locks:
    """What is known of the locks of the run that is on.

    A lock has no room for more than it is, so this is kept beside, by the lock's identity, for as
    long as somebody holds it.
    """

    states: dict[int, _State] = {}  # noqa: RUF012 - replaced for each run, on purpose
    contentions: list[Contention] = []  # noqa: RUF012 - the same
    at_lock: Callable[[bool], None] | None = None


def begin_run() -> list[Contention]:
    """Forget all locks; returns where the contentions of the run that begins will be noted."""
    _Locks.states = {}
    _Locks.at_lock = None
    _Locks.contentions = []
    return _Locks.contentions


def is_of_the_run(lock: AnyLock) -> bool:
    """Whether somebody in the run that is on holds the lock, or waits for it."""
    state = _Locks.states.get(id(lock))
    return state is not None and state.is_of(lock)


def watch(at_lock: Callable[[bool], None]) -> None:
    """Have ``at_lock`` called in this run before each lock is taken, and after each release.

    Its argument says whether it is a release.
    """
    _Locks.at_lock = at_lock


class VirtualLocks:
    """Makes all locks virtual for whoever is part of a run, while entered."""

    def __init__(self) -> None:
        self._undo = ExitStack()

    def __enter__(self) -> None:
        with ExitStack() as undo:
            undo.enter_context(BuiltinMethods(LockType, _lock_methods()))
            undo.enter_context(BuiltinMethods(RLock, _rlock_methods()))
            with whole_heap():
                holders = gc.get_referrers(*_and_subclasses(threading.Condition))
            for each in holders:
                if isinstance(each, threading.Condition):
                    _renew(each)
            self._undo = undo.pop_all()

    def __exit__(self, *exc_info: object) -> None:
        self._undo.close()


def _and_subclasses(kind: type[object]) -> list[type[object]]:
    subclasses: list[type[object]] = kind.__subclasses__()
    return [kind, *(each for one in subclasses for each in _and_subclasses(one))]


def _renew(condition: threading.Condition) -> None:
    """A condition keeps methods of its lock, which may be from before."""
    for name in ("acquire", "release", "_release_save", "_acquire_restore", "_is_owned"):
        kept = vars(condition).get(name)
        owner = getattr(kept, "__self__", None)
        if isinstance(owner, LockType | RLock):
            setattr(condition, name, getattr(owner, name))


def _lock_methods() -> dict[str, Any]:
    def acquire(self: LockType, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - the real signature
        scheduler = scheduler_here()
        if scheduler is None:
            return _acquire(self, blocking, timeout)
        return _take(scheduler, self, blocking, timeout, _acquire)

    def release(self: LockType) -> None:
        scheduler = scheduler_here()
        if scheduler is None:
            _release(self)
        else:
            _let_go(scheduler, self, _release)

    def enter(self: LockType) -> bool:
        scheduler = scheduler_here()
        return (
            _acquire(self) if scheduler is None else _take(scheduler, self, True, -1, _acquire)  # noqa: FBT003 - the real signature
        )

    def leave(self: LockType, *_exc_info: object) -> None:
        scheduler = scheduler_here()
        if scheduler is None:
            _release(self)
        else:
            _let_go(scheduler, self, _release)

    return {
        "acquire": acquire,
        "acquire_lock": acquire,
        "release": release,
        "release_lock": release,
        "__enter__": enter,
        "__exit__": leave,
    }


def _rlock_methods() -> dict[str, Any]:
    def acquire(self: RLock, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - the real signature
        scheduler = scheduler_here()
        if scheduler is None or _is_owned(self):
            return _rlock_acquire(self, blocking, timeout)
        return _take(scheduler, self, blocking, timeout, _rlock_acquire)

    def release(self: RLock) -> None:
        _rlock_release(self)
        scheduler = scheduler_here()
        if scheduler is not None and not _is_owned(self):
            _let_go(scheduler, self, None)

    def enter(self: RLock) -> bool:
        scheduler = scheduler_here()
        if scheduler is None or _is_owned(self):
            return _rlock_acquire(self)
        return _take(scheduler, self, True, -1, _rlock_acquire)  # noqa: FBT003 - the real signature

    def leave(self: RLock, *_exc_info: object) -> None:
        release(self)

    return {
        "acquire": acquire,
        "release": release,
        "__enter__": enter,
        "__exit__": leave,
        **_rlock_methods_for_conditions(),
    }


def _rlock_methods_for_conditions() -> dict[str, Any]:
    def release_save(self: RLock) -> Any:  # noqa: ANN401 - opaque
        state = _release_save(self)
        scheduler = scheduler_here()
        if scheduler is not None:
            _let_go(scheduler, self, None)
        return state

    def acquire_restore(self: RLock, state: Any) -> None:  # noqa: ANN401 - opaque
        scheduler = scheduler_here()
        if scheduler is not None:
            # Wait for it as for any lock; then it is free for the real method.
            _take(scheduler, self, True, -1, _rlock_acquire)  # noqa: FBT003 - the real signature
            _rlock_release(self)
        _acquire_restore(self, state)

    return {"_release_save": release_save, "_acquire_restore": acquire_restore}


def _take(
    scheduler: Scheduler,
    lock: AnyLock,
    blocking: bool,  # noqa: FBT001 - the real signature
    timeout: float,
    acquire: Callable[..., bool],
) -> bool:
    """Acquire ``lock`` for the calling task, in virtual time."""
    if timeout != -1:
        if not blocking:
            raise ValueError("can't specify a timeout for a non-blocking call")
        timeout = as_seconds(timeout, _refuse, threading.TIMEOUT_MAX)
    if _Locks.at_lock is not None:
        _Locks.at_lock(False)  # noqa: FBT003 - the callback has no keywords
    states = _Locks.states
    if acquire(lock, False):  # noqa: FBT003 - a built-in takes no keywords
        state = states.get(id(lock))
        if state is None or not state.is_of(lock):
            state = states[id(lock)] = _State(lock)
        state.holder, state.since_ticks = scheduler.acting, scheduler.clock.ticks
        return True
    if not blocking or timeout == 0:
        # Whoever tries again and again, as `as_completed` does when its time is just up, waits
        # for the clock to move on.
        scheduler.clock.look(_LOOKS_OF_A_TRY)
        return False
    state = states.get(id(lock))
    if state is None or not state.is_of(lock):
        # Somebody outside of the simulation has it, and gives it back in real time; or nobody
        # ever does, and the harness notices that we are stuck.
        return acquire(lock, True, timeout)  # noqa: FBT003 - the same
    return _wait(scheduler, lock, state, timeout, acquire)


def _wait(
    scheduler: Scheduler,
    lock: AnyLock,
    state: _State,
    timeout: float,
    acquire: Callable[..., bool],
) -> bool:
    task = scheduler.acting
    assert task is not None, "whoever comes here is part of the run"
    clock = scheduler.clock
    began = clock.ticks
    holder = state.holder
    until = None if timeout == -1 else began + to_ticks(timeout)
    while True:
        state.waiters.append(task)
        woken = False
        try:
            woken = scheduler.block(task, state, until)
        finally:
            if not woken and task in state.waiters:
                state.waiters.remove(task)
        if acquire(lock, False):  # noqa: FBT003 - the same
            break
        if not woken or (until is not None and clock.ticks >= until):
            return False
        # Another was faster. What is known of the lock may have been forgotten in between.
        state = _Locks.states.setdefault(id(lock), state)
    state = _Locks.states.setdefault(id(lock), state)
    state.holder, state.since_ticks = task, clock.ticks
    if holder is task:
        _act_for_whoever_notified(task, state)
    elif clock.ticks > began and holder is not None:
        _Locks.contentions.append(
            Contention(
                waiter=task.name,
                holder=holder.name,
                since_s=began / TICKS_PER_S,
                seconds=(clock.ticks - began) / TICKS_PER_S,
                place=place_of(task.ident),
            )
        )
    return True


def _let_go(scheduler: Scheduler, lock: AnyLock, release: Callable[..., object] | None) -> None:
    """Note that ``lock`` is free, and let the next one have it.

    Args:
        scheduler: That of the run.
        lock: The lock.
        release: Releases it; None if that has been done.
    """
    if release is not None:
        release(lock)
    state = _Locks.states.get(id(lock))
    if state is not None:
        if state.waiters:
            state.holder = None
            state.released_by = scheduler.behalf()
            scheduler.wake(state.waiters)
        else:
            del _Locks.states[id(lock)]
    if _Locks.at_lock is not None:
        _Locks.at_lock(True)  # noqa: FBT003 - the same


def _act_for_whoever_notified(task: Task, state: _State) -> None:
    """A worker without a question works on that of whoever woke it.

    A lock that one holds oneself is waited for in a condition: until somebody has something to do.
    """
    mine = behalf_here() or task.behalf
    if task.background and mine.is_over and state.released_by is not None:
        take_over(state.released_by.handed_on())


def _refuse(timeout: object) -> None:
    """Let a real lock say what is wrong with a timeout."""
    _acquire(allocate_lock(), True, timeout)  # noqa: FBT003 - the same
