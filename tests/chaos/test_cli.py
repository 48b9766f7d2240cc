"""The `chaos` command as a user meets it: exit codes, output, and errors without stack traces."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from junitparser import JUnitXml

from chaos import __version__, cli
from chaos.trace.ndjson import load

GOOD = """\
version: 1
name: {name}
hypothesis: The toy tries again.
target: tests.chaos.toy:Toy
seed: 7
method:
  - inject: {{id: outage, upstream: weather, fault: http_error, status: 503, calls: 1-2}}
  - ask: How is it?
    expect: {{answer.mode: {mode}, calls.weather: 3}}
"""


def write(folder: Path, name: str, mode: str = "llm", text: str = GOOD) -> Path:
    """Write a scenario that passes, or fails if another mode is expected."""
    path = folder / f"{name}.yaml"
    path.write_text(text.format(name=name, mode=mode))
    return path


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Chaos = Callable[..., Done]


@pytest.fixture
def chaos(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Chaos:
    """Run the command in this process, which has paid for its imports already."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["chaos", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        output = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Done(left.value.code, output.out, output.err)

    return run


def test_run_reports_and_exits_zero(tmp_path: Path, chaos: Chaos) -> None:
    """All passed: 0, with JSON, JUnit and traces written."""
    write(tmp_path, "well")
    results, junit, traces = tmp_path / "r.json", tmp_path / "x" / "j.xml", tmp_path / "traces"

    done = chaos("run", tmp_path, "--json", results, "--junit", junit, "--traces", traces)

    assert done.returncode == 0, done.stderr
    assert "passed" in done.stdout
    assert "1 passed" in done.stdout
    document = json.loads(results.read_text())
    assert document["scenarios"][0]["outcome"] == "passed"
    suite = next(iter(JUnitXml.fromfile(str(junit))))
    assert (suite.tests, suite.failures, suite.errors) == (1, 0, 0)
    assert len(load((traces / "well.ndjson").read_text())) > 5


def test_failure_shows_all_a_person_needs(tmp_path: Path, chaos: Chaos) -> None:
    """Expected, seen, the line, what happened, and the command that replays it."""
    path = write(tmp_path, "ill", mode="fallback")
    junit = tmp_path / "j.xml"

    done = chaos("run", path, "--junit", junit)

    assert done.returncode == 1
    assert "FAILED ill" in done.stdout
    assert "expected  fallback" in done.stdout
    assert "seen      llm" in done.stdout
    assert "line 9: expect: {answer.mode: fallback, calls.weather: 3}" in done.stdout
    assert "waits 1s before weather is called again" in done.stdout
    assert f"replay: chaos replay {path} --seed 7" in done.stdout
    case = next(iter(next(iter(JUnitXml.fromfile(str(junit))))))
    assert case.is_failure
    assert "fallback" in case.result[0].text


def test_inconclusive_exits_three(tmp_path: Path, chaos: Chaos) -> None:
    """A fault that never fires is neither good nor bad, and never 0."""
    path = write(tmp_path, "unsure", text=GOOD.replace("calls: 1-2", "calls: [1, 2]"))
    path.write_text(path.read_text().replace("id: outage, ", "id: outage, object: nothing, "))
    path.write_text(path.read_text().replace("calls.weather: 3", "calls.weather: 1"))

    done = chaos("run", path)

    assert done.returncode == 3, done.stdout
    assert "never touched a call" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "scenarios", "-k", "no-such-scenario"], "chaos list"),
        (["run", "scenarios", "-k", "and and"], "expression"),
        (["validate", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_wrong_arguments_exit_two_with_one_message(
    arguments: list[str], message: str, chaos: Chaos
) -> None:
    """One clear message, no stack trace."""
    done = chaos(*arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_wrong_file_shows_every_mistake_with_its_place(tmp_path: Path, chaos: Chaos) -> None:
    """All mistakes at once, each with line, column and a caret."""
    path = write(tmp_path, "wrong", text=GOOD.replace("seed: 7", "sede: 7"))
    path.write_text(path.read_text().replace("status: 503", "status: 50"))

    done = chaos("run", path)

    assert done.returncode == 2
    assert f"{path}:5:1" in done.stderr
    assert "did you mean 'seed'?" in done.stderr
    assert f"{path}:7:" in done.stderr
    assert "^" in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_target_module_is_one_message(tmp_path: Path, chaos: Chaos) -> None:
    """A target that cannot be imported says which module is missing."""
    path = write(tmp_path, "lost", text=GOOD.replace("tests.chaos.toy:Toy", "no.such:Thing"))

    done = chaos("run", path)

    assert done.returncode == 2
    assert "no.such" in done.stderr
    assert "Traceback" not in done.stderr


def test_stop_at_first_stops(tmp_path: Path, chaos: Chaos) -> None:
    """With -x nothing is played after the first that did not pass."""
    write(tmp_path, "a-ill", mode="fallback")
    write(tmp_path, "b-well")

    done = chaos("run", tmp_path, "-x")

    assert done.returncode == 1
    assert "b-well" not in done.stdout


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes_in_any_process(tmp_path: Path, chaos: Chaos) -> None:
    """Hash seeds, processes and real time leave no mark on results or traces."""
    crowd = GOOD.replace("ask: How is it?", "ask: {{question: How is it?, users: 7}}")
    crowd = crowd.replace("calls: 1-2", "toxicity: 0.5").replace("answer.mode: {mode}, ", "")
    write(tmp_path, "crowd", text=crowd.replace("calls.weather: 3", "answers.error: 0"))
    command = ["run", str(tmp_path / "crowd.yaml"), "--json", "-", "--seed", "3"]
    elsewhere = [
        subprocess.run(
            [sys.executable, "-m", "chaos", *command],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1")
    ]

    assert elsewhere == [chaos(*command).stdout] * 2
    other = chaos("run", tmp_path / "crowd.yaml", "--json", "-", "--seed", "4")
    assert json.loads(other.stdout)["scenarios"][0]["digest"] not in elsewhere[0]


def test_list_and_validate_read_without_playing(chaos: Chaos) -> None:
    """The shipped scenarios are valid, and listed with their claims."""
    validated, listed = chaos("validate"), chaos("list", "-k", "lifecycle")

    assert validated.returncode == 0
    assert "scenarios are valid" in validated.stdout
    assert "breaker-lifecycle" in listed.stdout
    assert "Five failed calls open the breaker" in listed.stdout


def test_doctor_finds_everything_in_place(chaos: Chaos) -> None:
    """What the simulated tier needs is installed and works."""
    done = chaos("doctor")

    assert done.returncode == 0, done.stdout
    assert "a stand-in answers" in done.stdout


def test_doctor_misses_nothing_that_only_the_wire_tier_needs(
    chaos: Chaos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A newcomer without Go or Toxiproxy is told how to get one, and all is well."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CHAOS_TOXIPROXY_URL", raising=False)

    done = chaos("doctor")

    assert done.returncode == 0, done.stdout
    assert "absent  wire tier" in done.stdout
    assert "install Go" in done.stdout


def test_doctor_minds_a_toxiproxy_that_does_not_work(
    chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wants it, or would not have named it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # And nobody listens there.
        host, port = taken.getsockname()
        monkeypatch.setenv("CHAOS_TOXIPROXY_URL", f"http://{host}:{port}")
        done = chaos("doctor")

    assert done.returncode == 4
    assert "not ok  wire tier" in done.stdout


def test_help_teaches_the_first_command(chaos: Chaos, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer reads what to type first, and what exit codes mean."""
    monkeypatch.setenv("COLUMNS", "200")

    done = chaos("--help")

    assert "chaos run scenarios" in done.stdout
    assert "3 inconclusive" in done.stdout


def test_version_is_told(chaos: Chaos) -> None:
    """Without a command."""
    done = chaos("--version")

    assert (done.returncode, done.stdout) == (0, f"chaos {__version__}\n")


@pytest.mark.parametrize("command", ["run", "list", "validate"])
def test_folder_without_scenarios_is_told_how_to_begin(
    command: str, chaos: Chaos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked for, and the command that writes a first one."""
    monkeypatch.chdir(tmp_path)

    done = chaos(command)

    assert done.returncode == 2
    assert "no folder 'scenarios' here" in done.stderr
    assert "write a first one with: chaos new" in done.stderr


def test_settings_are_listed_with_their_defaults(chaos: Chaos) -> None:
    """Whoever changes one sees what it was."""
    lines = chaos("list", "--settings").stdout.splitlines()

    (timeout,) = [line for line in lines if line.startswith("openai.timeout")]
    assert timeout.split() == ["openai.timeout", "a", "duration", "15s"]


def test_replay_takes_the_seed_that_it_is_told_with(tmp_path: Path, chaos: Chaos) -> None:
    """The command at the end of a failure works as it stands."""
    path = write(tmp_path, "ill", mode="fallback")

    failed = chaos("run", path, "--seed", "99")
    (told,) = [line for line in failed.stdout.splitlines() if "replay: " in line]
    again = chaos(*shlex.split(told.partition("replay: chaos ")[2]))

    assert again.returncode == 1
    assert told in again.stdout


def test_large_suite_is_told_by_its_failures(tmp_path: Path, chaos: Chaos) -> None:
    """Eleven that passed are a count; with -v each has its line."""
    for number in range(11):
        write(tmp_path, f"well-{number}")

    quiet, verbose = chaos("run", tmp_path), chaos("run", tmp_path, "-v")

    assert "11 passed" in quiet.stdout
    assert "well-" not in quiet.stdout
    assert sum(line.startswith("passed ") for line in verbose.stdout.splitlines()) == 11


@pytest.mark.parametrize("command", ["run", "gate", "explore", "incidents", "list"])
def test_short_help_of_every_command_fits_into_80_columns(command: str, chaos: Chaos) -> None:
    """No paragraph breaks in the middle of a line."""
    done = chaos(command, "-h")

    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
