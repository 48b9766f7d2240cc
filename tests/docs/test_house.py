"""What a contributor relies on: CI and the script say the same, and actions are pinned."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
from ruamel.yaml import YAML

from chaos.commands.gate import gate
from chaos.reports.formats import GateCommand

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ON_PUSH = ("tests.yml",)


def read(path: Path) -> Any:
    """Return the document in a YAML file."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def sessions(text: str) -> set[str]:
    """Return the nox sessions that a text runs."""
    return {each for line in re.findall(r"nox -s ([\w ]+)", text) for each in line.split()}


def test_workflow_and_script_run_the_same_sessions() -> None:
    """Whoever runs `.ci/run` sees what a pull request will see."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    workflows = "".join(
        (GITHUB / "workflows" / name).read_text(encoding="utf-8") for name in ON_PUSH
    )

    assert sessions(script) == sessions(workflows)


def test_sessions_that_are_named_exist() -> None:
    """In every workflow, in the script and on the page for contributors."""
    places = (*WORKFLOWS, ROOT / ".ci" / "run", ROOT / "CONTRIBUTING.md")
    named = {each for path in places for each in sessions(path.read_text(encoding="utf-8"))}
    source = (ROOT / "noxfile.py").read_text(encoding="utf-8")

    assert named
    assert named <= set(re.findall(r"^def (\w+)\(session", source, re.MULTILINE))


def test_modules_that_sessions_run_exist() -> None:
    """What is played once a week would otherwise be missed for as long."""
    source = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    modules = set(re.findall(r'"python", "-m", "([\w.]+)"', source))

    assert "tests.digests" in modules
    assert not {each for each in modules if find_spec(each) is None}


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_actions_are_pinned_by_hash(path: Path) -> None:
    """A tag can be moved; a commit cannot. The version stands beside it for people."""
    used = re.findall(r"uses: *(\S+)(.*)", path.read_text(encoding="utf-8"))

    assert all(re.search(r"@[0-9a-f]{40}$", action) for action, _ in used), used
    assert all(re.match(r" # v\d+\.\d+", comment) for _, comment in used), used


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_may_only_read_unless_a_job_says_more(path: Path) -> None:
    """No token that can write is handed to whatever a step runs."""
    assert read(path)["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(
    "path",
    [*GITHUB.glob("ISSUE_TEMPLATE/*.yml"), GITHUB / "dependabot.yml"],
    ids=lambda path: path.name,
)
def test_forms_are_yaml_with_what_github_asks_for(path: Path) -> None:
    """A form without these keys is not shown, and nobody is told."""
    document = read(path)
    needed = {
        "config.yml": {"blank_issues_enabled"},
        "dependabot.yml": {"version", "updates"},
    }.get(path.name, {"name", "description", "body"})

    assert needed <= document.keys()


def test_action_runs_the_gate_with_options_that_exist() -> None:
    """What the composite action types is understood; inputs come by way of variables."""
    steps = read(ROOT / "action.yml")["runs"]["steps"]
    (command,) = [step["run"] for step in steps if step.get("name") == "Chaos gate"]
    app = typer.Typer()
    app.command(cls=GateCommand)(gate)
    words = shlex.split(command)

    context = typer.main.get_command(app).make_context("gate", words[2:])

    assert words[:2] == ["chaos", "gate"]
    assert "${{" not in command
    # Older versions of typer make a path of it only when the command is run.
    assert Path(context.params["junit_file"]) == Path("$CHAOS_REPORT/junit.xml")


def test_pages_named_for_contributors_exist() -> None:
    """Links of the pages in the top folder lead somewhere."""
    for page in (ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), link


def test_map_of_the_house_names_rooms_that_exist() -> None:
    """Every module and folder that the page on the architecture names is where it says."""
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", page))
    homes = (ROOT, ROOT / "chaos", ROOT / "helpdesk", ROOT / "chaos" / "simulation")

    lost = [name for name in sorted(named) if not any((home / name).exists() for home in homes)]

    assert lost == []
    assert len(named) > 50, "the page names its rooms in another way now"
