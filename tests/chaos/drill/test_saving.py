"""What a saved drill comes to in virtual time, when that cannot be found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.drill import saving
from chaos.scenario.loader import load_text
from chaos.targets import vocabulary_of

TEXT = """\
version: 1
name: drill-1
hypothesis: It is saved.
method:
  - ask: How do I reset my password?
    expect: {answer.mode: llm}
"""


def test_replay_that_takes_too_long_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is there, and what to do with it is said."""
    monkeypatch.setattr(saving, "_PATIENCE_S", 0.01)
    scenario = load_text(TEXT, "drill-1.yaml", vocabulary_of).scenario

    saved = saving.write_and_play(scenario, tmp_path)

    assert saved.path.exists()
    assert saved.outcome == "not played"
    assert f"play it with: chaos run {saved.path}" in saved.problems[0]
