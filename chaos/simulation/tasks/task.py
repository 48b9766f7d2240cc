"""A user, a step or a thread of the service, as the scheduler sees it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures.thread import _worker as pool_worker
from typing import Protocol

from chaos.simulation.tasks.baton import is_left_behind
from chaos.simulation.tasks.behalf import Behalf
from chaos.simulation.tasks.gate import Gate


class Abandoned(BaseException):
    """Ends a task that still waits when the run is over.

    Not an ``Exception``: no retry and no ``except Exception`` of a service may hold it up.
    """


def leave_if_left_behind() -> None:
    """End a thread of a run that is over, before it does anything in the real world.

    Raises:
        Abandoned: It is such a thread.
    """
    if is_left_behind():
        raise Abandoned


class Blocker(Protocol):
    """Something a task can wait for."""

    def why(self, task: Task) -> str:
        """What ``task`` is waiting for, to follow "waits for"."""


class Task:
    """One thread of the simulation.

    Attributes:
        name: What reports call it.
        behalf: For whom it acts, where the context does not say.
        background: Whether the run may end without it.
        is_adopted: Whether it is a thread that the service itself has started.
        result: What its body returned.
        error: What its body raised.
        ended: Whether it is over.
        abandoned: Whether it was told to leave because the run is over.
        waits_for: What it is blocked on; None while it runs, sleeps or is ready.
        waits_since_ticks: Since when.
    """

    __slots__ = (
        "abandoned",
        "background",
        "behalf",
        "ended",
        "error",
        "gate",
        "ident",
        "is_adopted",
        "is_parked",
        "name",
        "native_id",
        "result",
        "thread",
        "timer",
        "waiters",
        "waits_for",
        "waits_since_ticks",
        "woken",
    )

    def __init__(self, name: str, *, behalf: Behalf, background: bool = False) -> None:
        self.name = name
        self.behalf = behalf
        self.background = background
        self.is_adopted = False
        self.result: object = None
        self.error: BaseException | None = None
        self.ended = False
        self.abandoned = False
        self.waits_for: Blocker | None = None
        self.waits_since_ticks = 0
        # The rest is the scheduler's. A task runs while its gate is open; `timer` is the number
        # of its only valid entry among the timers.
        self.thread: threading.Thread | None = None
        self.ident = 0
        self.native_id = 0
        self.gate = Gate()
        self.is_parked = False
        self.timer = 0
        self.woken = False
        self.waiters: list[Task] = []

    def __repr__(self) -> str:
        return f"<Task {self.name!r}>"

    def raise_error(self) -> None:
        """Raise what its body raised, if it did.

        What is no ``Exception`` is wrapped in one: the harness must not take a ``SystemExit`` or
        ``KeyboardInterrupt`` of the service for its own.
        """
        if isinstance(self.error, Exception):
            raise self.error
        if self.error is not None:
            raise RuntimeError(in_words(self.error)) from self.error

    def why(self, task: Task) -> str:
        """To wait for a task is to wait for its end."""
        return "itself to end" if task is self else f"{self.name} to end"


def in_words(error: BaseException) -> str:
    """An error as the last line of a traceback has it.

    Example:
        >>> in_words(ValueError("too late"))
        'ValueError: too late'
    """
    # Pydantic adds the address of a page about its own types: no help to whoever reads a verdict.
    text = re.sub(r"\n +For further information visit \S+", "", str(error))
    return f"{type(error).__name__}: {text}"


def without_number(name: str) -> str:
    """The name of a thread, without the number that Python gives to those that nobody has named.

    It counts all threads of the process, those of earlier runs among them.

    Example:
        >>> without_number("Thread-5 (refresh)"), without_number("ThreadPoolExecutor-3_0")
        ('Thread (refresh)', 'ThreadPoolExecutor_0')
        >>> without_number("refresh-2")
        'refresh-2'
    """
    return re.sub(r"^(Thread|ThreadPoolExecutor)-\d+", r"\1", name)


def is_of_a_pool(thread: threading.Thread) -> bool:
    """Whether a thread works for a pool, which gets others in the next run."""
    return vars(thread).get("_target") is pool_worker


class Started:
    """Stands in for the event by which a new thread says that it is there.

    The thread's own event would be one of the simulation's, whose waits are virtual; but a new
    thread really has to start before anything can be simulated in it.
    """

    def __init__(self) -> None:
        self._set = False
        self._gate = Gate()

    def is_set(self) -> bool:
        """Whether the thread is there."""
        return self._set

    def set(self) -> None:
        """Called once, by the new thread."""
        self._set = True
        self._gate.open()

    def wait(self) -> None:
        """Called once, by the starter."""
        self._gate.pass_through()

    def _at_fork_reinit(self) -> None:
        """Called in a child process, where this thread is not, and nobody waits."""


RealStart = Callable[[threading.Thread], None]
"""What ``Thread.start`` is outside of a simulation."""


def start_thread(thread: threading.Thread, real_start: RealStart) -> None:
    """Start ``thread`` in reality, from inside the simulation."""
    vars(thread)["_started"] = Started()
    real_start(thread)
