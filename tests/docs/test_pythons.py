"""The Pythons that are promised are those that are tested."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


def promised() -> list[str]:
    """Return the versions that the package says it is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = (re.search(r":: (3\.\d+)$", line) for line in project["classifiers"])
    versions = [match[1] for match in found if match]
    assert project["requires-python"] == f">={versions[0]}"
    return versions


def test_workflow_tests_every_python_that_is_promised() -> None:
    """No more, and no fewer, with sessions that exist."""
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    job = YAML(typ="safe", pure=True).load(text)["jobs"]["tests"]

    assert job["strategy"]["matrix"]["python"] == promised()
    (sessions,) = re.findall(r"nox -s (.*)$", job["steps"][-1]["run"])
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "-l", "-s", *sessions.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(f"* {session} " in listed for session in sessions.split())


def test_sessions_cover_every_python_that_is_promised() -> None:
    """The default sessions run on the oldest or what there is, `pythons` on the others."""
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "-l"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert re.findall(r"pythons-(\S+)", listed) == promised()[1:]
