"""The page of hazards is complete, and everything that it names is there."""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import helpdesk
from defects import DEFECTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "hazards.md"

OF_THE_SERVICE = range(1, 69)
OF_THE_HARNESS = range(69, 74)

_ROW = re.compile(r"^\| (\d+) \|(?:[^|]+\|){2}([^|]+)\|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """A hazard on the page: its number, and the names in its last column."""

    number: int
    tests: tuple[str, ...]
    scenarios: tuple[str, ...]
    planted: tuple[str, ...]


def read(page: str) -> list[Row]:
    """Every row of the page, in order."""
    rows = []
    for match in _ROW.finditer(page):
        shown, planted = (re.findall(r"`([^`]+)`", part) for part in _parts(match[2]))
        tests = tuple(name for name in shown if "::" in name)
        scenarios = tuple(name for name in shown if "::" not in name)
        rows.append(Row(int(match[1]), tests, scenarios, tuple(planted)))
    return rows


def _parts(shows: str) -> tuple[str, str]:
    shown, _, planted = shows.partition("; planted:")
    return shown, planted


ROWS = read(PAGE.read_text(encoding="utf-8"))


def test_row_is_read_with_all_its_names() -> None:
    """The check itself can see: tests, scenarios and planted defects are told apart."""
    page = "| 7 | it `breaks` | not here | `t.py::test_x`, `scenarios/s.yaml`; planted: `d` |\n"

    assert read(page) == [Row(7, ("t.py::test_x",), ("scenarios/s.yaml",), ("d",))]


def test_every_hazard_has_one_row() -> None:
    """None is missing, none is there twice."""
    counted = Counter(row.number for row in ROWS)

    assert sorted(counted) == [*OF_THE_SERVICE, *OF_THE_HARNESS]
    assert [number for number, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_row_names_what_exists(row: Row) -> None:
    """Each is shown by something, and every test and scenario named is there."""
    assert row.tests or row.scenarios
    assert [name for name in row.tests if not _is_test(name)] == []
    assert [name for name in row.scenarios if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_row_names_its_planted_defects(row: Row) -> None:
    """All that stand for the hazard, and no others."""
    expected = sorted(defect.name for defect in DEFECTS if defect.hazard == row.number)

    assert sorted(row.planted) == expected


def test_what_does_not_apply_is_not_in_the_service() -> None:
    """No coroutine, no mapped file, and no retry by decorator, of a generator or of anything.

    The web server has coroutines; nothing that asks a provider is among them, which its layers
    say: none of it is imported by what does.
    """
    package = Path(helpdesk.__file__).parent
    found = [
        f"{path.name}:{line}: {what}"
        for path in sorted(package.rglob("*.py"))
        if path.parent.name != "web" and path != package / "app.py"
        for line, what in _foreign(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "async def f(): ...",
        "import asyncio",
        "from mmap import mmap",
        "faiss.read_index(path, faiss.IO_FLAG_MMAP)",
        "@tenacity.retry\ndef f(): ...",
        "@retry(stop=3)\ndef f(): ...",
    ],
)
def test_what_would_apply_is_noticed(code: str) -> None:
    """The check itself can fail."""
    assert list(_foreign(ast.parse(code)))


def _is_test(name: str) -> bool:
    path, _, function = name.partition("::")
    return function in _functions(ROOT / path)


@functools.cache
def _functions(path: Path) -> frozenset[str]:
    """The tests of a file, which is read and not imported."""
    if not path.is_file():
        return frozenset()
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef))


def _foreign(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef(name=name):
                yield node.lineno, f"async def {name}"
            case ast.Import(names=names) if {each.name for each in names} & {"asyncio", "mmap"}:
                yield node.lineno, ast.unparse(node)
            case ast.ImportFrom(module="asyncio" | "mmap"):
                yield node.lineno, ast.unparse(node)
            case ast.Attribute(attr=name) if "MMAP" in name:
                yield node.lineno, name
            case ast.FunctionDef(decorator_list=decorators):
                for decorator in decorators:
                    if re.search(r"\bretry\b", ast.unparse(decorator)):
                        yield node.lineno, f"@{ast.unparse(decorator)}"
