"""The life of one process of a pool; it is deaf to Ctrl-C, and never outlives its parent."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, Generic, NoReturn, Self, TypeVar

from chaos.errors import ChaosError

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[R]):
    """What came of a job: a result, or what the job raised instead."""

    result: R | None = None
    error: Exception | None = None

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
    """What a process that was not forked has to be told of its parent."""

    log_level: int
    filters: tuple[Any, ...]

    @classmethod
    def now(cls) -> Self:
        """What holds in this process."""
        return cls(log_level=logging.getLogger().level, filters=tuple(warnings.filters))

    def accept(self) -> None:
        """Let the same hold here; handlers of logs cannot travel, so without them logs are lost.

        Nobody misses them: what the service logs is not what the harness has to say.
        """
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
) -> None:
    """Do the jobs that come along the link, until the parent ends this process.

    Args:
        setting: Entered before the first job, and left in the end.
        link: Brings jobs, and takes an `Answer` for each.
        inheritance: What the parent has set.
    """
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It does so by this signal, whose usual effect would leave the folder of a run behind.
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    inheritance.accept()
    try:
        with setting() as work:
            while True:
                link.send(_answer(work, link.recv()))
    except (EOFError, ConnectionError):
        return  # The parent is gone: nobody wants to know any more.
    except Exception as error:  # noqa: BLE001 - a setting that fails is told as the job's failure
        link.send(_failure(error))


def _answer(work: Callable[[J], R], job: J) -> Answer[R]:
    try:
        return Answer(result=work(job))
    except Exception as error:  # noqa: BLE001 - it is raised again by whoever gave the job
        return _failure(error)


def _failure(error: Exception) -> Answer[R]:
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
    return Answer(error=error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker is never the first process"
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    # Whoever ends a worker may do so twice; the second time must not tear what the first began.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _pattern(wanted: Any) -> str:  # noqa: ANN401 - a pattern, a text or None: the list is private
    return getattr(wanted, "pattern", wanted) or ""
