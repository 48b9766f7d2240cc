"""Slices: whoever does them, in whatever order they end, the results are those of one process."""

from __future__ import annotations

from itertools import count, islice
from pathlib import Path

import pytest

from chaos import session
from chaos.cluster import slices
from chaos.cluster.slices import AHEAD, Dealer
from chaos.explorer.campaign import Campaign
from chaos.explorer.exploration import LOST, Bounds, Exploration
from chaos.explorer.search_text import summary
from chaos.processes.executor import HERE, Executor, ExecutorLostError
from chaos.processes.tickets import WorkerDiedError
from chaos.processes.worker import JobAnswer
from tests.chaos.cluster.engines import Elsewhere, Here
from tests.chaos.test_many_processes import write

SEEDS = range(5)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to be waited for here."""
    monkeypatch.setattr(slices, "_LOOK_S", 0.0)


def echo(job: int) -> JobAnswer[int]:
    """Answer with the job itself."""
    return JobAnswer(result=job)


@pytest.mark.parametrize("seed", SEEDS)
def test_results_come_in_the_order_of_the_jobs(seed: int) -> None:
    """Though slices end in another, are given back half done, and lose those who do them."""
    jobs = list(range(300))
    dealer: Dealer[int, int] = Dealer(Here(echo, seed=seed, slots=3))

    assert list(dealer.in_order(jobs)) == jobs
    assert sorted(dealer.as_they_end(jobs)) == [(each, each) for each in jobs]


def test_slices_get_smaller_towards_the_end() -> None:
    """So that nobody has much left when all others are done."""
    engine = Here(echo, seed=0, slots=2)

    list(Dealer[int, int](engine).in_order(range(400)))

    assert engine.sizes[0] == 64
    assert set(engine.sizes[-4:]) == {1}


def test_jobs_without_end_are_drawn_as_results_are_taken() -> None:
    """As many as ever, however many there are to do them."""
    for slots in (1, 7):
        jobs = count()
        dealer: Dealer[int, int] = Dealer(Here(echo, seed=1, slots=slots))

        assert list(islice(dealer.in_order(jobs), 10)) == list(range(10))
        assert next(jobs) == AHEAD + 9


def test_job_that_kills_whoever_does_it_is_named() -> None:
    """Twice, and alone: then it is not a matter of the machine, or of its neighbours."""

    class Deadly(Here):
        def _end_one(self) -> None:
            future, slice_ = self._waiting.pop()
            if 7 in slice_.jobs:
                future.set_result(slices.SliceAnswer(died="died of SIGKILL"))
            else:
                future.set_result(slices.SliceAnswer(tuple(map(echo, slice_.jobs))))

    dealer: Dealer[int, int] = Dealer(Deadly(echo, seed=0, slots=1), name="job {}".format)
    told: Dealer[int, int] = Dealer(Deadly(echo, seed=0, slots=1), on_death=lambda job, _: -job)

    with pytest.raises(WorkerDiedError, match="the process that played job 7 died of SIGKILL"):
        list(dealer.in_order(range(20)))
    assert [each for each in told.in_order(range(20)) if each < 0] == [-7]


def test_error_of_a_job_is_raised_here() -> None:
    """With the results before it."""

    def fail(job: int) -> JobAnswer[int]:
        return JobAnswer(error=ZeroDivisionError()) if job == 5 else JobAnswer(result=job)

    results = Dealer[int, int](Here(fail, seed=0, slots=1)).in_order(range(9))

    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        list(results)


def test_executor_that_is_lost_is_told() -> None:
    """Not waited for."""
    dealer: Dealer[int, int] = Dealer(Here(echo, seed=0, slots=2, lost_after=3))

    with pytest.raises(ExecutorLostError):
        list(dealer.in_order(range(500)))


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A workload in which something breaks."""
    target = "tests.chaos.explorer.targets:TiredToy"
    return write(tmp_path, "w", calls=1, target=target, times=3)


def searched(path: Path, executor: Executor) -> Exploration:
    """Return what a search has come to, without its real time."""
    (loaded,) = session.load([path])
    found = Campaign(loaded=loaded, bounds=Bounds(faults=1), executor=executor).search()
    found.real_s = 0.0
    return found


def test_search_is_the_same_in_whatever_order_its_runs_end(scenario: Path) -> None:
    """Findings, counts, what was saved: all of it."""
    alone = searched(scenario, HERE)

    assert alone.findings
    for seed, slots in ((1, 1), (2, 4)):
        assert searched(scenario, Elsewhere(seed=seed, slots=slots)) == alone


def test_search_whose_executor_went_before_it_is_lost(scenario: Path) -> None:
    """As where several are searched, and the scheduler goes away between two of them."""
    found = searched(scenario, Elsewhere(lost_after=-1))

    assert (found.stopped, found.lost, found.runs) == (LOST, "the engine went away", 0)


def test_search_that_is_lost_tells_what_it_has_covered(scenario: Path) -> None:
    """The first run was played, and none with a fault."""
    found = searched(scenario, Elsewhere(lost_after=1))

    assert (found.stopped, found.lost) == (LOST, "the engine went away")
    assert (found.runs, found.depth, found.done) == (1, 1, 0)
    assert found.due > 10
    assert (
        f"not covered, because the loss of --executor came first: {found.due} of {found.due} runs "
        "with 1 fault"
    ) in summary(found, Bounds(faults=1))
