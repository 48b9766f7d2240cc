"""Many scenario files."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.errors import ChaosError
from chaos.scenario.loader import Vocabularies
from chaos.scenario.model import Ask, AskStep, Scenario
from chaos.scenario.suite import find, load_suite, matches


def write(path: Path, name: str | None = None) -> Path:
    """A scenario file; its name is that of the file unless another is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"version: 1\nname: {name or path.stem}\nhypothesis: It holds.\nmethod: [ask: Hm?]\n"
    )
    return path


def test_files_of_folders_are_found_in_order(tmp_path: Path) -> None:
    """Recursively, each once, whatever else lies there."""
    deep = write(tmp_path / "b" / "deep" / "c.yaml")
    top = write(tmp_path / "a.yml")
    write(tmp_path / ".hidden" / "d.yaml")
    (tmp_path / "README.md").touch()

    assert find([tmp_path / "b", tmp_path, deep]) == [top, deep]


def test_file_named_on_purpose_is_taken_whatever_its_ending(tmp_path: Path) -> None:
    """Only folders are searched by ending."""
    named = write(tmp_path / "a.txt")

    assert find([named]) == [named]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("brekaer", "'.*brekaer' does not exist; .*; did you mean '.*breaker'?"),
        ("elsewhere/none", "does not exist; .*; check the path"),
        ("empty", "no scenario in '.*empty'; expected files ending in .yaml or .yml"),
    ],
)
def test_path_without_scenarios_is_an_error(name: str, message: str, tmp_path: Path) -> None:
    """An empty suite would pass without testing anything."""
    (tmp_path / "breaker").mkdir()
    (tmp_path / "empty").mkdir()

    with pytest.raises(ChaosError, match=message):
        find([tmp_path / name])


def test_suite_is_loaded_as_far_as_it_can_be(tmp_path: Path, vocabularies: Vocabularies) -> None:
    """Mistakes in one file do not hide another file, nor its mistakes."""
    write(tmp_path / "a.yaml", "not-a")
    write(tmp_path / "b.yaml")
    (tmp_path / "c.yaml").write_text("")

    suite = load_suite([tmp_path], vocabularies)

    assert [each.scenario.name for each in suite.loaded] == ["b"]
    assert [problem.code for problem in suite.problems] == ["name-differs", "empty-file"]


def test_name_used_twice_is_a_problem_of_the_second(
    tmp_path: Path, vocabularies: Vocabularies
) -> None:
    """Reports and baselines tell scenarios apart by name."""
    write(tmp_path / "one" / "same.yaml")
    second = write(tmp_path / "two" / "same.yaml")

    suite = load_suite([tmp_path], vocabularies)
    loaded, (problem,) = suite.loaded, suite.problems

    assert len(loaded) == 1
    assert (problem.code, str(problem.location)) == ("duplicate-name", f"{second}:2:7")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lifecycle", True),
        ("LIFE", True),
        ("breaker/", False),
        ("scenarios", True),
        ("slow", True),
        ("yaml", False),
        ("not gcs", True),
        ("gcs or openai and slow", True),
        ("(gcs or openai) and fast", False),
        ("not (gcs or fast)", True),
        ("not not slow", True),
        ("android or nothing", False),
    ],
)
def test_expression_chooses_by_name_folder_and_tag(expression: str, expected: object) -> None:
    """As ``-k`` of pytest does; ``not`` binds closest, then ``and``."""
    scenario = Scenario(
        version=1,
        name="lifecycle",
        hypothesis="It holds.",
        tags=("openai", "slow"),
        method=(AskStep(ask=Ask(question="Hm?")),),
        path="scenarios/breaker/lifecycle.yaml",
    )

    assert matches(scenario, expression) is expected


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("", "it ends where a word is expected"),
        ("breaker and", "it ends where a word is expected"),
        ("and breaker", "'and' stands where a word is expected"),
        ("breaker openai", "'and' or 'or' is missing before 'openai'"),
        ("(breaker", "a parenthesis is not closed"),
        ("breaker)", r"'\)' closes no parenthesis"),
        ("not " * 1000 + "a", "it nests too deep"),
    ],
)
def test_bad_expression_is_explained(expression: str, wrong: str) -> None:
    """What is wrong, and what an expression looks like."""
    scenario = Scenario(
        version=1, name="a", hypothesis="It holds.", method=(AskStep(ask=Ask(question="Hm?")),)
    )

    with pytest.raises(ChaosError, match=f"{wrong}.*; expected words with and, or, not"):
        matches(scenario, expression)
