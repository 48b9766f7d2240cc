"""A pool: whatever happens to a process, its job is told of."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path

import pytest

from chaos.errors import ChaosError
from chaos.processes import pool
from chaos.processes.pool import usable_cores, workers
from chaos.processes.tickets import WorkerDiedError
from tests.chaos.processes.works import doing, failing, tidy

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["as it comes", "spawned"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes as this one allows, and as one with threads has to."""
    if request.param == "spawned":
        monkeypatch.setattr(pool, "can_fork", lambda: False)


@pytest.mark.parametrize("number", [1, 3], ids=["here", "in three processes"])
def test_results_come_in_the_order_of_the_jobs(number: int) -> None:
    """Whoever does them, and whoever is done first."""
    jobs = [f"echo {each}" for each in range(20)]

    with workers(doing, number) as they:
        in_order, ended = list(they.in_order(jobs)), dict(they.as_they_end(jobs))

    assert in_order == jobs
    assert ended == dict(zip(jobs, jobs, strict=True))


@pytest.mark.usefixtures("start")
def test_workers_begin_once_and_leave_what_they_entered(tmp_path: Path) -> None:
    """Two processes for six jobs, and their settings are left when the block is."""
    with workers(partial(tidy, tmp_path), 2) as they:
        pids = set(they.in_order(["pid"] * 6))
        entered = {int(path.name) for path in tmp_path.iterdir()}

    assert entered == pids
    assert 0 < len(pids) <= 2
    assert os.getpid() not in pids
    assert list(tmp_path.iterdir()) == []


def test_isolated_job_has_a_process_to_itself() -> None:
    """Also if there is only one at a time."""
    with workers(doing, 1, isolated=True) as they:
        pids = {pid for _, pid in they.as_they_end(["pid"] * 3)}

    assert len(pids) == 3
    assert os.getpid() not in pids


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize(
    ("job", "told"),
    [("exit", "ended with exit code 9"), ("die", "died of SIGKILL")],
    ids=["exit", "signal"],
)
def test_death_is_told_with_the_name_of_its_job(job: str, told: str) -> None:
    """Neither a silence nor a hang."""
    with (
        pytest.raises(WorkerDiedError, match=f"played the job {job} {told}"),
        workers(doing, 2, name="the job {}".format) as they,
    ):
        list(they.in_order(["echo", job]))


def test_death_may_be_a_result() -> None:
    """And those who come after are served as if nothing had happened."""
    with workers(doing, 2, on_death=lambda job, how: f"{job} {how}") as they:
        results = list(they.in_order(["exit", "echo", "die", "echo", "echo"]))

    assert results == [
        *("exit ended with exit code 9", "echo"),
        *("die died of SIGKILL", "echo", "echo"),
    ]


@pytest.mark.parametrize("number", [1, 2], ids=["here", "elsewhere"])
@pytest.mark.parametrize(
    ("job", "kind", "told"),
    [("raise", ZeroDivisionError, "raise"), ("wrong-file", ChaosError, "a:1:1: w; expected e")],
)
def test_error_of_a_job_is_raised_where_its_result_is_taken(
    number: int, job: str, kind: type[Exception], told: str
) -> None:
    """A mistake of a user stays one, with its message, though pickle cannot read every error."""
    with pytest.raises(kind, match=told), workers(doing, number) as they:
        list(they.in_order([job]))


def test_error_tells_where_in_the_other_process_it_was_raised() -> None:
    """Its stack trace is in the notes, also of one that had to be replaced."""
    with pytest.raises(RuntimeError, match="CrookedError: one and another") as caught:  # noqa: SIM117 - the pool must be left by the error
        with workers(doing, 2) as they:
            list(they.in_order(["crooked"]))

    assert "in _crooked" in "".join(caught.value.__notes__)


def test_result_that_cannot_travel_is_an_error() -> None:
    """It says so instead of never arriving."""
    with pytest.raises(TypeError, match="pickle"), workers(doing, 2) as they:
        list(they.in_order(["unpicklable"]))


@pytest.mark.parametrize("number", [1, 2], ids=["here", "elsewhere"])
def test_setting_that_fails_is_told(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its own error, not as the death of a process."""
    monkeypatch.setattr(pool, "can_fork", lambda: False)

    with pytest.raises(LookupError, match="no such world"), workers(failing, number) as they:
        list(they.in_order(["echo"]))


def test_jobs_are_drawn_as_results_are_taken() -> None:
    """Three for each process, however quick they are; so jobs without end are no trouble."""
    drawn = itertools.count()

    with workers(doing, 2) as they:
        results = they.in_order(f"echo {next(drawn)}" for _ in itertools.count())
        taken = [next(results) for _ in range(5)]

    assert taken == [f"echo {number}" for number in range(5)]
    assert next(drawn) == 4 + 2 * 3


def test_leaving_early_ends_who_is_still_busy(tmp_path: Path) -> None:
    """What it had entered is left as well: no folder of a run stays behind."""
    with workers(partial(tidy, tmp_path), 2) as they:
        first = next(they.as_they_end(["hang", "echo"]))

    assert first == ("echo", "echo")
    assert list(tmp_path.iterdir()) == []


def test_results_owed_to_nobody_are_dropped(tmp_path: Path) -> None:
    """Whoever left an iteration early gets only what is new from the next."""
    late, later = tmp_path / "late", tmp_path / "later"
    os.mkfifo(late)
    os.mkfifo(later)

    with workers(doing, 2) as they:
        first = next(they.as_they_end([f"wait-for {late}", "echo"]))
        late.write_text("too late", encoding="utf-8")
        # The second of these can begin only when the one that is late has ended.
        new = they.as_they_end([f"wait-for {later}", "echo again"])
        second = next(new)
        later.write_text("in time", encoding="utf-8")

        assert first == ("echo", "echo")
        assert second == ("echo again", "echo again")
        assert list(new) == [(f"wait-for {later}", "in time")]


def test_process_that_still_imports_is_deaf_to_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one press too early would end in a stack trace from the middle of an import."""
    monkeypatch.setattr(pool, "can_fork", lambda: False)

    with workers(doing, 2) as they:
        assert list(they.in_order(["born-deaf"])) == [True]


@pytest.mark.usefixtures("start")
def test_workers_keep_warnings_and_log_level() -> None:
    """What is an error here is one there."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(37)
    try:
        with workers(doing, 2) as they:
            (level,) = they.in_order(["level"])
    finally:
        root.setLevel(before)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "a warn", UserWarning)
        with pytest.raises(UserWarning, match="a warning"), workers(doing, 2) as they:
            list(they.in_order(["warn"]))

    assert level == 37


SCRIPT = """\
from chaos.processes import pool
from tests.chaos.processes.works import doing

pool.can_fork = lambda: {can_fork}
if __name__ == "__main__":
    try:
        with pool.workers(doing, 2) as they:
            list(they.in_order(["hang", "hang"]))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize("can_fork", [True, False], ids=["forked", "spawned"])
@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, "interrupted\n"), (signal.SIGKILL, "")]
)
def test_workers_end_with_their_parent_and_say_nothing(
    tmp_path: Path, number: signal.Signals, said: str, *, can_fork: bool
) -> None:
    """After Ctrl-C in their terminal, and when the parent is killed in the middle of jobs."""
    script = tmp_path / "parent.py"
    script.write_text(SCRIPT.format(can_fork=can_fork), encoding="utf-8")
    parent = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert parent.stdout is not None
    busy = [parent.stdout.readline() for _ in range(2)]

    if number == signal.SIGINT:
        os.killpg(parent.pid, number)
    else:
        parent.kill()
    # The workers hold the same pipes: these end when the last of them has.
    written, complaints = parent.communicate(timeout=30)

    assert all(line.strip().isdecimal() for line in busy)
    assert written == said
    assert complaints == ""


def test_usable_cores_are_those_of_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those that the machine has and others use."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 5}, raising=False)
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)

    assert usable_cores() == 3
