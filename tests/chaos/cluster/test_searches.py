"""`chaos explore --executor` on a real cluster comes to what one process comes to."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.chaos.cluster.clusters import (
    PATIENCE_S,
    Cluster,
    cluster,
    environment,
    family,
    players_of,
    wait_until,
)
from tests.chaos.test_many_processes import write

pytestmark = pytest.mark.slow

TARGETS = "tests.chaos.cluster.targets"
SEARCH = ("explore", "w.yaml", "--menu", "timeout,http_error-503,rate_limit-5s")
REAL = r'("real_s"|"per_second"): [\d.]+|\d+ a second|in [\d.]+ s\b'


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a workload."""
    write(tmp_path, "w", calls=1, target=f"{TARGETS}:Slow", times=3)
    return tmp_path


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler; who wants workers adds them."""
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `chaos` in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "chaos", *arguments],
        cwd=folder,
        env=environment(COLUMNS="200", NO_COLOR="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how a command ended, and what it said but for real times."""
    said, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, re.sub(REAL, "...", said)


def searched(folder: Path, *options: str) -> tuple[int, str, str]:
    """Search; return exit code, report, and a digest of all that was written, but for times."""
    options = ("--json", "e.json", "--into", "found", *options)
    return _all_of(folder, begin(folder, *SEARCH, *options))


def _all_of(folder: Path, process: subprocess.Popen[str]) -> tuple[int, str, str]:
    code, said = end(process)
    total = sha256()
    for path in (folder / "e.json", *sorted((folder / "found").glob("*"))):
        total.update(f"{path.name}\n".encode())
        total.update(re.sub(REAL, "...", path.read_text()).encode())
        path.unlink()
    assert not list(folder.glob("chaos-explore-*")), "a search that ended leaves no file of itself"
    return code, said, total.hexdigest()


def lines(path: Path) -> int:
    """Return how many runs are in the file of a search, and one for its head."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.parametrize("target", ["Slow", "Alone"], ids=["shared", "a process for each run"])
def test_search_is_the_same_on_any_number_of_workers(
    here: Path, running: Cluster, target: str
) -> None:
    """One process, one worker, two and four (with nannies and threads): byte for byte the same."""
    write(here, "w", calls=1, target=f"{TARGETS}:{target}", times=3)
    alone = searched(here, "-j", "1")

    running.add_worker("--no-nanny")
    on_one = searched(here, "--executor", running.url)
    running.add_worker()
    on_two = searched(here, "--executor", running.url)
    running.add_worker("--no-nanny", threads=2)
    on_four = searched(here, "--executor", running.url)

    assert alone[0] == 1
    assert "found: recovers" in alone[1]
    assert on_one == alone
    assert on_two == alone
    assert on_four == alone


@pytest.mark.parametrize(
    "options",
    [
        ("--random", "--runs", "30"),
        ("-x",),
        ("--runs", "9"),
        ("--preemptions", "1", "--reduce"),
    ],
    ids=["at random", "until the first", "some", "interleavings that matter"],
)
def test_every_kind_of_search_is_the_same(
    here: Path, running: Cluster, options: tuple[str, ...]
) -> None:
    """However its end depends on runs that were played before."""
    if "--reduce" in options:
        (here / "w.yaml").write_text(
            "version: 1\nname: w\nhypothesis: One seat, one buyer.\n"
            "target: tests.chaos.explorer.targets:Unlocked\n"
            "method:\n  - ask: {question: A seat, users: 2}\n"
            "    expect: {answers: {llm: 1, fallback: 1}}\n"
        )
    alone = searched(here, "-j", "1", *options)
    running.add_worker("--no-nanny", threads=2)

    assert searched(here, "--executor", running.url, *options) == alone
    assert alone[0] == 1


@pytest.mark.parametrize("nanny", [False, True], ids=["another goes on", "its nanny begins anew"])
def test_worker_that_is_killed_loses_nothing(here: Path, running: Cluster, *, nanny: bool) -> None:
    """It was in the middle of a slice; what it played with ends, too."""
    alone = searched(here, "-j", "1")
    killed = running.add_worker(*([] if nanny else ["--no-nanny"]))
    if not nanny:
        running.add_worker("--no-nanny")

    options = ("--json", "e.json", "--into", "found", "--executor", running.url)
    search = begin(here, *SEARCH, *options)
    wait_until(lambda: lines(here / "chaos-explore-1.search") > 3, "for the first runs")
    players = players_of(killed)
    # With a nanny, the worker is the child of what was started.
    worker = players[0].parent() if nanny else family(killed.pid)[-1]
    assert worker is not None
    worker.kill()

    assert _all_of(here, search) == alone
    wait_until(lambda: not any(each.is_running() for each in players), "for its players to end")


def test_player_that_is_killed_loses_nothing(here: Path, running: Cluster) -> None:
    """What it was playing is played by another."""
    alone = searched(here, "-j", "1")
    worker = running.add_worker("--no-nanny")

    options = ("--json", "e.json", "--into", "found", "--executor", running.url)
    search = begin(here, *SEARCH, *options)
    wait_until(lambda: lines(here / "chaos-explore-1.search") > 3, "for the first runs")
    (player,) = players_of(worker)
    player.kill()

    assert _all_of(here, search) == alone


@pytest.mark.parametrize("goes_on", ["here", "on another cluster"])
def test_search_goes_on_when_its_scheduler_has_gone(
    here: Path, running: Cluster, tmp_path_factory: pytest.TempPathFactory, goes_on: str
) -> None:
    """It ends with what was covered and a file; from there it comes to all that is to be found."""
    alone = searched(here, "-j", "1")
    running.add_worker("--no-nanny")
    kept = here / "chaos-explore-1.search"

    options = ("--json", "e.json", "--into", "found", "--executor", running.url)
    search = begin(here, *SEARCH, *options)
    wait_until(lambda: lines(kept) > 3, "for the first runs")
    running.scheduler.kill()
    code, said = end(search)

    assert code == 3
    assert "not covered, because the loss of --executor came first" in said
    assert f"the scheduler at {running.url} went away" in said
    assert "continue, with any executor or none, with: chaos explore w.yaml" in said
    assert "--resume chaos-explore-1.search" in said
    assert "Traceback" not in said
    partly = json.loads((here / "e.json").read_text())["searches"][0]
    assert partly["runs"] == lines(kept) - 1
    assert partly["not_covered"]["because"] == "the loss of --executor"

    played = lines(kept)
    kept.rename(here / "kept.search")
    for each in (here / "found").glob("*"):
        each.unlink()
    if goes_on == "here":
        resumed = searched(here, "-j", "1", "--resume", "kept.search")
    else:
        with cluster(tmp_path_factory.mktemp("other"), workers=1) as other:
            resumed = searched(here, "--executor", other.url, "--resume", "kept.search")
    assert resumed == alone
    assert played < lines(here / "kept.search")


def test_scheduler_that_hangs_is_as_good_as_gone(here: Path, running: Cluster) -> None:
    """Nobody waits for it for ever."""
    running.add_worker("--no-nanny")
    search = begin(here, *SEARCH, "--executor", running.url)
    wait_until(lambda: lines(here / "chaos-explore-1.search") > 3, "for the first runs")

    running.scheduler.send_signal(signal.SIGSTOP)
    code, said = end(search)

    assert code == 3
    assert "continue, with any executor or none, with: " in said
    assert "Traceback" not in said


def test_somebody_else_who_listens_is_told(here: Path) -> None:
    """Dask itself may wait for ever for an answer that makes sense."""
    with socket.create_server(("127.0.0.1", 0)) as listens:
        url = f"dask://127.0.0.1:{listens.getsockname()[1]}"

        code, said = end(begin(here, *SEARCH, "--executor", url))

    assert code == 2
    assert said.strip().startswith(f"chaos: no scheduler of dask at {url}: ")
    assert len(said.strip().splitlines()) == 1
    assert not list(here.glob("chaos-explore-*"))


def test_search_without_workers_says_how_to_start_one(here: Path, running: Cluster) -> None:
    """A scheduler alone plays nothing; it is waited for, but not for ever."""
    code, said = end(begin(here, *SEARCH, "--executor", running.url))

    assert code == 2
    assert said.strip() == (
        f"chaos: the scheduler at {running.url} has no worker; expected at least one; start it in "
        f"the folder of the project with: dask worker {running.netloc}"
    )
    assert not list(here.glob("chaos-explore-*"))


SERVICE = (
    "from tests.chaos.cluster.targets import Slow\n\n\nclass Mine(Slow):\n    name = 'mine'\n"
)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        pytest.param({}, "cannot import what is played, in its folder '", id="without the target"),
        pytest.param(
            {"mine.py": f"{SERVICE}    retries = 3\n"},
            "': the code of target 'mine:Mine'; expected what the command has",
            id="with another target",
        ),
        pytest.param(
            {"chaos/__init__.py": "__version__ = '0.0.1'\n"},
            "cannot import chaos: No module named 'chaos.cluster'",
            id="with a chaos that knows no cluster",
        ),
        pytest.param(
            {"copy": "0.0.2"},
            "has another chaos (0.0.2) than the command (0.1.0)",
            id="with another chaos",
        ),
    ],
)
def test_worker_that_does_not_fit_is_one_clear_message(
    here: Path,
    running: Cluster,
    tmp_path_factory: pytest.TempPathFactory,
    there: dict[str, str],
    said: str,
) -> None:
    """It names the worker, what is wrong with it, and how to mend that."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name, text in there.items():
        if name == "copy":
            chaos_of_version(elsewhere / "chaos", text)
            continue
        (elsewhere / name).parent.mkdir(exist_ok=True)
        (elsewhere / name).write_text(text)
    (here / "mine.py").write_text(SERVICE)
    write(here, "w", calls=1, target="mine:Mine", times=3)
    path = ":".join([str(elsewhere), *environment()["PYTHONPATH"].split(":")])
    running.add_worker("--no-nanny", folder=elsewhere, env={"PYTHONPATH": path})

    code, told = end(begin(here, *SEARCH, "--executor", running.url))

    assert code == 2, told
    assert re.match(rf"chaos: the worker tcp://[\d.:]+ of {running.url} ", told.strip())
    assert said in told
    assert "start it in the folder of the project" in told
    assert "Traceback" not in told
    assert not list(here.glob("chaos-explore-*"))


@pytest.fixture
def shop(here: Path) -> Path:
    """A folder with a scenario of a service that mutants can be made of."""
    (here / "w.yaml").write_text(
        "version: 1\nname: w\nhypothesis: The shop knows its prices.\n"
        "target: tests.chaos.prove.shop_target:Shop\n"
        "method:\n  - ask: one\n    expect: {answer.text: '7'}\n"
    )
    return here


def test_mutants_are_the_same_on_a_cluster(shop: Path, running: Cluster) -> None:
    """Each has a process of its own, forked by a player in the place of this one."""
    sample = ("prove", "w.yaml", "--mutants", "40", "--json", "e.json")
    alone = _all_of(shop, begin(shop, *sample, "-j", "1"))
    running.add_worker(threads=2)

    on_two = _all_of(shop, begin(shop, *sample, "--executor", running.url))

    assert on_two == alone
    assert "killed" in alone[1]


def test_mutants_without_their_scheduler_end_with_what_is_known(
    shop: Path, running: Cluster
) -> None:
    """One line says how far they came; there is nothing to go on from."""
    running.add_worker("--no-nanny")
    search = begin(shop, "prove", "w.yaml", "--mutants", "40", "--executor", running.url)
    assert search.stdout is not None
    planned = next(line for line in search.stdout if "are played" in line)
    running.scheduler.kill()

    code, said = end(search)

    assert code == 3, planned + said
    assert re.search(r"went away; \d+ of \d+ mutants were examined; a sample needs them", said)
    assert "Traceback" not in said


def test_ctrl_c_leaves_the_file_to_go_on_from(here: Path, running: Cluster) -> None:
    """Nobody has asked for it, and it is told."""
    alone = searched(here, "-j", "1")
    running.add_worker("--no-nanny")
    search = begin(here, *SEARCH, "--executor", running.url)
    wait_until(lambda: lines(here / "chaos-explore-1.search") > 3, "for the first runs")

    search.send_signal(signal.SIGINT)
    code, said = end(search)

    assert code == 130
    assert "continue with: chaos explore w.yaml" in said
    assert "--resume chaos-explore-1.search" in said
    assert "Traceback" not in said
    (here / "chaos-explore-1.search").rename(here / "kept.search")
    assert searched(here, "-j", "1", "--resume", "kept.search") == alone


def chaos_of_version(folder: Path, version: str) -> None:
    """Copy chaos, as another version of it."""
    from tests.chaos.cluster.clusters import ROOT  # noqa: PLC0415

    for path in (ROOT / "chaos").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            copy = folder / path.relative_to(ROOT / "chaos")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    init = folder / "__init__.py"
    init.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', init.read_text()))
