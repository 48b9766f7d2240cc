"""Every mistake in the words its author sees.

Each ``tests/data/scenario_errors/<case>.yaml`` has its text in ``<case>.out`` beside it. After a
deliberate change, write all texts anew and read the difference before you commit it::

    CHAOS_UPDATE=1 pytest tests/chaos/scenario/test_error_texts.py
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from chaos.scenario.loader import Vocabularies, load_file
from chaos.scenario.problems import ScenarioError, render
from chaos.scenario.reader import read_file

FOLDER = Path(__file__).parents[2] / "data" / "scenario_errors"
CASES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("case", CASES)
def test_mistaken_file_is_explained_in_full(
    case: str, vocabularies: Vocabularies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All mistakes of the file, each with its line and a caret, are exactly as recorded."""
    monkeypatch.chdir(FOLDER)
    path, recorded = Path(f"{case}.yaml"), Path(f"{case}.out")

    with pytest.raises(ScenarioError) as caught:
        load_file(path, vocabularies)

    lines = read_file(path, str(path)).findings.source.lines
    text = "\n".join(render(problem, lines) for problem in caught.value.problems) + "\n"
    if os.environ.get("CHAOS_UPDATE"):
        recorded.write_text(text, encoding="utf-8")
    assert text == recorded.read_text(encoding="utf-8")


def test_recorded_texts_are_all_of_a_case() -> None:
    """No text is left behind by a case that is gone."""
    recorded = sorted(path.stem for path in FOLDER.glob("*.out"))

    assert recorded == CASES


def test_cases_cover_every_sort_of_mistake() -> None:
    """Each code that the loader can report stands in some recorded text."""
    sources = Path(__file__).parents[3] / "chaos" / "scenario"
    assert len(CASES) >= 60

    texts = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.out"))
    missing = {
        code
        for path in sources.glob("*.py")
        for code in _codes(path.read_text(encoding="utf-8"))
        if f"[{code}]" not in texts
    }

    # A file that cannot be read, or is enormous, or shares a name, is no single text file.
    assert missing == {"duplicate-name", "too-large", "unreadable"}


def _codes(source: str) -> set[str]:
    """Every code in a module: the last text of a call that notes a mistake."""
    tree = ast.parse(source)
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in {"add", "add_at", "_stop"} and len(node.args) > 3:
            code = node.args[-1]
        elif name == "mistake":
            code = node.args[0]
        else:
            code = next((word.value for word in node.keywords if word.arg == "code"), node)
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            found.add(code.value)
    return found
