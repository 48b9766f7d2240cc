"""The recipes for CI say what the gate understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
from ruamel.yaml import YAML

from chaos.commands.gate import gate
from chaos.reports.formats import GateCommand

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "chaos.yml"
DOCS = ROOT / "docs" / "ci.md"


def read(text: str) -> Any:
    """Return the document in a YAML text."""
    return YAML(typ="safe", pure=True).load(text)


def block(language: str) -> list[str]:
    """Return the blocks of the docs in this language."""
    text = DOCS.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def steps() -> list[dict[str, Any]]:
    """Return the steps of the workflow's only job."""
    (job,) = read(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    assert isinstance(job["steps"], list)
    return job["steps"]


def commands() -> list[str]:
    """Return every command of the recipes that runs the gate."""
    (gitlab,) = block("yaml")
    lines = [step.get("run", "") for step in steps()] + read(gitlab)["chaos"]["script"]
    lines += [line for text in block("sh") for line in text.splitlines()]
    return [line for line in lines if line.startswith("chaos gate")]


def test_recipes_run_the_gate() -> None:
    """GitHub, GitLab, and the one that records the baseline."""
    assert len(commands()) == 3


@pytest.mark.parametrize("command", commands())
def test_recipe_uses_options_that_exist(command: str) -> None:
    """A recipe that is copied works at once."""
    app = typer.Typer()
    app.command(cls=GateCommand)(gate)
    parser = typer.main.get_command(app)

    context = parser.make_context("gate", shlex.split(command)[2:])

    assert context.params["paths"] in (None, [], ())


def test_workflow_keeps_the_report_of_a_shut_gate() -> None:
    """What comes after the gate runs also when it failed."""
    names = [step.get("name") for step in steps()]
    after = steps()[names.index("Chaos gate") + 1 :]

    assert len(after) == 2
    assert all("!cancelled()" in step["if"] for step in after)


def test_workflow_uploads_what_the_gate_writes() -> None:
    """The paths of the steps fit each other."""
    (command,) = [step["run"] for step in steps() if step.get("name") == "Chaos gate"]
    written = dict(re.findall(r"--(\w+) (\S+)", command))
    uploaded = [step["with"] for step in steps() if "upload" in step.get("uses", "")]

    assert uploaded[1]["sarif_file"] == written["sarif"]
    assert all(path.startswith(f"{uploaded[0]['path']}/") for path in written.values())
