"""Pools of threads that are older than the run, or outlive it.

A pool gives work to the threads that it has, and starts others only if those are busy. Those of
before are no part of the run, would do the work in the real world, or are gone with the run or the
process in which they were started. So within a run each pool begins without threads, and has its
old ones again afterwards.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

from chaos.simulation.tasks.baton import scheduler_here

_ATTRIBUTES = ("_work_queue", "_threads", "_idle_semaphore")
"""What a pool knows of its threads, and what they wait at."""


class VirtualPools:
    """Gives pools of threads that a run uses threads of that run, while entered."""

    def __init__(self) -> None:
        self._before: WeakKeyDictionary[ThreadPoolExecutor, dict[str, Any]] = WeakKeyDictionary()
        self._undo = ExitStack()

    def __enter__(self) -> None:
        submit = mock.patch.object(
            ThreadPoolExecutor, "submit", self._submitting(ThreadPoolExecutor.submit)
        )
        self._undo.enter_context(submit)

    def __exit__(self, *exc_info: object) -> None:
        self._undo.close()

    def end_run(self) -> None:
        """The run is over, and its threads are gone."""
        for pool, before in self._before.items():
            vars(pool).update(before)
        self._before.clear()

    def _submitting(self, real: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
        def submit(
            pool: ThreadPoolExecutor,
            fn: Callable[..., Any],
            /,
            *args: Any,  # noqa: ANN401 - as the real one
            **kwargs: Any,  # noqa: ANN401 - the same
        ) -> Future[Any]:
            if scheduler_here() is not None and pool not in self._before:
                self._before[pool] = {name: vars(pool)[name] for name in _ATTRIBUTES}
                fresh: tuple[object, ...] = (queue.SimpleQueue(), set(), threading.Semaphore(0))
                vars(pool).update(zip(_ATTRIBUTES, fresh, strict=True))
            return real(pool, fn, *args, **kwargs)

        return submit
