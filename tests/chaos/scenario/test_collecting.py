"""Which files are scenarios; whatever is passed over is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.errors import ChaosError
from chaos.scenario.collecting import Collection, collect, in_words
from chaos.scenario.model import Scenario
from chaos.scenario.signs import _KNOWN, Sign, sign_of

GOOD = "version: 1\nname: {name}\nhypothesis: It holds.\nmethod: [ask: Hm?]\n"

EXPERIMENT = """\
version: 1.0.0
title: The shop survives without its cache
description: An experiment of Chaos Toolkit.
tags: [cache]
steady-state-hypothesis:
  title: The shop answers
  probes: []
method:
  - type: action
rollbacks: []
"""


def write(path: Path, text: str = GOOD) -> Path:
    """A file, by default a scenario."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(name=path.stem) if text is GOOD else text)
    return path


def hidden_folder(folder: Path) -> Path:
    """Make one: hidden folder."""
    return write(folder / ".old" / "deep" / "a.yaml")


def hidden_file(folder: Path) -> Path:
    """Make one: hidden file."""
    return write(folder / ".a.yaml")


def other_ending(folder: Path) -> Path:
    """Make one: other ending."""
    return write(folder / "a.yaml.bak")


def capital_ending(folder: Path) -> Path:
    """Make one: capital ending."""
    return write(folder / "a.YAML")


def text_ending(folder: Path) -> Path:
    """Make one: text ending."""
    return write(folder / "a.txt")


def linked_folder(folder: Path) -> Path:
    """Make one: linked folder."""
    write(folder.parent / "elsewhere" / "a.yaml")
    (folder / "link").symlink_to(folder.parent / "elsewhere")
    return folder / "link" / "a.yaml"


def other_tool(folder: Path) -> Path:
    """Make one: other tool."""
    return write(folder / "experiment.yaml", EXPERIMENT)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (hidden_folder, "folder is hidden"),
        (hidden_file, "begins with a dot"),
        (other_ending, "does not end in .yaml or .yml"),
        (capital_ending, "does not end in .yaml or .yml"),
        (text_ending, "does not end in .yaml or .yml"),
        (linked_folder, "folder is a link"),
        (other_tool, "keys of another tool"),
    ],
)
def test_file_that_is_not_played_is_told_with_the_reason(
    make: Callable[[Path], Path], why: str, tmp_path: Path
) -> None:
    """A suite from which something drops out in silence is green for a wrong reason."""
    good = write(tmp_path / "suite" / "good.yaml")
    dropped = make(tmp_path / "suite")

    found = collect([tmp_path / "suite"])

    assert found.files == (good,)
    (told,) = found.passed_over
    assert told.path == str(dropped)
    assert why in told.why
    assert told.problem is None


def unreadable_link(folder: Path) -> Path:
    """Make one: unreadable link."""
    (folder / "loop.yaml").symlink_to("loop.yaml")
    return folder / "loop.yaml"


def pipe(folder: Path) -> Path:
    """Make one: pipe."""
    os.mkfifo(folder / "pipe.yaml")
    return folder / "pipe.yaml"


def link_to_nowhere(folder: Path) -> Path:
    """Make one: link to nowhere."""
    (folder / "gone.yaml").symlink_to("nowhere.yaml")
    return folder / "gone.yaml"


def empty(folder: Path) -> Path:
    """Make one: empty."""
    return write(folder / "empty.yaml", "")


def garbage(folder: Path) -> Path:
    """Make one: garbage."""
    return write(folder / "garbage.yaml", "\t%%\n")


@pytest.mark.parametrize("make", [unreadable_link, pipe, link_to_nowhere, empty, garbage])
def test_file_that_may_be_a_scenario_and_cannot_be_read_is_a_mistake(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Nobody can tell what it would have shown."""
    write(tmp_path / "good.yaml")
    path = make(tmp_path)

    (told,) = collect([tmp_path]).passed_over

    assert told.problem is not None
    assert told.problem.location.path == str(path)


def test_folder_in_which_all_is_passed_over_says_what(tmp_path: Path) -> None:
    """No scenario at all is an error, and the reason may be one letter."""
    write(tmp_path / "a.YAML")

    with pytest.raises(ChaosError, match=r"(?s)no scenario in .*not played: .*a.YAML: its name"):
        collect([tmp_path])


def test_file_named_on_purpose_is_not_passed_over(tmp_path: Path) -> None:
    """Whoever names a hidden one wants it."""
    hidden = write(tmp_path / ".a.yaml")
    write(tmp_path / "good.yaml")

    assert collect([tmp_path, hidden]) == Collection((hidden, tmp_path / "good.yaml"))


def test_other_files_are_nothing_to_speak_of(tmp_path: Path) -> None:
    """A folder holds notes, baselines and programs as well."""
    good = write(tmp_path / "good.yaml")
    for name, text in {
        "README.md": "method:\nhypothesis: none\n",
        "baseline.json": '{"version": 1, "scenarios": {}}',
        "notes.txt": "name: mine\n",
        ".editorconfig": "root = true\n",
    }.items():
        write(tmp_path / name, text)

    assert collect([tmp_path]) == Collection((good,))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        (GOOD, Sign.SCENARIO),
        ("# yaml-language-server: $schema=scenario.schema.json\n", Sign.SCENARIO),
        ("hypotesis: Typed in a hurry.\nversion: 1\nname: a\nmethod:\n", Sign.SCENARIO),
        ('{version: 1, name: a, "method": []}', Sign.SCENARIO),
        ("method: [\nname: unclosed\nversion: 1\n", Sign.SCENARIO),
        (EXPERIMENT, Sign.ANOTHER),
        ("- hosts: all\n  tasks: []\n", Sign.ANOTHER),
        ("---\napiVersion: v1\n---\nkind: Pod\n", Sign.ANOTHER),
        ("version: 3\nservices: {db: {image: postgres}}\n", Sign.ANOTHER),
        ("name: CI\non: push\njobs: {}\n", Sign.ANOTHER),
        ("", Sign.NOTHING),
        ("# hypothesis: later\n", Sign.NOTHING),
    ],
)
def test_scenario_is_told_by_its_keys(text: str, sign: Sign) -> None:
    """Half written and broken ones are ours; those of other tools are not."""
    assert sign_of(text) is sign


def test_known_keys_are_those_of_the_model() -> None:
    """A key that is added to scenarios has to be known here too."""
    assert set(Scenario.model_fields) - {"path"} == _KNOWN


def test_reasons_are_told_once_with_their_files(tmp_path: Path) -> None:
    """A hundred incidents are one line."""
    write(tmp_path / "good.yaml")
    for number in range(7):
        write(tmp_path / ".old" / f"{number}.yaml")

    (line,) = in_words(collect([tmp_path]).passed_over)

    assert "7 files of " in line
    assert line.endswith(f"{tmp_path.name}/.old (its folder is hidden)")
