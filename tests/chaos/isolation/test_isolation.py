"""What a scenario leaves behind in its process reaches no other scenario, and not the verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

CALM = "- ask: oslo\n    expect: {answer.mode: told}"
OUTAGE = f"- inject: {{upstream: weather, fault: http_error, status: 503}}\n  {CALM}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of somebody's own, with a service."""
    services = Path(__file__).with_name("services.py").read_text(encoding="utf-8")
    (tmp_path / "services.py").write_text(services, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, target: str, method: str = CALM, more: str = "") -> str:
    """A scenario; returns the name of its file."""
    Path(f"{name}.yaml").write_text(
        f"version: 1\nname: {name}\nhypothesis: The weather is told.\ntarget: {target}\n{more}"
        f"method:\n  {method}\n",
        encoding="utf-8",
    )
    return f"{name}.yaml"


def chaos(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a process, whose end is its own."""
    return subprocess.run(
        [sys.executable, "-m", "chaos", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )


def played(*files: str) -> dict[str, Any]:
    """Name to outcome and digest."""
    done = chaos("run", *files, "--json", "-")
    assert done.returncode in {0, 1, 3}, done.stderr
    return {
        each["name"]: (each["outcome"], each["digest"])
        for each in json.loads(done.stdout)["scenarios"]
    }


def test_state_of_a_module_does_not_reach_the_next_scenario() -> None:
    """Alone, first or last: one outcome, one digest."""
    calm, outage = (
        write("calm", "services:Remembers"),
        write("outage", "services:Remembers", OUTAGE),
    )

    together = played(calm, outage)

    assert together == played(outage, calm) == played(calm) | played(outage)
    assert [outcome for outcome, _ in together.values()] == ["passed", "failed"]


@pytest.mark.parametrize("where", ["target", "scenario"])
def test_shared_process_is_shared(where: str) -> None:
    """Whoever asks for it gets it, with all that comes of it."""
    target = "services:Trusting" if where == "target" else "services:Remembers"
    more = "" if where == "target" else "isolation: shared\n"
    files = write("calm", target, more=more), write("outage", target, OUTAGE, more)

    assert played(*files)["outage"][0] == "inconclusive"  # Its fault had nothing to act on.
    assert played(files[1])["outage"][0] == "failed"


def test_scenario_may_want_a_process_that_its_target_does_not() -> None:
    """The smaller word wins."""
    files = (
        write("calm", "services:Trusting"),
        write("outage", "services:Trusting", OUTAGE, "isolation: process\n"),
    )

    assert played(*files)["outage"][0] == "failed"


def test_service_that_is_killed_is_a_verdict() -> None:
    """It has failed, and those after it are played."""
    files = (
        write("big", "services:Dies", CALM.replace("oslo", "everything")),
        write("calm", "services:Dies"),
    )

    done = chaos("run", *files)

    assert done.returncode == 1
    assert "process died of SIGSEGV in the middle of the run" in done.stdout
    assert "1 passed, 1 failed" in done.stdout


@pytest.mark.parametrize("end", ["sys.exit(0)", "os._exit(0)", "raise SystemExit"])
def test_module_that_ends_the_process_is_named(folder: Path, end: str) -> None:
    """The rest is played, and what could not be played is not forgotten."""
    (folder / "program.py").write_text(f"import os, sys\n{end}\n", encoding="utf-8")
    files = write("ends", "program:Service"), write("outage", "services:Remembers", OUTAGE)

    done = chaos("run", *files)

    assert done.returncode == 2
    assert "importing program ended the process" in done.stderr
    assert "0 passed, 1 failed" in done.stdout


def test_exit_code_is_not_that_of_a_function_for_the_end() -> None:
    """A gate is not green because a service has the last word."""
    assert chaos("run", write("outage", "services:SaysGoodbye", OUTAGE)).returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("services:Unordered", "the order of a set"),
        ("services:Trusting", "set isolation: process"),
    ],
)
def test_order_check_finds_what_no_seed_decides(target: str, told: str) -> None:
    """With the first event that differs."""
    files = [write(name, target) for name in ("one", "two")]

    done = chaos("run", *files, "--check-order")

    assert done.returncode == 1, done.stderr
    assert "has another trace" in done.stdout
    assert told in " ".join(done.stdout.split())


def test_order_check_finds_nothing_where_nothing_is() -> None:
    """Not even in a service that keeps state, or draws lots: the world sees to both."""
    files = [write("calm", "services:Remembers"), write("drawn", "services:Unseeded")]

    done = chaos("run", *files, "--check-order")

    assert done.returncode == 0, done.stdout
    assert "2 traces are the same in the opposite order" in done.stdout


@pytest.mark.slow
def test_pytest_keeps_scenarios_apart() -> None:
    """Each is a test, and tests are not alone either."""
    write("calm", "services:Remembers")
    write("outage", "services:Remembers", OUTAGE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "calm.yaml", "outage.yaml"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert "1 failed, 1 passed" in done.stdout
