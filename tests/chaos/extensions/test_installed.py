"""`chaos doctor` lists what was added, and names what is broken."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint

import pytest
from typer.testing import CliRunner

from chaos import cli
from chaos.extensions import Installed, finding, installed
from tests.chaos.extensions.conftest import FAULT, LAW, Project


def broken() -> dict[str, str]:
    """Return what is wrong, by what it is."""
    return {each.what: each.seen for each in installed() if each.is_broken}


def test_what_a_project_adds_is_listed(project: Project) -> None:
    """By kind and name, with its place and who names it."""
    project.add(brownout=FAULT, said=LAW)

    assert list(installed()) == [
        Installed(
            what="fault 'brownout'",
            seen="brownout:Brownout, named by pyproject.toml:2",
        ),
        Installed(
            what="law 'something-is-said'",
            seen="said:SomethingIsSaid, named by pyproject.toml:2",
        ),
    ]


def test_one_that_is_broken_hides_no_other(project: Project) -> None:
    """Each that is broken is named, and what works is still listed."""
    project.add(brownout=FAULT, crooked="import nowhere", empty="NOTHING = 1")

    found = {each.what: each for each in installed()}

    assert not found["fault 'brownout'"].is_broken
    assert "no module named 'nowhere'" in broken()["plug-in 'crooked'"]
    assert "defines nothing that can be added" in broken()["plug-in 'empty'"]
    assert len(found) == 3


def test_name_that_is_taken_is_told(project: Project) -> None:
    """Though each of the two is whole."""
    project.add(brownout=FAULT.replace("brownout", "timeout"))

    (said,) = broken().values()

    assert "is called 'timeout', and so is one that comes with the harness" in said


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere:Nothing", "no module named 'nowhere'"),
        ("json:JSONDecoder", "expected a fault, as the group 'chaos.faults' says"),
    ],
    ids=["not there", "something else"],
)
def test_entry_point_is_tried(
    value: str, message: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a package announces and does not have is named by what it would be."""
    project.add()
    point = EntryPoint(name="theirs", value=value, group="chaos.faults")

    def entry_points(*, group: str) -> list[EntryPoint]:
        return [point] if group == point.group else []

    monkeypatch.setitem(installed.__globals__, "entry_points", entry_points)
    monkeypatch.setattr(finding, "entry_points", entry_points)

    assert message in broken()["fault 'theirs'"]


def test_doctor_lists_them_a_line_each(project: Project) -> None:
    """What is broken has its remedy, and the exit code says that something is."""
    project.add(brownout=FAULT, crooked="import nowhere")

    told = CliRunner().invoke(cli.app, ["doctor"])

    lines = told.output.splitlines()
    assert any(
        re.match("ok +fault 'brownout' +brownout:Brownout, named by", each) for each in lines
    )
    assert any(re.match("not ok +plug-in 'crooked' .*nowhere", each) for each in lines)
    assert told.exit_code == 4
