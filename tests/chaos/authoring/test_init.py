"""`chaos init`: what it writes passes, in a folder that has never seen the harness."""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import typer.main
from ruamel.yaml import YAML

from chaos.commands.gate import gate
from chaos.reports.formats import GateCommand
from tests.chaos.test_cli import Chaos
from tests.chaos.test_cli import chaos as chaos  # noqa: PLC0414 - a fixture is found by its name

WRITTEN = {
    ".github/workflows/chaos.yml",
    ".vscode/settings.json",
    "scenarios/baseline.json",
    "scenarios/scenario.schema.json",
    "scenarios/weather-down.yaml",
    "service_target.py",
}
WEATHER = ("--provider", "weather", "--host", "api.weather.test", "--path", "/v1/now.json")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty folder, which is the current one; its target is forgotten afterwards."""
    from chaos.targets import find_target  # noqa: PLC0415 - its memory is cleared

    monkeypatch.chdir(tmp_path)
    find_target.cache_clear()
    yield tmp_path
    sys.modules.pop("service_target", None)
    importlib.invalidate_caches()
    find_target.cache_clear()


def files(folder: Path) -> set[str]:
    """Return every file below a folder, but for compiled ones."""
    found = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
    return {file.relative_to(folder).as_posix() for file in found}


def test_what_is_written_passes(project: Path, chaos: Chaos) -> None:
    """Played once when it is written, and once by the gate that the workflow runs."""
    begun, gated = chaos("init", *WEATHER), chaos("gate")

    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert not begun.stderr  # nobody else saved what it has written itself
    assert "passed       weather-down" in begun.stdout
    assert files(project) == WRITTEN
    assert gated.returncode == 0, gated.stdout + gated.stderr


def test_what_is_written_can_fail(project: Path, chaos: Chaos) -> None:
    """A service without a fallback does not pass what the draft passes."""
    chaos("init", *WEATHER)
    target = project / "service_target.py"
    code = target.read_text(encoding="utf-8")
    target.write_text(code.replace("except httpx.HTTPError", "except ZeroDivisionError"))
    sys.modules.pop("service_target")

    from chaos.targets import find_target  # noqa: PLC0415 - its memory is cleared

    find_target.cache_clear()
    importlib.invalidate_caches()

    assert chaos("gate").returncode == 1


def test_without_a_terminal_nothing_is_asked(chaos: Chaos) -> None:
    """There are usual names, and they pass too."""
    done = chaos("init")

    assert done.returncode == 0, done.stdout + done.stderr
    assert Path("scenarios/provider-down.yaml").exists()


def test_nothing_is_replaced_unless_forced(project: Path, chaos: Chaos) -> None:
    """One file that exists is enough for nothing to be written."""
    (project / "service_target.py").write_text("mine = 1\n", encoding="utf-8")

    done = chaos("init", *WEATHER)

    assert done.returncode == 2
    assert "service_target.py exists" in done.stderr
    assert files(project) == {"service_target.py"}


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--provider", "My Weather", "cannot name a provider"),
        ("--host", "https://api.weather.test", "is not a host"),
        ("--path", "v1/now?city=oslo", "is not a path"),
    ],
    ids=["name", "host", "path"],
)
def test_wrong_option_is_one_message(
    option: str, value: str, message: str, project: Path, chaos: Chaos
) -> None:
    """It says what is expected, and nothing is written."""
    done = chaos("init", *WEATHER, option, value)

    assert done.returncode == 2
    assert message in done.stderr
    assert not files(project)


def test_workflow_uses_options_that_exist(project: Path, chaos: Chaos) -> None:
    """The command of the workflow is understood."""
    chaos("init", *WEATHER)
    text = (project / ".github/workflows/chaos.yml").read_text(encoding="utf-8")
    steps = YAML(typ="safe", pure=True).load(text)["jobs"]["gate"]["steps"]
    (command,) = [step["run"] for step in steps if step.get("name") == "Chaos gate"]
    app = typer.Typer()
    app.command(cls=GateCommand)(gate)

    context = typer.main.get_command(app).make_context("gate", shlex.split(command)[2:])

    assert Path(context.params["junit_file"]) == Path("chaos-report/junit.xml")
