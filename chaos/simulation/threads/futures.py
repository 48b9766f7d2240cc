"""Errors that end up in a future, and whether anybody looks at them there.

A pool keeps whatever ends a piece of work for the one who fetches its result. Asyncio complains
when such an error is thrown away unseen; `concurrent.futures` says nothing at all.
"""

from __future__ import annotations

import gc
import traceback
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.behalf import Behalf
from chaos.simulation.tasks.task import Abandoned, in_words

AnyFuture = Future[Any]


@dataclass(frozen=True, slots=True)
class Unread:
    """An error in a future at which nobody has looked yet.

    Attributes:
        future: Where it is; gone, if nobody ever can.
        how: What went wrong, in words.
        behalf: For whom the work was done.
    """

    future: weakref.ref[AnyFuture]
    how: str
    behalf: Behalf


class UnreadErrors:
    """The errors of one run that are in futures, in the order in which they came about."""

    def __init__(self) -> None:
        self._by_future: dict[int, Unread] = {}
        self._given_up: weakref.WeakSet[AnyFuture] = weakref.WeakSet()

    def given_up(self, future: AnyFuture) -> None:
        """Somebody who waited for ``future`` waits no longer, though it has not ended.

        They wanted the first of several, or had no more time: what comes of it later is not lost
        but unwanted.
        """
        self._given_up.add(future)

    def failed(self, future: AnyFuture, error: BaseException, behalf: Behalf) -> None:
        """There is an error in ``future``."""
        if future in self._given_up:
            return
        how = f"an error in a future was never retrieved: {in_words(error)}{_where(error)}"
        self._by_future[id(future)] = Unread(weakref.ref(future), how, behalf)

    def looked_at(self, future: AnyFuture) -> None:
        """Somebody has seen what is in ``future``."""
        unread = self._by_future.get(id(future))
        # A future that is gone may have left its number to another.
        if unread is not None and unread.future() is future:
            del self._by_future[id(future)]

    def lost(self) -> list[Unread]:
        """Those that nobody can look at any more: nothing refers to their future.

        Whoever still has it may look at it with the next question.
        """
        if any(unread.future() is not None for unread in self._by_future.values()):
            gc.collect()
        return [unread for unread in self._by_future.values() if unread.future() is None]


class FutureListener(Protocol):
    """Who wants to know."""

    unread: UnreadErrors

    def note_lost(self, what: str) -> None:
        """An error that nobody looks at."""


def noticing_failures(listener: Callable[[], FutureListener | None]) -> ExitStack:
    """While entered, errors in futures of a run are told.

    Args:
        listener: The run that is on.
    """
    undo = ExitStack()
    for name, substitute in (
        ("__init__", _watched(listener)),
        ("set_exception", _failing(listener)),
        ("result", _looking(listener, Future.result)),
        ("exception", _looking(listener, Future.exception)),
        ("add_done_callback", _calling_back(listener)),
    ):
        undo.enter_context(mock.patch.object(Future, name, substitute))
    return undo


class _Waiters(list[Any]):
    """Those who wait for a future together with others, in ``wait`` or ``as_completed``.

    Args:
        left: Called when one of them goes away.
    """

    def __init__(self, left: Callable[[], None]) -> None:
        super().__init__()
        self._left = left

    def remove(self, waiter: object) -> None:
        super().remove(waiter)
        self._left()


def _watched(listener: Callable[[], FutureListener | None]) -> Callable[[AnyFuture], None]:
    real: Callable[[AnyFuture], None] = vars(Future)["__init__"]

    def initialise(future: AnyFuture) -> None:
        real(future)
        if scheduler_here() is None:
            return
        seen = weakref.ref(future)

        def left() -> None:
            waited_for, listening = seen(), listener()
            if waited_for is not None and listening is not None and not waited_for.done():
                listening.unread.given_up(waited_for)

        # Nothing of the library says who waits, or until when.
        vars(future)["_waiters"] = _Waiters(left)

    return initialise


def _failing(
    listener: Callable[[], FutureListener | None],
) -> Callable[[AnyFuture, BaseException | None], None]:
    real = Future.set_exception

    def set_exception(future: AnyFuture, exception: BaseException | None) -> None:
        behalf, listening = _behalf(), listener()
        if behalf is not None and listening is not None and exception is not None:
            # First, because callbacks look at it at once.
            listening.unread.failed(future, exception, behalf)
        real(future, exception)

    return set_exception


def _looking(listener: Callable[[], FutureListener | None], real: Callable[..., Any]) -> Any:  # noqa: ANN401 - result or exception
    def look(future: AnyFuture, timeout: float | None = None) -> Any:  # noqa: ANN401 - whatever is in it
        try:
            return real(future, timeout)
        finally:
            if (listening := listener()) is not None:
                if future.done():
                    listening.unread.looked_at(future)
                else:
                    listening.unread.given_up(future)
            # As the library does: the error knows this frame, and the future knows the error.
            del future

    return look


def _calling_back(
    listener: Callable[[], FutureListener | None],
) -> Callable[[AnyFuture, Callable[[AnyFuture], object]], None]:
    real = Future.add_done_callback

    def add_done_callback(future: AnyFuture, fn: Callable[[AnyFuture], object]) -> None:
        def call_back(done: AnyFuture) -> object:
            try:
                return fn(done)
            except Exception as error:
                # Whoever calls it only writes it into a log.
                if _behalf() is not None and (listening := listener()) is not None:
                    name = getattr(fn, "__qualname__", type(fn).__name__)
                    listening.note_lost(f"an error in callback {name}: {in_words(error)}")
                raise

        real(future, fn if scheduler_here() is None else call_back)

    return add_done_callback


def _behalf() -> Behalf | None:
    """For whom the calling thread acts; None if it is no part of the run, or thrown out of it."""
    scheduler = scheduler_here()
    task = scheduler.acting if scheduler is not None else None
    if scheduler is None or task is None or task.abandoned:
        return None
    return scheduler.behalf()


def _where(error: BaseException) -> str:
    """The function that raised it; the same on all machines."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or isinstance(error, Abandoned):
        return ""
    last = frames[-1]
    return f", in {last.name} ({Path(last.filename).name}:{last.lineno})"
