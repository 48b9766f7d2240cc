"""`chaos run -j N`: sooner, and otherwise the same to the byte."""

from __future__ import annotations

import ctypes
import os
import re
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chaos import session
from chaos.cli import app
from chaos.compare.baseline import Baseline
from chaos.compare.recorded import BaselineEntry
from chaos.interactive.interruption import RunInterruptedError
from chaos.ports import Answer, World
from chaos.processes.pool import Setting, Workers
from chaos.processes.tickets import WorkerDiedError
from chaos.reports.console import ConsoleReport
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.tiers.tier import Tier
from tests.chaos.toy import Toy

TOY = "tests.chaos.toy:Toy"
FILES = ("json", "junit", "sarif", "html")


class Deadly(Toy):
    """A toy that takes the process with it."""

    def build(self, world: World) -> None:
        """Keep the folder of the run, which nobody else will remove."""
        self._folder = world.folder

    def ask(self, question: str) -> Answer:
        """End here."""
        self._folder.rmdir()
        # Past the interpreter, where the simulation could refuse it.
        ctypes.CDLL(None).kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody is left to get here")


def write(folder: Path, name: str, *, calls: int, target: str = TOY, times: int = 1) -> Path:
    """Write a scenario of the toy that passes if each question makes so many calls."""
    path = folder / f"{name}.yaml"
    path.write_text(
        f"version: 1\nname: {name}\nhypothesis: The toy answers.\ntarget: {target}\nmethod:\n"
        f"  - ask: {{question: How is it?, times: {times}}}\n"
        f"    expect: {{calls.weather: {calls * times}}}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder of scenarios that take more and less, and of which one fails."""
    folder = tmp_path / "suite"
    folder.mkdir()
    for number, times in enumerate([9, 1, 7, 1, 5, 1]):
        write(folder, f"s{number}", calls=2 if number == 3 else 1, times=times)
    return folder


def play(folder: Path, into: Path, *options: str) -> Result:
    """Play a folder and write every file there is to write."""
    files = [word for name in FILES for word in (f"--{name}", str(into / f"results.{name}"))]
    arguments = ["run", str(folder), *files, "--traces", str(into / "traces"), *options]
    return CliRunner().invoke(app, arguments)


def without_real_time(text: str) -> str:
    """Return what is left of an output without what differs between any two runs."""
    return re.sub(r'time="[^"]*"| *\d+ ms|in [\d.]+ s', "", text)


def written(folder: Path) -> dict[str, str]:
    """Return every file below a folder, without real times."""
    return {
        str(path.relative_to(folder)): without_real_time(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def noting(begun: list[int]) -> Callable[..., AbstractContextManager[Workers[int, RunResult]]]:
    """Workers that note the order in which they are given jobs, and end them backwards."""

    class Noting:
        def __init__(self, work: Callable[[int], RunResult]) -> None:
            self._work = work

        def in_order(self, jobs: Iterable[int]) -> Iterator[RunResult]:
            return map(self._work, jobs)

        def as_they_end(self, jobs: Iterable[int]) -> Iterator[tuple[int, RunResult]]:
            begun.extend(jobs)
            return ((job, self._work(job)) for job in reversed(begun))

    @contextmanager
    def workers(
        setting: Setting[int, RunResult], number: int, **_: object
    ) -> Iterator[Workers[int, RunResult]]:
        assert number == 2
        with setting() as work:
            yield Noting(work)

    return workers


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-x",)], ids=["all", "until the first failure"])
def test_outputs_are_the_same_for_any_number_of_processes(
    suite: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """The same words in the same order, and every file byte for byte."""
    one = play(suite, tmp_path / "one", *options, "-j", "1")
    three = play(suite, tmp_path / "three", *options, "-j", "3")

    assert (one.exit_code, three.exit_code) == (1, 1)
    assert without_real_time(three.output) == without_real_time(one.output)
    assert written(tmp_path / "three") == written(tmp_path / "one")
    assert len(written(tmp_path / "one")) == len(FILES) + (4 if options else 6)


def test_several_processes_begin_with_the_longest(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And tell of each in the order of the files."""
    begun: list[int] = []
    loaded = session.load([suite])
    monkeypatch.setattr(session, "workers", noting(begun))
    told: list[str] = []

    session.run(
        loaded,
        processes=2,
        length=lambda each: len(loaded) - loaded.index(each) % 2 * 10,
        on_result=lambda result: told.append(result.name),
    )

    assert begun == [0, 2, 4, 1, 3, 5]
    assert told == [each.scenario.name for each in loaded]


def test_run_that_kills_its_process_is_told_by_its_file(tmp_path: Path) -> None:
    """What is known of the others is not worth much then: the suite proves nothing."""
    write(tmp_path, "calm", calls=1)
    deadly = write(tmp_path, "deadly", calls=1, target=f"{__name__}:Deadly")

    with pytest.raises(WorkerDiedError, match=re.escape(f"'{deadly}' died of SIGKILL")):
        session.run(session.load([tmp_path]), processes=2)


@pytest.mark.parametrize(
    ("forks", "expected"), [(True, [1, 3, 4]), (False, [1, 1, 4])], ids=["forked", "spawned"]
)
def test_few_scenarios_are_played_here(
    monkeypatch: pytest.MonkeyPatch, suite: Path, expected: list[int], *, forks: bool
) -> None:
    """A process takes as long to start as some scenarios to play; but who wants two gets two."""
    monkeypatch.setattr(session, "usable_cores", lambda: 4)
    monkeypatch.setattr(session, "can_fork", lambda: forks)
    few: list[LoadedScenario] = session.load([suite])

    assert [session.processes_for(few * times) for times in (1, 4, 40)] == expected
    assert session.processes_for(few, wanted=2) == 2


def test_few_long_scenarios_are_worth_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What counts is how long they take; but one scenario is played by one."""
    monkeypatch.setattr(session, "usable_cores", lambda: 4)
    monkeypatch.setattr(session, "can_fork", lambda: True)
    for name in ("a", "b"):
        path = write(tmp_path, name, calls=1)
        text = path.read_text(encoding="utf-8")
        load = "  - load: {ask: And now?, users: 10, every: 1s, for: 60s}\n"
        path.write_text(text + load, encoding="utf-8")
    long = session.load([tmp_path])

    assert session.processes_for(long) == 2
    assert session.processes_for(long[:1]) == 1


@pytest.mark.parametrize("tier", [Tier.WIRE, Tier.BOTH])
def test_wire_is_played_by_one_process(tier: Tier, suite: Path) -> None:
    """There is one Toxiproxy, whatever is asked for."""
    assert session.processes_for(session.load([suite]), tier, 4) == 1


def test_length_is_what_the_baseline_recorded(suite: Path) -> None:
    """Calls to all providers; a scenario that is new to it costs nothing."""
    first, second = session.load([suite])[:2]
    measures = {"calls.weather": 9, "calls.gcs": None, "waits": 100}
    baseline = Baseline({first.scenario.name: BaselineEntry(path="", measures=measures)})

    assert (baseline.calls_of(first), baseline.calls_of(second)) == (9, 0)


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_wrong_number_of_processes_is_told(number: str) -> None:
    """With what is expected instead."""
    done = CliRunner().invoke(app, ["run", "-j", number])

    assert done.exit_code == 2
    assert "expected 1 or more, or 'auto'" in re.sub(r"[\s│]+", " ", done.output)


def test_ctrl_c_is_not_held_back_while_others_play(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the suite at once, and says how to go on from the first that was not told."""
    held: list[RunResult] = []

    def press(_: ConsoleReport, result: RunResult) -> None:
        signal.raise_signal(signal.SIGINT)
        held.append(result)

    monkeypatch.setattr(ConsoleReport, "on_result", press)

    done = CliRunner().invoke(app, ["run", str(suite), "-j", "2"])

    assert held == []
    assert isinstance(done.exception, RunInterruptedError)
    assert "interrupted: 1 of 6 scenarios were played (1 passed)" in str(done.exception)
    assert str(done.exception).endswith("--from s1")
