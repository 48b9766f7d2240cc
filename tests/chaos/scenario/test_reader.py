"""YAML into data with positions."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.scenario.reader import UNUSABLE, read_bytes, read_file, read_text
from chaos.scenario.scalars import resolve, write


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "y", "n", "1:30", "2026-01-01", "0777x"]
)
def test_word_that_only_yaml_1_1_converts_is_text(word: str) -> None:
    """YAML 1.2 has no booleans but true and false, no dates and no base 60."""
    assert read_text(f"a: {word}", "a.yaml").data == {"a": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("7", 7),
        ("-0x1", "-0x1"),
        ("0o17", 15),
        ("0xff", 255),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 30, "9" * 30),
    ],
)
def test_plain_scalar_is_resolved_by_the_core_schema(word: str, value: object) -> None:
    """Numbers, booleans and null; what no scenario can mean stays text."""
    assert read_text(f"a: {word}", "a.yaml").data == {"a": value}


def test_position_of_every_node_is_known() -> None:
    """Of keys, values, list items and nested nodes, in block and flow style."""
    text = "method:\n  - ask:\n      question: Hm?\n  - inject: {id: outage, calls: [1, 3]}\n"

    source = read_text(text, "a.yaml").findings.source

    positions = {
        (1, 1): source.at_key("method"),
        (2, 5): source.at("method", 0),
        (3, 7): source.at_key("method", 0, "ask", "question"),
        (3, 17): source.at("method", 0, "ask", "question"),
        (4, 18): source.at("method", 1, "inject", "id", "no", "such", "node"),
        (4, 37): source.at("method", 1, "inject", "calls", 1),
    }
    assert {(at.line, at.column) for at in positions.values()} == set(positions)


def test_position_counts_lines_as_the_file_has_them() -> None:
    """Line ends of any system, and characters outside ASCII, are counted once."""
    source = read_bytes("a: é\r\nb:\r\n  - ü: 7".encode(), "a.yaml").findings.source

    assert source.lines == ("a: é", "b:", "  - ü: 7")
    assert (source.at("b", 0, "ü").line, source.at("b", 0, "ü").column) == (3, 8)


def test_repeated_keys_are_all_found() -> None:
    """Each repetition is a mistake of its own, also inside what is repeated."""
    reading = read_text("a: 1\na: {b: 1, b: 2}\na: 3", "a.yaml")

    assert [str(p.location) for p in reading.findings.problems] == [
        "a.yaml:2:1",
        "a.yaml:2:11",
        "a.yaml:3:1",
    ]
    assert reading.data == {"a": 1}


def test_nested_aliases_cost_nothing() -> None:
    """A file whose aliases would expand to a billion nodes is refused as fast as any other."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    reading = read_text("\n".join(levels), "a.yaml")

    assert reading.data is UNUSABLE
    assert len(reading.findings.problems) == 10 + 9 * 10


def test_endless_file_is_refused_unread(tmp_path: Path) -> None:
    """Only as much is read as a scenario may have, and of a device nothing."""
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(1 << 40)  # A terabyte that takes no room.

    for path, code in ((large, "too-large"), (Path("/dev/zero"), "unreadable")):
        reading = read_file(path, path.name)

        assert [problem.code for problem in reading.findings.problems] == [code]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_unreadable_file_is_a_problem(name: str, tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is told like any other mistake."""
    (problem,) = read_file(tmp_path / name, name).findings.problems

    assert (problem.code, str(problem.location)) == ("unreadable", name)


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "7",
        "",
        "a: b",
        "#x",
        "- a",
        "it's",
        "a\nb",
        "true",
        "{",
        "*x",
        "closed -> open",
        "-",
        "-1h",
    ],
)
def test_written_scalar_is_read_back(value: str) -> None:
    """Text is quoted where it would be something else, in flow style too."""
    assert read_text(f"[{write(value)}]", "a.yaml").data == (value,)


def test_resolved_scalar_is_written_as_itself() -> None:
    """Numbers, booleans and null survive being written."""
    values = [7, 1.5, True, False, None]

    assert [resolve(write(value)) for value in values] == values
