"""Bugs are played by several at a time, here or on a cluster, and told in one order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import __main__ as command
from corpus import cluster as on_a_cluster
from corpus import crews
from corpus.bug import Bug, BugError, bugs
from corpus.playing import Played, Result
from tests.chaos.cluster.clusters import Cluster, cluster

NAMES = ("backoff_182", "pyfailsafe_31", "redis_2665")


def result_of(bug: Bug) -> Result:
    """What is expected of a bug."""
    before = Played(outcome="failed", caught=bug.caught_by, virtual_s=1, real_s=1, told="")
    after = Played(outcome="passed", caught=(), virtual_s=1, real_s=1, told="")
    return Result(bug=bug, before=before, after=after)


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the page and the record of the project as they are."""
    monkeypatch.setattr(command, "PAGE", tmp_path / "corpus.md")
    monkeypatch.setattr(command, "write_record", lambda _: None)
    return tmp_path / "corpus.md"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler, and no worker yet."""
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def test_all_are_begun_and_told_in_order_of_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: Path
) -> None:
    """The first waits until the last is played; it is told first all the same."""
    last = threading.Event()

    def play(bug: Bug) -> Result:
        if bug.name == NAMES[0]:
            assert last.wait(60)
        elif bug.name == NAMES[-1]:
            last.set()
        return result_of(bug)

    monkeypatch.setattr(crews, "play", play)

    assert command.main("--jobs", "2", *NAMES) == 0

    told = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in told[:-1]] == list(NAMES)
    assert told[-1] == "3 of 3 bugs red before and green after"
    assert written.exists()


def test_bug_that_cannot_be_played_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: Path
) -> None:
    """It is named, the exit code is 2, and no page is written."""

    def play(bug: Bug) -> Result:
        if bug.name == NAMES[1]:
            raise BugError("uv failed: no such version")
        return result_of(bug)

    monkeypatch.setattr(crews, "play", play)

    assert command.main(*NAMES) == 2

    told = capsys.readouterr()
    assert told.err == "uv failed: no such version\n"
    assert "2 of 3 bugs" in told.out
    assert not written.exists()


def test_worker_plays_for_a_command_that_has_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for one whose harness or corpus differs: its verdict would be of something else."""
    monkeypatch.setattr(on_a_cluster, "play", result_of)

    kind, came = on_a_cluster.play_if_same(NAMES[0], on_a_cluster.fingerprint())
    refused, why = on_a_cluster.play_if_same(NAMES[0], "another")

    assert (kind, came.bug.name) == ("played", NAMES[0])
    assert refused == "unfit"
    assert why.startswith("has another corpus or chaos, in its folder")


def test_worker_tells_why_a_bug_cannot_be_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a value: an error of the worker's is not taken for one of Dask's."""

    def play(bug: Bug) -> Result:
        raise BugError(f"{bug.name} has not come to a result")

    monkeypatch.setattr(on_a_cluster, "play", play)

    told = on_a_cluster.play_if_same(NAMES[0], on_a_cluster.fingerprint())

    assert told == ("unplayed", "backoff_182 has not come to a result")


@pytest.mark.slow
def test_worker_without_the_corpus_is_named(running: Cluster, tmp_path: Path) -> None:
    """A real one, started in the folder of another project."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "__init__.py").touch()
    running.add_worker(folder=tmp_path)

    with (
        pytest.raises(BugError, match=r"cannot import the corpus in its folder"),
        crews.crew(1, running.url) as begin,
    ):
        begin(bugs(NAMES[:1])[0])()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--executor", "dask://127.0.0.1:1"], "no scheduler of dask at dask://127.0.0.1:1"),
        (["--executor", "ray://x:1"], "has the scheme 'ray'"),
        (["--executor", "dask://127.0.0.1:1", "-j", "2"], "--jobs has no meaning beside"),
        (["nix"], "there is no bug 'nix'"),
    ],
    ids=["nobody", "scheme", "both", "unknown"],
)
def test_what_cannot_be_asked_for_is_told_in_a_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is played."""
    assert command.main(*arguments) == 2
    assert told in capsys.readouterr().err
