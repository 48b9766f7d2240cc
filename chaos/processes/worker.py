"""The life of one process of a pool; it is deaf to Ctrl-C, and never outlives its parent."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, Generic, NoReturn, Self, TypeVar

from chaos.errors import ChaosError
from chaos.processes.leaving import real_exit

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer(Generic[R]):
    """What came of a job: a result, or what the job raised instead.

    Attributes:
        result: What it returned.
        error: What it raised.
        died: How its process ended before it did; empty if it has not.
        is_spent: Whether this process may do no other job.
    """

    result: R | None = None
    error: Exception | None = None
    died: str = ""
    is_spent: bool = False

    def get(self) -> R:
        """The result.

        Raises:
            Exception: What the job raised; where it did is in its notes.
        """
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value] # None only if that is the result


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """What a process that was not forked has to be told of its parent.

    Attributes:
        log_level: From which level on something is logged.
        filters: Which warnings are shown.
        environment: Of the parent; None on another machine, which has its own.
    """

    log_level: int
    filters: tuple[Any, ...]
    environment: Mapping[str, str] | None

    @classmethod
    def now(cls) -> Self:
        """What holds in this process."""
        return cls(
            log_level=logging.getLogger().level,
            filters=tuple(warnings.filters),
            environment=dict(os.environ),
        )

    def accept(self) -> None:
        """Let the same hold here; handlers of logs cannot travel, so without them logs are lost.

        Nobody misses them: what the service logs is not what the harness has to say.
        """
        if self.environment is not None and os.environ != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)
        root = logging.getLogger()
        root.setLevel(self.log_level)
        if not root.handlers:
            root.addHandler(logging.NullHandler())
        warnings.resetwarnings()
        for action, message, category, module, line in self.filters:
            warnings.filterwarnings(
                action, _pattern(message), category, _pattern(module), line, append=True
            )


def serve(
    setting: Callable[[], AbstractContextManager[Callable[[J], R]]],
    link: Connection,
    inheritance: Inheritance,
    is_isolated: bool,  # noqa: FBT001 - multiprocessing passes arguments by place
) -> None:
    """Do the jobs that come along the link, until the parent ends this process.

    Args:
        setting: Entered before the first job, and left in the end.
        link: Brings jobs, and takes an `JobAnswer` for each.
        inheritance: What the parent has set.
        is_isolated: Whether each job is to have a process of its own.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker is never the first process"
    belong_to(parent.join)
    inheritance.accept()
    try:
        with at_work(setting, isolated=is_isolated) as do:
            while True:
                link.send(do(link.recv()))
    except (EOFError, ConnectionError):
        return  # The parent is gone: nobody wants to know any more.
    except Exception as error:  # noqa: BLE001 - a setting that fails is told as the job's failure
        link.send(failure(error))


def belong_to(wait_for_owner: Callable[[], object]) -> None:
    """Let this process end with the one that it works for, and no sooner.

    Args:
        wait_for_owner: Returns when the owner has ended; called in a thread of its own.
    """
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It does so by this signal, whose usual effect would leave the folder of a run behind.
    signal.signal(signal.SIGTERM, _leave)

    def end_with_owner() -> None:
        wait_for_owner()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with_owner, daemon=True).start()


@contextmanager
def at_work(
    setting: Callable[[], AbstractContextManager[Callable[[J], R]]], *, isolated: bool
) -> Iterator[Callable[[J], JobAnswer[R]]]:
    """Enter a setting, and yield what does a job and answers for it.

    Args:
        setting: What the work is done in.
        isolated: Whether each job is to have a process of its own: a copy of this one, or this
            one itself, which is spent then.
    """
    with setting() as work:
        forks = isolated and _is_alone()
        if forks:
            # Collecting garbage in a copy would copy every page that it looks at.
            gc.collect()
            gc.freeze()

        def do(job: J) -> JobAnswer[R]:
            answer = _answer_of_a_copy(work, job) if forks else _answer(work, job)
            return replace(answer, is_spent=isolated and not forks)

        yield do


def _answer(work: Callable[[J], R], job: J) -> JobAnswer[R]:
    try:
        return JobAnswer(result=work(job))
    except Exception as error:  # noqa: BLE001 - it is raised again by whoever gave the job
        return failure(error)


def _is_alone() -> bool:
    """Whether a copy of this process has all that it needs: no thread but the one that waits."""
    return hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() <= 2  # noqa: PLR2004 - this one, and that


def _answer_of_a_copy(work: Callable[[J], R], job: J) -> JobAnswer[R]:
    """Do the job in a copy of this process, which ends with it."""
    # What waits to be written would be written by the copy as well.
    _flush()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with warnings.catch_warnings():
        # The thread of this process holds nothing that its copy could wait for.
        warnings.filterwarnings("ignore", ".*is multi-threaded", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            theirs.send(_answer(work, job))
        finally:
            _flush()
            real_exit(0)
    theirs.close()
    answer: JobAnswer[R] | None = None
    try:
        with suppress(EOFError, ConnectionError):
            answer = ours.recv()
    except BaseException:
        # Whoever ends this process ends its copy.
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        ours.close()
        _, status = os.waitpid(pid, 0)
    if answer is None:
        return JobAnswer(died=how_it_died(os.waitstatus_to_exitcode(status)))
    return answer


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


def how_it_died(exit_code: int | None) -> str:
    """The end of a process, to follow its name.

    Example:
        >>> how_it_died(-9)
        'died of SIGKILL'
    """
    if exit_code is not None and exit_code < 0:
        return f"died of {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


def failure(error: Exception) -> JobAnswer[Any]:
    """The error, or the nearest to it that survives the way to another process."""
    told = f"in another process:\n{''.join(traceback.format_exception(error))}"
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - it was written in this very line
    except Exception:  # noqa: BLE001 - whatever a class does that is made of other things
        error = (
            ChaosError(str(error))
            if isinstance(error, ChaosError)
            else RuntimeError(f"{type(error).__name__}: {error}")
        )
    error.add_note(told)
    return JobAnswer(error=error)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    # Whoever ends a worker may do so twice; the second time must not tear what the first began.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _pattern(wanted: Any) -> str:  # noqa: ANN401 - a pattern, a text or None: the list is private
    return getattr(wanted, "pattern", wanted) or ""
