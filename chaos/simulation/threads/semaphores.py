"""Locks of `multiprocessing` whose waits are virtual.

They are semaphores of the system, for processes. A run has but one process, so whoever holds one
is part of the run, and whoever waits for one is woken by the one who lets go.
"""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from chaos.simulation.in_place import BuiltinMethods
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.task import Task
from chaos.simulation.threads.waiting import Waiters
from chaos.simulation.timing.clock import to_ticks

try:
    _semaphores: ModuleType | None = importlib.import_module("_multiprocessing")
except ImportError:  # A system without semaphores has nobody who could wait for one.
    _semaphores = None

_LOOKS_OF_A_TRY = 20


class _Release:
    """What somebody waits for."""

    def why(self, task: Task) -> str:
        del task
        return "a lock or a semaphore of multiprocessing"


_RELEASE = _Release()


def virtual_semaphores() -> ExitStack:
    """Makes them virtual for whoever is part of a run, while entered."""
    undo = ExitStack()
    if (kind := getattr(_semaphores, "SemLock", None)) is not None:
        undo.enter_context(BuiltinMethods(kind, _methods(kind)))
    return undo


def _methods(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - of a module that is not everywhere
    real_acquire, real_release = vars(kind)["acquire"], vars(kind)["release"]
    waiters = Waiters()

    def acquire(self: Any, block: bool = True, timeout: float | None = None) -> bool:  # noqa: ANN401, FBT001, FBT002 - the real signature
        scheduler = scheduler_here()
        if scheduler is None or real_acquire(self, False):  # noqa: FBT003 - a built-in
            return scheduler is not None or bool(real_acquire(self, block, timeout))
        # A negative timeout is none, as there.
        limit_s = None if timeout is None else max(float(timeout), 0.0)
        if not block or limit_s == 0:
            scheduler.clock.look(_LOOKS_OF_A_TRY)
            return False
        until = None if limit_s is None else scheduler.clock.ticks + to_ticks(limit_s)
        while True:
            waiters.wait(scheduler, self, _RELEASE, until)
            if real_acquire(self, False):  # noqa: FBT003 - the same
                return True
            if until is not None and scheduler.clock.ticks >= until:
                return False

    def release(self: Any) -> None:  # noqa: ANN401 - of a module that is not everywhere
        real_release(self)
        scheduler = scheduler_here()
        if scheduler is not None:
            waiters.wake(scheduler, self)

    def leave(self: Any, *_exc_info: object) -> None:  # noqa: ANN401 - the same
        release(self)

    return {"acquire": acquire, "release": release, "__enter__": acquire, "__exit__": leave}
