"""The reference is what the models say, and covers all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.checks.registry import law_names
from chaos.reference import examples
from chaos.reference import pages as reference
from chaos.scenario.faults import FAULTS
from chaos.scenario.model import ACTIONS
from chaos.targets import find_target
from chaos.targets.helpdesk.words import VOCABULARY

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
OWN = tuple(VOCABULARY.own_actions)
"""The actions that only the helpdesk has."""


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages as they would be written now."""
    find_target("helpdesk")
    return reference.pages()


def test_reference_is_up_to_date(pages: dict[str, str]) -> None:
    """A page that is not what would be written is stale: run `nox -s reference`."""
    stale = [
        name
        for name, text in pages.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]

    assert stale == []
    assert sorted(path.name for path in FOLDER.glob("*.md")) == sorted(pages)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("faults.md", tuple(FAULTS)),
        ("steps.md", (*ACTIONS, *OWN, "expect")),
        ("laws.md", law_names()),
    ],
    ids=["faults", "steps", "laws"],
)
def test_reference_explains_every_word(
    page: str, words: tuple[str, ...], pages: dict[str, str]
) -> None:
    """Each has a section with an example."""
    for word in words:
        section = pages[page].partition(f"\n## {word}\n")[2].partition("\n## ")[0]
        assert "```text" in section, word


def test_every_law_is_put_to_the_test_by_the_example(pages: dict[str, str]) -> None:
    """None is idle but those that the helpdesk gives no cause for."""
    idle = [line for line in pages["laws.md"].splitlines() if line.startswith("not exercised")]

    assert idle == [
        "not exercised: the target promises no retry budget",
        "not exercised: no stand-in reported an effect that must happen only once",
        "not exercised: no event loop ran",
    ]


def test_every_fault_example_is_felt(pages: dict[str, str]) -> None:
    """In each section of a fault a response carries its name, or an open connection does."""
    for kind in FAULTS:
        section = pages["faults.md"].partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
        assert f"[{kind}]" in section or f"fault {kind} touches" in section, kind


def test_every_step_has_an_example() -> None:
    """A step without one would leave a hole in the reference."""
    assert set(examples.STEPS) == {*ACTIONS, *OWN, "expect"}
