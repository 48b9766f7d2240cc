"""The folders of the corpus are well formed, and the page says what was recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chaos.checks.registry import law_names
from corpus.bug import BUGS, EXPECTATION, Bug, BugError, bugs, read
from corpus.page import PAGE, page, recorded
from corpus.playing import Played, Result

GOOD = """\
library = "urllib3"
report = "urllib3/urllib3#1"
says = "it waits"
kind = "timeout"
style = "sync"
bug = ["urllib3==1"]
mended = ["urllib3==2"]
caught_by = ["expect answer.mode"]
"""


def folder_with(tmp_path: Path, text: str) -> Path:
    """A folder of a bug that says this."""
    (tmp_path / "bug.toml").write_text(text, encoding="utf-8")
    (tmp_path / "target.py").touch()
    (tmp_path / "one.yaml").touch()
    return tmp_path


def played(outcome: str, *caught: str) -> Played:
    """A run that ended so."""
    return Played(outcome=outcome, caught=caught, virtual_s=0, real_s=0, told="")


def test_every_folder_is_a_bug() -> None:
    """None is passed over because something is missing."""
    folders = {path.name for path in BUGS.iterdir() if path.is_dir() and path.name[0] != "_"}

    assert {bug.name for bug in bugs()} == folders


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_scenario_is_about_the_target_beside_it(bug: Bug) -> None:
    """Each folder stands alone, and what has to catch the bug exists."""
    scenario = YAML(typ="safe", pure=True).load(bug.scenario.read_text(encoding="utf-8"))
    module, _, name = scenario["target"].partition(":")
    source = (bug.folder / "target.py").read_text(encoding="utf-8")

    assert module == f"corpus.bugs.{bug.name}.target"
    assert f"class {name}(" in source
    assert not bug.twin or f"class {bug.twin}(" in source
    unasked = {each for each in bug.caught_by if not each.startswith(EXPECTATION)}
    assert unasked <= {*law_names(), "no-deadlock"}


def test_page_says_what_was_recorded() -> None:
    """Nobody has written to one and not to the other."""
    assert PAGE.read_text(encoding="utf-8") == page(recorded())


def test_record_is_of_this_corpus() -> None:
    """Every bug was played, and caught by what its folder names."""
    caught = {row.bug: row.caught for row in recorded()}

    assert caught == {bug.name: tuple(sorted(bug.caught_by)) for bug in bugs()}


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        ("style", 'style = "fast"', "style is 'fast'; expected one of: sync, async"),
        ("kind", "", "'kind' is missing"),
        ("kind", 'kind = "timeout"\nsort = "x"', "'sort' is no key of a bug; expected one of"),
        ("report", 'report = "urllib3"', "report is 'urllib3'; expected owner/repository#number"),
        ("bug", 'bug = ["urllib3"]', "'urllib3' is not pinned; expected urllib3==version"),
        ("mended", "", "expected either 'mended'"),
        ("mended", 'twin = "Sound"', "expected 'because' beside 'twin'"),
        ("caught_by", "caught_by = []", "caught_by is empty"),
        ("says", "says = ", "is not TOML"),
    ],
)
def test_mistake_in_a_folder_is_told(
    tmp_path: Path, line: str, instead: str, message: str
) -> None:
    """With the path, and what was expected."""
    lines = [instead if each.startswith(f"{line} ") else each for each in GOOD.splitlines()]

    with pytest.raises(BugError, match=r"bug\.toml") as caught:
        read(folder_with(tmp_path, "\n".join(lines)))

    assert message in str(caught.value)


def test_bug_that_nobody_knows_is_told() -> None:
    """With those that there are."""
    with pytest.raises(BugError, match=r"no bug 'nothing'; expected one of: \w+, "):
        bugs(("nothing",))


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (played("failed", "expect answer.mode"), played("passed"), ""),
        (played("passed"), played("passed"), "with the bug it is passed"),
        (played("inconclusive"), played("passed"), "with the bug it is inconclusive"),
        (played("failed", "recovers"), played("passed"), "'expect answer.mode' did not fail"),
        (
            played("failed", "expect answer.mode", "recovers"),
            played("passed"),
            "'recovers' failed, which 'caught_by' does not name",
        ),
        (played("failed", "expect answer.mode"), played("failed"), "without the bug it is failed"),
        (
            played("failed", "expect answer.mode"),
            played("inconclusive"),
            "without the bug it is inconclusive",
        ),
    ],
)
def test_only_red_for_its_reason_and_green_will_do(
    tmp_path: Path, before: Played, after: Played, wrong: str
) -> None:
    """A bug that was found by accident was not found."""
    bug = replace(read(folder_with(tmp_path, GOOD)), name="one")

    result = Result(bug=bug, before=before, after=after)

    assert wrong in result.wrong
    assert bool(result.wrong) == bool(wrong)
