"""The event loop of a service that is made of coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from typing import Any, TypeVar

from chaos.simulation.loops.ending import end_connections

T = TypeVar("T")


class ServiceLoop:
    """An event loop in a thread of its own, as a server has one; everything runs in it together.

    Must be made, used and closed in tasks of a run.
    """

    def __init__(self) -> None:
        # Whatever policy is set: a loop written in C has a clock of its own.
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._ending: asyncio.Event | None = None
        self._error: BaseException | None = None
        self._has_ended = False
        self._expected: set[Future[Any]] = set()
        self._is_ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="the service's event loop", daemon=True
        )

    def start(self) -> None:
        """Begin to run, and return before it does: whoever needs it waits for it."""
        self._thread.start()

    def wait_for(self, awaitable: Awaitable[T]) -> T:
        """What comes of ``awaitable``, run in the loop on behalf of whoever calls.

        Raises:
            RuntimeError: The loop has ended.
        """
        self._is_ready.wait()
        coroutine = awaitable if asyncio.iscoroutine(awaitable) else _awaiting(awaitable)
        if self._has_ended:
            coroutine.close()
            raise self._over()
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self._runner.get_loop())
        self._expected.add(future)
        try:
            return future.result()
        finally:
            self._expected.discard(future)

    def close(self) -> None:
        """End the loop as the end of a process does: nothing in it goes on."""
        self._is_ready.wait()
        if not self._has_ended:
            assert self._ending is not None, "it is set before anybody gets the loop"
            self._runner.get_loop().call_soon_threadsafe(self._ending.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            with self._runner:
                self._runner.run(self._serve())
        except (SystemExit, KeyboardInterrupt) as error:
            # It ends a loop, and in production the process with it.
            self._error = error
        finally:
            self._has_ended = True
            self._is_ready.set()
            for future in tuple(self._expected):
                if not future.done():
                    future.set_exception(self._over())

    async def _serve(self) -> None:
        self._ending = asyncio.Event()
        self._is_ready.set()
        await self._ending.wait()
        me, loop = asyncio.current_task(), asyncio.get_running_loop()
        others = [task for task in asyncio.all_tasks() if task is not me]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        end_connections(loop)
        await asyncio.sleep(0)

    def _over(self) -> RuntimeError:
        error = RuntimeError("the service's event loop has ended")
        error.__cause__ = self._error
        return error


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable
