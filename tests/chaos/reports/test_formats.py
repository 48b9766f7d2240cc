"""Report formats: the list is what the command line offers, and packages can add to it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
import typer
import typer.main

from chaos import extensions
from chaos.commands.gate import gate
from chaos.commands.run import run
from chaos.errors import ChaosError
from chaos.extensions import ExtensionKind, finding
from chaos.reports.formats import (
    BUILT_IN,
    Files,
    Format,
    FormatsCommand,
    GateCommand,
    formats,
    with_formats,
)
from chaos.reports.report import Report
from tests.chaos.reports import examples
from tests.docs.blocks import blocks

PAGE = Path(__file__).parents[3] / "docs" / "extend" / "report-format.md"
TALLY = Format(
    name="tally",
    ending=".txt",
    holds="the number of runs",
    render=lambda report: f"{len(report.runs)} runs\n",
)
NOT_A_FORMAT = "words"
TAKEN = Format(name="junit", ending=".xml", holds="other XML", render=lambda _: "")


@pytest.fixture
def announce(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return a list of what packages announce, as a test fills it."""
    announced: list[str] = []

    def points(*, group: str) -> list[EntryPoint]:
        if group != ExtensionKind.FORMAT.group:
            return [*entry_points(group=group)]
        return [EntryPoint("x", value, group) for value in announced]

    monkeypatch.setattr(finding, "entry_points", points)
    extensions.forget()
    yield announced
    extensions.forget()


@pytest.mark.parametrize("each", BUILT_IN, ids=lambda each: each.name)
def test_format_renders_a_suite_of_every_outcome(each: Format) -> None:
    """Each is text that ends its last line, with the name of each scenario in it."""
    text = each.render(Report.of(examples.mixed()))

    assert text.endswith("\n")
    # A scenario that passed is no finding.
    for name in ("outage", "idle"):
        assert name in text
    if each.ending == ".json":
        json.loads(text)


@pytest.mark.parametrize("command", [run, gate], ids=["run", "gate"])
def test_command_has_an_option_for_each_format(command: Callable[..., None]) -> None:
    """The list decides; only the gate writes what is for it alone."""
    app = typer.Typer()
    app.command(cls=GateCommand if command is gate else FormatsCommand)(command)
    context = typer.main.get_command(app).make_context("x", [], resilient_parsing=True)
    offered = {name for each in context.command.get_params(context) for name in each.opts}

    wanted = {each.option for each in BUILT_IN if command is gate or not each.of_the_gate}
    assert wanted <= offered
    assert ("--summary" in offered) is (command is gate)


def test_announced_format_has_an_option(announce: list[str], tmp_path: Path) -> None:
    """A package brings a module and an entry point, and nothing else."""
    announce.append(f"{__name__}:TALLY")
    got: list[Files] = []
    app = typer.Typer()

    @app.command(cls=FormatsCommand)
    @with_formats
    def command(*, files: Files) -> None:
        got.append(files)

    app(["--tally", str(tmp_path / "t.txt")], standalone_mode=False)

    assert got == [{TALLY: tmp_path / "t.txt"}]
    assert TALLY.render(Report.of(examples.mixed())) == "3 runs\n"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_module:X", "no module named 'no_such_module'; expected an installed package"),
        (f"{__name__}:GONE", "has no 'GONE'; expected something that it defines"),
        (f"{__name__}:NOT_A_FORMAT", "is 'words'; expected a report format"),
        (f"{__name__}:TAKEN", "is called 'junit', and so is one that comes with the harness"),
    ],
    ids=["no module", "no attribute", "no format", "name is taken"],
)
def test_announcement_that_is_wrong_is_one_message(
    value: str, message: str, announce: list[str]
) -> None:
    """It names the package's module, so that its author can mend it."""
    announce.append(value)

    with pytest.raises(ChaosError, match=re.escape(message)) as raised:
        formats()

    assert value.partition(":")[0] in str(raised.value)


def test_format_of_the_docs_works(
    announce: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module of the page, under the name that the page announces."""
    for block in blocks(PAGE):
        if block.language == "python":
            (tmp_path / str(block.file)).write_text(block.text, encoding="utf-8")
        else:
            (value,) = tomllib.loads(block.text)["project"]["entry-points"][
                ExtensionKind.FORMAT.group
            ].values()
            announce.append(value)
    monkeypatch.syspath_prepend(str(tmp_path))

    (added,) = [each for each in formats() if each not in BUILT_IN]

    assert added.option == "--tally"
    assert added.render(Report.of(examples.mixed())) == "failed 1\ninconclusive 1\npassed 1\n"
