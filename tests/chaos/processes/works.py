"""What the workers of the tests do; in a module of its own, for processes that import it."""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from chaos.scenario.problems import Location, Problem, ScenarioError

Work = Callable[[str], object]

BORN_DEAF = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
"""Whether Ctrl-C was ignored already when this was imported."""


@contextmanager
def doing() -> Iterator[Work]:
    """Do whatever a job names."""
    yield lambda job: WORKS[job.partition(" ")[0]](job)


@contextmanager
def tidy(folder: Path) -> Iterator[Work]:
    """The same, with a file for each process, there until it leaves."""
    mark = folder / str(os.getpid())
    mark.touch()
    try:
        with doing() as work:
            yield work
    finally:
        mark.unlink()


@contextmanager
def failing() -> Iterator[Work]:
    """Never come so far."""
    raise LookupError("no such world")
    yield str


class CrookedError(Exception):
    """An error that pickle writes, but cannot read."""

    def __init__(self, part: str, other: str) -> None:
        super().__init__(f"{part} and {other}")


def _exit(_: str) -> NoReturn:
    os._exit(9)


def _die(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(_: str) -> None:
    os.write(1, f"{os.getpid()}\n".encode())
    threading.Event().wait()


def _wait_for(job: str) -> str:
    """Wait until somebody has written to a named pipe."""
    return Path(job.partition(" ")[2]).read_text(encoding="utf-8")


def _raise(job: str) -> NoReturn:
    raise ZeroDivisionError(job)


def _crooked(_: str) -> NoReturn:
    raise CrookedError("one", "another")


def _wrong_file(_: str) -> NoReturn:
    problem = Problem(location=Location("a", 1, 1), wrong="w", expected="e", fix="f", code="c")
    raise ScenarioError([problem])


def _level(_: str) -> int:
    return logging.getLogger().level


WORKS: dict[str, Work] = {
    "echo": str,
    "born-deaf": lambda _: BORN_DEAF,
    "pid": lambda _: os.getpid(),
    "exit": _exit,
    "die": _die,
    "hang": _hang,
    "wait-for": _wait_for,
    "raise": _raise,
    "crooked": _crooked,
    "wrong-file": _wrong_file,
    "unpicklable": lambda _: threading.Lock(),
    "warn": lambda _: warnings.warn("a warning", UserWarning, stacklevel=1),
    "level": _level,
}
