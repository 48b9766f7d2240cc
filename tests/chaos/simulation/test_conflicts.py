"""What lines touch: as little as can be known, and everything where it cannot."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from chaos.simulation.conflicts.lines import of_line
from chaos.simulation.conflicts.touched import CONTENTS, EVERYTHING, NOTHING, Touched

Touch = Callable[[str], Touched]


class Till:
    """Something to touch."""

    limit = 3

    def __init__(self) -> None:
        self.seats = 1
        self.names = ["a"]

    def step(self) -> int:
        """Python code: a tracer is told of it."""
        return self.seats


@pytest.fixture
def touch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Touch:
    """What one line touches, in a function with a till, a number and a list."""
    monkeypatch.syspath_prepend(tmp_path)

    def touch(line: str) -> Touched:
        name = f"touching_{abs(hash(line))}"
        text = f"def act(till, number, names):\n    {line}\n    return None\n"
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        act = importlib.import_module(name).act
        seen = []

        def trace(frame: FrameType, event: str, _: object) -> object:
            if event == "line" and frame.f_code is act.__code__ and frame.f_lineno == 2:
                seen.append(of_line(frame))
            return trace

        before = sys.gettrace()
        sys.settrace(trace)  # type: ignore[arg-type]  # typeshed wants the exact recursive type
        try:
            act(Till(), 1, ["a"])
        finally:
            sys.settrace(before)
        return seen[0]

    return touch


@pytest.mark.parametrize(
    ("line", "touched"),
    [
        ("number = number + 1", NOTHING),
        ("number += 1", NOTHING),
        ("till.seats", Touched(reads=frozenset({"seats"}))),
        ("till.seats = 2", Touched(writes=frozenset({"seats"}))),
        ("till.seats += 1", Touched(frozenset({"seats"}), frozenset({"seats"}))),
        ("number = till.step()", Touched(reads=frozenset({"step"}))),
        ("number = len(names)", Touched(reads=frozenset({"len", CONTENTS}))),
        ("names.append(1)", Touched(frozenset({"append"}), frozenset({CONTENTS}))),
        ("names += [1]", Touched(writes=frozenset({CONTENTS}))),
        ("names[0]", Touched(reads=frozenset({CONTENTS}))),
        ("names[0] = 1", Touched(writes=frozenset({CONTENTS}))),
        ("number = till.names == names", Touched(reads=frozenset({"names", CONTENTS}))),
        ("first, *rest = names", Touched(writes=frozenset({CONTENTS}))),
        ("number = 1; number += 1", Touched(writes=frozenset({CONTENTS}))),
        ("setattr(till, 'seats', 2)", EVERYTHING),
        ("till.__dict__['seats'] = 2", EVERYTHING),
        ("import json", EVERYTHING),
    ],
)  # fmt: skip
def test_line_touches_what_it_may_touch(line: str, touched: Touched, touch: Touch) -> None:
    """Not more than is needed, and never less."""
    assert touch(line) == touched


def test_line_of_a_file_that_is_not_what_runs_may_touch_everything(
    tmp_path: Path,
) -> None:
    """A defect that is planted in memory runs under the name of a file with other lines."""
    planted = compile("def act(till):\n    till.seats = 2\n", str(tmp_path / "x.py"), "exec")
    (tmp_path / "x.py").write_text("def act(till):\n    number = 1\n", encoding="utf-8")
    scope: dict[str, Callable[[Till], None]] = {}
    exec(planted, scope)
    seen = []

    def trace(frame: FrameType, event: str, _: object) -> object:
        if event == "line" and frame.f_code is scope["act"].__code__:
            seen.append(of_line(frame))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]  # typeshed wants the exact recursive type
    try:
        scope["act"](Till())
    finally:
        sys.settrace(before)

    assert seen == [EVERYTHING]
