"""Problems, and how they are shown."""

from __future__ import annotations

import pytest

from chaos.scenario.problems import (
    NOWHERE,
    Location,
    Problem,
    ScenarioError,
    nearest,
    quoted,
    render,
)


def problem(line: int = 1, column: int = 1, path: str = "a.yaml") -> Problem:
    """A problem at a place."""
    return Problem(
        location=Location(path, line, column), wrong="w", expected="e", fix="f", code="c"
    )


def test_problems_are_told_in_file_order() -> None:
    """Whatever the order in which they were found, also beyond line nine."""
    error = ScenarioError([problem(10), problem(9, 2), problem(9, 1)])

    assert str(error).splitlines() == [
        "a.yaml:9:1: w; expected e; f [c]",
        "a.yaml:9:2: w; expected e; f [c]",
        "a.yaml:10:1: w; expected e; f [c]",
    ]


def test_problem_outside_files_has_no_location() -> None:
    """The rest of the message stays."""
    nowhere = Problem(location=NOWHERE, wrong="w", expected="e", fix="f", code="c")

    assert str(nowhere) == "w; expected e; f [c]"


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        pytest.param("a: bcd, e", 4, "1 | a: bcd, e\n  |    ^~~", id="one word"),
        pytest.param("a: 'b c' d", 4, "1 | a: 'b c' d\n  |    ^~~~~", id="quoted text"),
        pytest.param("日本: x", 5, "1 | 日本: x\n  |       ^", id="wide characters before it"),
        pytest.param("\tx: 1", 2, "1 |  x: 1\n  |  ^", id="a tab before it"),
        pytest.param("a:", 9, "1 | a:\n  |   ^", id="beyond the end of the line"),
        pytest.param("\x1b[31mred", 6, "1 | \ufffd[31mred\n  |      ^~~", id="control characters"),
        pytest.param(
            "x" * 300 + " yz",
            302,
            f"1 | …{'x' * 97} yz\n  | {' ' * 99}^~",
            id="a long line",
        ),
    ],
)
def test_caret_stands_below_the_mistake(line: str, column: int, shown: str) -> None:
    """Whatever stands before it, the caret is in its column of the terminal."""
    assert render(problem(1, column), [line]).split("\n", 2)[2] == shown


def test_problem_of_the_whole_file_has_no_caret() -> None:
    """There is no line to show."""
    assert render(
        Problem(location=Location("a.yaml"), wrong="w", expected="e", fix="f", code="c"), []
    ) == ("a.yaml: w; expected e; f [c]")


@pytest.mark.parametrize(
    ("word", "expected"), [("latncy", "latency"), ("LATENCY", "latency"), ("zzz", None)]
)
def test_nearest_word_is_offered_only_if_it_is_near(word: str, expected: str | None) -> None:
    """A far-fetched offer is worse than none."""
    assert nearest(word, ["jitter", "latency"]) == expected


def test_quoted_value_never_breaks_the_line() -> None:
    """Messages stay one line each, and of bearable length."""
    assert quoted("a\nb" + "c" * 500) == repr("a\nb" + "c" * 36 + "…")
