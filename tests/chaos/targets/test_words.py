"""The words of a target are found without the target, where it keeps them apart."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chaos import extensions
from chaos.errors import TargetError
from chaos.targets import find_target, vocabulary_of
from chaos.targets.helpdesk.words import VOCABULARIES

HOME = {
    "HelpdeskTarget": "chaos.targets.helpdesk.target",
    "FrontDoorTarget": "chaos.targets.helpdesk.front_door",
}

WORDS = """
from chaos.ports import Vocabulary

VOCABULARIES = {"Mine": Vocabulary(upstreams={"apart": ()}, observables={}, settings={})}
"""
TARGET = """
from chaos.ports import Answer, Target

class Mine(Target):
    def ask(self, question):
        return Answer(mode="llm")

class Other(Mine):
    pass
"""


@pytest.mark.parametrize("name", VOCABULARIES)
def test_words_beside_a_target_are_its_own(name: str) -> None:
    """Whoever reads a scenario and whoever plays it have the same words."""
    reference = f"{HOME[name]}:{name}"

    assert vocabulary_of(reference) is find_target(reference).vocabulary()


def test_words_of_the_helpdesk_are_found_by_its_name() -> None:
    """Its package announces the target, and that is where its words are."""
    assert vocabulary_of("helpdesk") is VOCABULARIES["HelpdeskTarget"]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a target and its words, which can be imported."""
    folder = tmp_path / "kept_apart"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "words.py").write_text(WORDS)
    (folder / "target.py").write_text(TARGET)
    monkeypatch.syspath_prepend(tmp_path)
    extensions.forget()
    return folder.name


def test_target_is_not_imported_for_words_that_are_beside_it(package: str) -> None:
    """Nor is the service that it imports."""
    words = vocabulary_of(f"{package}.target:Mine")

    assert dict(words.upstreams) == {"apart": ()}
    assert f"{package}.target" not in sys.modules


def test_target_whose_words_are_not_beside_it_is_asked(package: str) -> None:
    """Another class of the same package tells its words itself."""
    assert dict(vocabulary_of(f"{package}.target:Other").upstreams) == {}


def test_words_do_not_vouch_for_a_target_that_is_not_there(package: str) -> None:
    """A misspelt module is a mistake, whatever the words beside it say."""
    with pytest.raises(TargetError, match=r"no module named 'kept_apart\.targt'"):
        vocabulary_of(f"{package}.targt:Mine")
