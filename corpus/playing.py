"""Plays the scenario of a bug where the bug is, and where it is not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.bug import EXPECTATION, ROOT, Bug, BugError
from corpus.environments import python_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One run of a scenario.

    Attributes:
        outcome: passed, failed or inconclusive.
        caught: What failed: names of laws and guards, or ``expect`` and an observable.
        virtual_s: How long it took in the world.
        real_s: How long it took here, with the start of Python.
        told: What was printed.
    """

    outcome: str
    caught: tuple[str, ...]
    virtual_s: float
    real_s: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a bug."""

    bug: Bug
    before: Played
    after: Played

    @property
    def wrong(self) -> str:
        """Why the corpus does not hold for it; empty if it does."""
        if self.before.outcome != "failed":
            return f"with the bug it is {self.before.outcome}; expected failed"
        if missing := sorted(set(self.bug.caught_by) - set(self.before.caught)):
            caught = ", ".join(self.before.caught)
            return f"with the bug {missing[0]!r} did not fail, but: {caught}"
        if extra := sorted(set(self.before.caught) - set(self.bug.caught_by)):
            return f"with the bug {extra[0]!r} failed, which 'caught_by' does not name"
        if self.after.outcome != "passed":
            return f"without the bug it is {self.after.outcome}; expected passed"
        return ""


def play(bug: Bug) -> Result:
    """Play it twice.

    Raises:
        BugError: An environment cannot be made, or the harness has not come to a result.
    """
    before = _played(bug, python_of(bug.with_bug), bug.scenario.read_text(encoding="utf-8"))
    after = _played(bug, python_of(bug.without_bug), _mended_scenario(bug))
    return Result(bug=bug, before=before, after=after)


def _mended_scenario(bug: Bug) -> str:
    """The scenario, with the twin for its target if there is one."""
    text = bug.scenario.read_text(encoding="utf-8")
    if not bug.twin:
        return text
    changed, count = re.subn(r"(?m)^(target: [\w.]+):\w+$", rf"\1:{bug.twin}", text)
    if count != 1:
        raise BugError(f"{bug.scenario} has no line 'target: module:Class' that a twin can take")
    return changed


def _played(bug: Bug, python: Path, scenario: str) -> Played:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / bug.scenario.name
        file.write_text(scenario, encoding="utf-8")
        written = Path(folder) / "result.json"
        started_s = time.monotonic()
        run = subprocess.run(
            [str(python), "-m", "chaos", "run", str(file), "--json", str(written)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        real_s = time.monotonic() - started_s
        told = run.stdout + run.stderr
        if not written.exists():
            raise BugError(f"{bug.name} has not come to a result:\n{told.strip()}")
        result = json.loads(written.read_text(encoding="utf-8"))
    (one,) = result["scenarios"]
    return Played(
        outcome=one["outcome"],
        caught=tuple(sorted(_caught(one))),
        virtual_s=one["virtual_s"],
        real_s=real_s,
        told=told,
    )


def _caught(result: Mapping[str, Any]) -> set[str]:
    laws = {each["check"] for each in result["laws"] if each["outcome"] == "failed"}
    others = [each["check"].split() for each in result["verdicts"] if each["outcome"] == "failed"]
    # ``method[1] answer.mode``: which step it was does not matter here. What has one word is no
    # expectation, but something that no run may do, such as ``no-deadlock``.
    return laws | {EXPECTATION + words[-1] if words[1:] else words[0] for words in others}
