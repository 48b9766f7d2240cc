"""The processes of a worker: what they say of what they cannot do, and when they end."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from chaos.cluster import dask, players
from chaos.cluster.fitting import about, unfit
from chaos.cluster.slices import Slice, SliceAnswer
from chaos.processes.worker import Inheritance
from tests.chaos.cluster.clusters import environment, wait_until
from tests.chaos.processes.works import CrookedError, doing, failing

TOY = "tests.chaos.toy:Toy"
TOLD = replace(Inheritance.now(), environment=None)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What players belong to; they end with the test."""
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    name = uuid4().hex
    yield name
    for each in players._idle.pop(name, []):
        each.end()


def play(
    command: str,
    *jobs: str,
    seconds: float = 60.0,
    isolated: bool = False,
    setting: Any = doing,
) -> tuple[str, Any]:
    """Let a player do a slice, and return what it told."""
    packed = pickle.dumps((setting, TOLD))
    slice_ = pickle.dumps(Slice(jobs, seconds))
    kind, told = players.do(command, about([], isolated=isolated), packed, slice_)
    if isinstance(told, str):
        return kind, told
    answer: SliceAnswer[Any] = pickle.loads(told)
    return kind, [each.result for each in answer.answers]


def test_player_goes_on_with_the_next_slice(command: str) -> None:
    """It has entered its setting once; jobs in a process of their own have one each."""
    (first, _), (second, third) = (play(command, "pid", "pid")[1] for _ in range(2))

    assert first == second == third
    assert first != os.getpid()


def test_isolated_jobs_have_a_process_each(command: str) -> None:
    """Forked from the player, which has no threads of dask."""
    _, pids = play(command, "pid", "pid", "pid", isolated=True)

    assert len(set(pids)) == 3


def test_slice_that_takes_long_is_given_back(command: str) -> None:
    """At least one job is done, or it would never end."""
    assert play(command, "echo a", "echo b", seconds=0.0) == ("answers", ["echo a"])


def test_player_that_dies_says_how_and_another_one_begins(command: str) -> None:
    """Also if it died idle: then nobody hears of it."""
    assert play(command, "die") == ("died", "died of SIGKILL")
    _, (first,) = play(command, "pid")
    os.kill(first, 9)

    _, (second,) = play(command, "pid")

    assert second != first


@pytest.mark.parametrize(
    ("setting", "job", "error"),
    [
        (doing, "raise", ZeroDivisionError),
        (doing, "unpicklable", TypeError),
        (doing, "crooked", RuntimeError),
        (failing, "pid", LookupError),
    ],
    ids=["a job", "its result", "an error that cannot travel", "its setting"],
)
def test_what_fails_is_told_as_what_it_is(
    command: str, setting: Any, job: str, error: type[Exception]
) -> None:
    """As by the processes of one machine."""
    packed = pickle.dumps((setting, TOLD))
    slice_ = pickle.dumps(Slice((job,), 1.0))

    _, told = players.do(command, about([], isolated=False), packed, slice_)

    assert isinstance(told, bytes)
    (answer,) = pickle.loads(told).answers
    assert isinstance(answer.error, error)
    assert CrookedError.__name__ in str(answer.error) or job != "crooked"


@pytest.mark.parametrize("isolated", [False, True], ids=["itself", "with its copy"])
def test_busy_player_ends_with_its_worker(command: str, tmp_path: Path, *, isolated: bool) -> None:
    """Whoever kills the worker leaves nobody behind."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = (
        "from tests.chaos.cluster.test_players import play\n"
        f"play({command!r}, 'wait-for {fifo}', isolated={isolated})\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", code], env=environment())
    writing = [-1]

    def is_read() -> bool:
        writing[0] = _open_if_read(fifo)
        return writing[0] >= 0

    wait_until(is_read, "for a reader")
    players = psutil.Process(worker.pid).children(recursive=True)

    worker.kill()
    worker.wait()

    assert len(players) == 1 + isolated
    wait_until(lambda: not any(each.is_running() for each in players), "for its players to end")
    with pytest.raises(BrokenPipeError):
        os.write(writing[0], b"nobody reads it")
    os.close(writing[0])


def _open_if_read(fifo: Path) -> int:
    """Open a named pipe for writing; -1 if nobody has opened it for reading."""
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return -1


def test_what_does_not_fit_is_told_by_the_player(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at the folder that it is in, before it imports anything that is played."""
    asked = json.loads(about([TOY], isolated=False))
    asked["made_of"]["targets"][TOY] = "another digest"
    monkeypatch.chdir(tmp_path)

    told = players.do(command, json.dumps(asked).encode(), b"not read", b"not read")

    assert told == (
        "unfit",
        (
            f"has other files than the command, in its folder '{tmp_path}': the code of target "
            f"'{TOY}'"
        ),
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: None, ""),
        (
            lambda made: made["chaos"].update(digest="another"),
            "has the same version of chaos, 0.1.0, with other sources",
        ),
        (
            lambda made: made["targets"].update({"gone:Gone": "1"}),
            "': target 'gone:Gone': no module named 'gone'",
        ),
    ],
    ids=["the same", "other sources", "a target that is not here"],
)
def test_what_does_not_fit_is_said(change: Any, said: str) -> None:
    """And nothing, if all is as it should be."""
    asked = json.loads(about([TOY], isolated=False))

    change(asked["made_of"])

    assert said in unfit(asked)
    assert bool(said) is bool(unfit(asked))


def gone() -> AbstractContextManager[Any]:
    """Stand for a setting that another machine does not have."""
    return doing()


def test_setting_that_cannot_be_imported_is_told(command: str) -> None:
    """Like a target that is not there."""
    packed = pickle.dumps((partial(gone), TOLD)).replace(b"gone", b"away")

    kind, told = players.do(command, about([], isolated=False), packed, b"not read")

    assert kind == "unfit"
    assert "cannot import what is played: AttributeError" in str(told)


def test_errand_needs_no_chaos_where_it_is_read() -> None:
    """A scheduler has none, and a worker may not have any."""
    pickled = pickle.dumps(dask._ERRAND)

    read = pickle.loads(pickled)

    assert isinstance(read, types.FunctionType)
    assert read.__name__ == "errand"
    assert read.__globals__.keys() == {"__builtins__", "__doc__", "errand"}
    assert b"chaos.cluster.dask" not in pickled
