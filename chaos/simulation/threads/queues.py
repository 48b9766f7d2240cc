"""Queues: those that wait in C get virtual waits, and all hand on for whom the work is."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest import mock

from chaos.simulation.in_place import BuiltinMethods
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.scheduler import Scheduler
from chaos.simulation.tasks.task import Task
from chaos.simulation.threads.handed_on import handed_on
from chaos.simulation.threads.waiting import Waiters
from chaos.simulation.timing.clock import to_ticks

_put = queue.SimpleQueue.put
_get = queue.SimpleQueue.get


class _Item:
    """What somebody waits for at a queue."""

    def why(self, task: Task) -> str:
        del task
        return "an item in a queue"


_ITEM = _Item()


class VirtualQueues:
    """Makes queues virtual for whoever is part of a run, while entered."""

    def __init__(self) -> None:
        self._waiters = Waiters()
        self._undo = ExitStack()

    def __enter__(self) -> None:
        with ExitStack() as undo:
            undo.enter_context(BuiltinMethods(queue.SimpleQueue, self._simple_methods()))
            for owner, put, get in (
                (queue.Queue, "put", "get"),
                # Both are called in the task that puts, or gets; what waits calls them in the end.
                (asyncio.Queue, "put_nowait", "get_nowait"),
            ):
                in_a_loop = owner is asyncio.Queue
                noting_get = _noting_get(owner, get, in_a_loop=in_a_loop)
                undo.enter_context(mock.patch.object(owner, put, _noting_put(owner, put)))
                undo.enter_context(mock.patch.object(owner, get, noting_get))
            self._undo = undo.pop_all()

    def __exit__(self, *exc_info: object) -> None:
        self._undo.close()

    def begin_run(self) -> None:
        """A run begins; nobody waits."""
        self._waiters.clear()
        handed_on.begin_run()

    def _simple_methods(self) -> dict[str, Any]:
        def put(
            self_: queue.SimpleQueue[Any],
            item: Any,  # noqa: ANN401 - anything can be put there
            block: bool = True,  # noqa: FBT001, FBT002 - the real signature
            timeout: float | None = None,
        ) -> None:
            handed_on.put(self_, item)
            _put(self_, item, block, timeout)
            scheduler = scheduler_here()
            if scheduler is not None:
                self._waiters.wake(scheduler, self_)

        def get(
            self_: queue.SimpleQueue[Any],
            block: bool = True,  # noqa: FBT001, FBT002 - the real signature
            timeout: float | None = None,
        ) -> Any:  # noqa: ANN401 - the same
            scheduler = scheduler_here()
            if scheduler is None:
                return _get(self_, block, timeout)
            item = self._get(scheduler, self_, block, timeout)
            handed_on.got(self_, item)
            return item

        def put_nowait(self_: queue.SimpleQueue[Any], item: Any) -> None:  # noqa: ANN401 - the same
            put(self_, item)

        return {
            "put": put,
            "get": get,
            "put_nowait": put_nowait,
            "get_nowait": lambda self_: get(self_, False),
        }

    def _get(
        self,
        scheduler: Scheduler,
        simple: queue.SimpleQueue[Any],
        block: bool,  # noqa: FBT001 - the real signature
        timeout: float | None,
    ) -> Any:  # noqa: ANN401 - anything can be in there
        if block and timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        until = None if timeout is None else scheduler.clock.ticks + to_ticks(timeout)
        while True:
            try:
                return _get(simple, False)  # noqa: FBT003 - a built-in takes no keywords here
            except queue.Empty:
                if not block or (until is not None and scheduler.clock.ticks >= until):
                    raise
            self._waiters.wait(scheduler, simple, _ITEM, until)


def _noting_put(owner: type, name: str) -> Callable[..., Any]:
    real = getattr(owner, name)

    def put(self: object, item: object, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the real one's
        # Before: whoever waits for it may have it before we are back.
        handed_on.put(self, item)
        return real(self, item, *args, **kwargs)

    return put


def _noting_get(owner: type, name: str, *, in_a_loop: bool) -> Callable[..., Any]:
    real = getattr(owner, name)

    def get(self: object, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the real one's
        item = real(self, *args, **kwargs)
        handed_on.got(self, item, in_a_loop=in_a_loop)
        return item

    return get
