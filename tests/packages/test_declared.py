"""What the two distributions declare, and what the project as a whole does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import chaos
import helpdesk

ROOT = Path(__file__).parents[2]
PARTS = ("chaos", "helpdesk")


def project(folder: str = ".") -> dict[str, Any]:
    """Return what a folder's pyproject.toml says of its project."""
    text = (ROOT / folder / "pyproject.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["project"]
    assert isinstance(found, dict)
    return found


def needs(found: dict[str, Any]) -> set[str]:
    """Return what a project needs."""
    return set(found["dependencies"])


def test_whole_project_needs_what_its_parts_need() -> None:
    """One list cannot be changed without the other; pytest is there for those who work on it."""
    parts = set().union(*(needs(project(part)) for part in PARTS))
    # What both need may have a lower floor in one of them. The helpdesk as a target is an extra.
    extra = set(project("chaos")["optional-dependencies"]["incidents"])
    ours = needs(project()) - {"pytest>=7.4"}
    whole = {name(each): each for each in ours if each not in extra - parts}

    assert set(map(name, parts)) == set(whole)
    assert set(whole.values()) <= parts


def name(need: str) -> str:
    """Return what is needed, without its version."""
    return re.split(r"[<>=\[]", need)[0]


def test_whole_project_has_the_commands_and_plugins_of_its_parts() -> None:
    """An editable install of the project is both."""
    scripts = project("chaos")["scripts"] | project("helpdesk")["scripts"]

    assert project()["scripts"] == scripts
    assert project()["entry-points"] == project("chaos")["entry-points"]


def test_parts_are_of_one_version() -> None:
    """They are released together."""
    assert chaos.__version__ == helpdesk.__version__


@pytest.mark.parametrize("part", PARTS)
def test_part_is_typed_and_licensed(part: str) -> None:
    """Both are in the folder that is packed."""
    whole = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert (ROOT / part / "py.typed").exists()
    assert (ROOT / part / "LICENSE").read_text(encoding="utf-8") == whole


@pytest.mark.parametrize("part", PARTS)
def test_part_promises_the_pythons_of_the_project(part: str) -> None:
    """Neither promises more than is tested."""

    def pythons(found: dict[str, Any]) -> list[str]:
        return [each for each in found["classifiers"] if "Python ::" in each]

    assert pythons(project(part)) == pythons(project())
    assert project(part)["requires-python"] == project()["requires-python"]
