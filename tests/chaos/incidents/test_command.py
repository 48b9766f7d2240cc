"""`chaos incidents` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chaos.cli import app
from chaos.errors import ChaosError
from tests.chaos.incidents.test_comparison import SHORT

RUNNER = CliRunner()
HEADER = """\
# incident: Somebody, something
# date: 2024-01-02
# lasted: 2m
# shape: a cliff
# source: Report, https://status.example/1
# facts:
#   - It was down.
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a library of one incident; it is the current one."""
    folder = tmp_path / "scenarios" / "incidents"
    folder.mkdir(parents=True)
    (folder / "short.yaml").write_text(HEADER + SHORT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_incidents_are_listed_with_their_source(library: Path) -> None:
    """Without a command: date, duration, name, shape, and where it was published."""
    listed = RUNNER.invoke(app, ["incidents"])

    assert listed.exit_code == 0
    assert listed.output.split() == [
        *("2024-01-02", "2m", "short", "a", "cliff"),
        "https://status.example/1",
    ]


def test_incident_is_shown_with_what_was_assumed(library: Path) -> None:
    """Everything that the header says."""
    shown = RUNNER.invoke(app, ["incidents", "show", "short"])

    assert "It was down." in shown.output
    assert "Report, https://status.example/1" in shown.output


def test_incident_is_played_and_compared(library: Path) -> None:
    """A line for each service; numbers and picture are written where asked."""
    options = ("--target", "no-retry", "--target", "retry-only", "-j", "1")
    files = ("--json", "numbers.json", "--svg", "picture.svg")
    played = RUNNER.invoke(app, ["incidents", "run", "short", *options, *files])

    assert played.exit_code == 0, played.output
    rows = json.loads((library / "numbers.json").read_text())["rows"]
    assert [(row["target"], row["calls"]) for row in rows] == [("no-retry", 8), ("retry-only", 24)]
    assert "retry-only" in played.output
    assert (library / "picture.svg").read_text().startswith("<svg")


def test_claim_that_does_not_hold_fails_the_command(library: Path) -> None:
    """With the code of a failed run, and the command that tells why."""
    path = library / "scenarios" / "incidents" / "short.yaml"
    path.write_text(path.read_text().replace("answers: {error: 0}", "answers: {llm: 0}"))

    played = RUNNER.invoke(app, ["incidents", "run", "--target", "helpdesk", "-j", "1"])

    assert played.exit_code == 1
    assert "chaos run scenarios/incidents/short.yaml" in played.output


def test_folder_without_a_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an empty list."""
    monkeypatch.chdir(tmp_path)

    assert isinstance(RUNNER.invoke(app, ["incidents"]).exception, ChaosError)


def test_incidents_are_left_out_of_a_suite(library: Path) -> None:
    """Of all scenarios, unless they are named: by their folder, by their tag, by their name."""
    beside = library / "scenarios" / "beside.yaml"
    beside.write_text(SHORT.replace("name: short", "name: beside").replace("[incident]", "[x]"))

    def listed(*arguments: str) -> set[str]:
        words = RUNNER.invoke(app, ["list", *arguments]).output.split()
        return {"short", "beside"} & set(words)

    assert listed() == {"beside"}
    assert listed("scenarios/incidents") == {"short"}
    assert listed("-k", "incident") == {"short"}
    assert listed("-k", "short or beside") == {"short", "beside"}
