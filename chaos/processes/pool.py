"""Workers for many jobs: this process, or several that are all alike.

What comes back is the same, and in the same order, however many workers there are.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Generic, Protocol, TypeVar

from chaos.processes.tickets import OnDeath, Ticketed
from chaos.processes.worker import Inheritance, JobAnswer, how_it_died, serve

J = TypeVar("J")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Setting = Callable[[], AbstractContextManager[Callable[[J], R]]]
"""What a worker enters before its first job and leaves after its last; it yields the work."""

_Context = ForkContext | ForkServerContext | SpawnContext

_AHEAD = 3
"""Jobs drawn for each worker before the first of their results was taken."""

_PATIENCE_S = 5.0
"""How long a worker that was told to end may tidy up."""


class Workers(Protocol[J, R_co]):
    """Whoever does the jobs."""

    def in_order(self, jobs: Iterable[J]) -> Iterator[R_co]:
        """The results, in the order of the jobs; these may go on for ever.

        Jobs are drawn as their results are taken, never sooner for a quick worker than for a slow
        one: a search whose next jobs depend on results goes the same way every time.
        """

    def as_they_end(self, jobs: Iterable[J]) -> Iterator[tuple[J, R_co]]:
        """Each job with its result, the first that ended first; begun in the order given."""


def usable_cores() -> int:
    """How many processes can run at once here, as affinity has it."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a copy of this process would work.

    In a process that has threads it would not: the copy of a lock that one of them holds would
    never be released. Nor on macOS, whose libraries have threads of their own.
    """
    return (
        "fork" in multiprocessing.get_all_start_methods()
        and sys.platform != "darwin"
        and threading.active_count() == 1
    )


@contextmanager
def workers(
    setting: Setting[J, R],
    number: int,
    *,
    isolated: bool = False,
    name: Callable[[J], str] = str,
    on_death: OnDeath[J, R] | None = None,
) -> Iterator[Workers[J, R]]:
    """Those who do jobs, until the block is left; whoever is still busy then is ended.

    What a job raises is raised here, whichever process it was in.

    Args:
        setting: Entered once by each worker. It must be possible to pickle it, and jobs and
            results too, where processes cannot be forked.
        number: How many; one is this process, unless jobs are isolated.
        isolated: Whether each job gets a process of its own: what it does to itself, no other
            ever sees. Where processes can be forked, a worker forks one for each of its jobs,
            inside of the setting.
        name: What to call a job in messages.
        on_death: Makes the result of a job whose process died; by default that is an error.

    Raises:
        WorkerDiedError: A process died, and nobody makes a result of that.

    Example:
        >>> from contextlib import nullcontext
        >>> with workers(lambda: nullcontext(abs), 1) as pool:
        ...     list(pool.in_order([-1, 2]))
        [1, 2]
    """
    if number == 1 and not isolated:
        with setting() as work:
            yield _Here(work)
        return
    with closing(_Pool(setting, number, isolated=isolated, name=name, on_death=on_death)) as pool:
        yield pool


class _Here(Generic[J, R]):
    """This process, which needs no way to itself."""

    def __init__(self, work: Callable[[J], R]) -> None:
        self._work = work

    def in_order(self, jobs: Iterable[J]) -> Iterator[R]:
        return map(self._work, jobs)

    def as_they_end(self, jobs: Iterable[J]) -> Iterator[tuple[J, R]]:
        return ((job, self._work(job)) for job in jobs)


class _Pool(Ticketed[J, R]):
    """Processes by the connection on which they get jobs and answer; begun when needed."""

    def __init__(
        self,
        setting: Setting[J, R],
        number: int,
        *,
        isolated: bool,
        name: Callable[[J], str],
        on_death: OnDeath[J, R] | None,
    ) -> None:
        super().__init__(number * _AHEAD, name=name, on_death=on_death)
        self._setting = setting
        self._number = number
        self._isolated = isolated
        self._processes: dict[Connection, BaseProcess] = {}
        self._idle: list[Connection] = []
        self._busy: dict[Connection, tuple[int, J]] = {}
        # Forked processes start with all that was imported and computed before, and may be given
        # what cannot be pickled.
        forks = can_fork()
        self._context: _Context = get_context("fork") if forks else _elsewhere()
        if forks:
            # What is computed when a setting is entered for the first time, all will have.
            with setting():
                pass
        # Collecting garbage in a forked process would copy every page that it looks at.
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """End all, also those in the middle of a job: the caller needs no more results."""
        for process in self._processes.values():
            process.terminate()
        for link in list(self._processes):
            self._dismiss(link)
        gc.unfreeze()

    def _ended(self) -> Iterator[tuple[int, J, R]]:
        while self._queue and len(self._busy) < self._number:
            link = self._idle.pop() if self._idle else self._start()
            self._busy[link] = self._queue.popleft()
            # One that died meanwhile is found out below, like one that dies of the job.
            with suppress(ConnectionError):
                link.send(self._busy[link][1])
        for answered in wait(list(self._busy)):
            assert isinstance(answered, Connection)
            ticket, job = self._busy.pop(answered)
            yield ticket, job, self._result(answered, job)

    def _result(self, link: Connection, job: J) -> R:
        try:
            answer: JobAnswer[R] = link.recv()
        except (EOFError, ConnectionError):
            exit_code = self._dismiss(link)
            return self._told_of_death(job, how_it_died(exit_code))
        if answer.is_spent:
            self._dismiss(link)
        else:
            self._idle.append(link)
        return self._told_of_death(job, answer.died) if answer.died else answer.get()

    def _start(self) -> Connection:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=serve,
            args=(self._setting, theirs, Inheritance.now(), self._isolated),
            daemon=True,
        )
        with _born_deaf():
            process.start()
        # With our copy open, the end of a process that died would never be seen.
        theirs.close()
        self._processes[ours] = process
        return ours

    def _dismiss(self, link: Connection) -> int | None:
        process = self._processes.pop(link)
        process.terminate()
        process.join(_PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()
        link.close()
        return process.exitcode


def _elsewhere() -> _Context:
    """Where processes come from when this one cannot be copied.

    A server that has imported the harness and has no threads is copied in its place, which takes a
    tenth of the time of a process that imports it all. It knows nothing of the service.
    """
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    # Of no effect if it runs already: whoever uses one as well has said what it is to know.
    libraries = (each for each in _LARGE if each in sys.modules)
    context.set_forkserver_preload(["chaos.worker_template", *libraries])
    return context


_LARGE = ("openai", "google.cloud.storage", "pytest")
"""Libraries that take long to import, and have no threads of their own."""


@contextmanager
def _born_deaf() -> Iterator[None]:
    """Let a process that begins in the block ignore Ctrl-C from its very first moment.

    Else one that still imports would end with a stack trace. A Ctrl-C in these few milliseconds
    is lost on this process, too.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    try:
        with warnings.catch_warnings():
            # Python counts threads that numpy's libraries keep; those see to forks themselves.
            warnings.filterwarnings("ignore", ".*is multi-threaded", DeprecationWarning)
            yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
