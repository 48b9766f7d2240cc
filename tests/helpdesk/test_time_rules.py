"""The service asks for the time in the one way that a frozen clock can answer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import helpdesk

MODULES = sorted(Path(helpdesk.__file__).parent.rglob("*.py"))


def captured_times(tree: ast.AST) -> list[int]:
    """Lines that keep a reference to a time function, instead of calling it when needed."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            lines.append(node.lineno)
        if isinstance(node, ast.Attribute) and _is_time_function(node):
            lines.append(node.lineno)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return [
        line
        for line in lines
        if not any(
            isinstance(node, ast.Attribute) and id(node) in called and node.lineno == line
            for node in ast.walk(tree)
        )
    ]


def _is_time_function(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "time"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_service_captures_no_time_function(path: Path) -> None:
    """No `from time import …`, no time function as a default, class attribute or factory."""
    assert captured_times(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "code",
    [
        "from time import sleep",
        "def f(clock=time.monotonic): ...",
        "class A:\n    now = time.time",
        "field(default_factory=time.monotonic)",
    ],
)
def test_captured_time_is_noticed(code: str) -> None:
    """The check itself can fail."""
    assert captured_times(ast.parse(code))


def test_called_time_is_no_capture() -> None:
    """What is called at once is what the rule asks for."""
    assert not captured_times(ast.parse("import time\nnow = time.monotonic() - time.time()"))
