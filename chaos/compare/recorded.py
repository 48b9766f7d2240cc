"""The file of a baseline: what may stand in it, and what is wrong with one that was edited."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaos.compare.questions import is_course
from chaos.errors import ChaosError
from chaos.inputs import is_path
from chaos.runner.measures import (
    QUESTIONS,
    REQUIRED,
    VERDICT,
    Measures,
    Value,
    describe_measure,
)
from chaos.scenario.problems import Problem, quoted
from chaos.scenario.reader import UNUSABLE, read_text
from chaos.scenario.source import Findings
from chaos.verdict import Outcome

VERSION = 2
"""Version of the file; one more when its meaning changes."""

_CHECKSUM = "checksum"
_VERDICTS = tuple(outcome.value for outcome in Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineEntry:
    """A scenario in the baseline.

    Attributes:
        path: Where its file is, from the folder that the baseline is in.
        measures: What was measured of it.
        questions: What became of each question, see `chaos.compare.questions`; None in a baseline
            that was recorded before there was such a thing.
    """

    path: str
    measures: Measures
    questions: str | None = None


class BaselineError(ChaosError):
    """A file is no baseline; ``problems`` has every mistake with its place."""

    def __init__(self, problems: list[Problem], update: str) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.location))
        told = "\n".join(map(str, self.problems))
        super().__init__(f"{told}\nrestore it from version control, or record it with: {update}")


def dump(entries: Mapping[str, BaselineEntry]) -> str:
    """The text of the file: a line for each number, sorted by scenario."""
    scenarios = {
        name: {
            "path": entry.path,
            **entry.measures,
            **_questions(entry),
            _CHECKSUM: checksum(name, entry),
        }
        for name, entry in sorted(entries.items())
    }
    document = {"version": VERSION, "scenarios": scenarios}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def checksum(name: str, entry: BaselineEntry) -> str:
    """What tells a number that was measured from one that somebody typed.

    Example:
        >>> checksum("smoke", BaselineEntry(path="smoke.yaml", measures={"waits": 0}))
        'c2349a56606a'
    """
    # As a number, whatever its type: a file that is read and written again has the same.
    measures = {
        key: float(value) if isinstance(value, int) else value
        for key, value in entry.measures.items()
    }
    whole = json.dumps([name, entry.path, measures | _questions(entry)], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _questions(entry: BaselineEntry) -> dict[str, Value]:
    return {} if entry.questions is None else {QUESTIONS.key: entry.questions}


def parse(text: str, name: str, *, update: str) -> dict[str, BaselineEntry]:
    """Read the entries of a baseline.

    Args:
        text: What the file holds.
        name: Stands for the file in messages.
        update: The command that records it, for messages.

    Raises:
        BaselineError: It is not a baseline of this version; all mistakes at once.
    """
    # What reads scenarios knows the place of everything, also in JSON.
    reading = read_text(text, name) if text.strip() else read_text("{}", name)
    findings = reading.findings
    entries: dict[str, BaselineEntry] = {}
    if reading.data is not UNUSABLE:
        entries = dict(_entries(reading.data, findings))
    if findings.problems:
        raise BaselineError(findings.problems, update)
    return entries


def _entries(document: object, findings: Findings) -> Iterator[tuple[str, BaselineEntry]]:
    if not isinstance(document, Mapping):
        findings.add(
            (), "this is not a baseline", "an object", "record it again", "not-a-baseline"
        )
        return
    version = document.get("version")
    if version != VERSION:
        wrong = f"the baseline has version {version!r}" if document else "this is not a baseline"
        findings.add(("version",), wrong, f"{VERSION}", "record it again", "baseline-version")
        return
    scenarios = document.get("scenarios")
    if not isinstance(scenarios, Mapping):
        wrong = "the baseline has no scenarios"
        findings.add(("scenarios",), wrong, "an object", "record it again", "not-a-baseline")
        return
    for key in document.keys() - {"version", "scenarios"}:
        wrong = f"unknown key {quoted(key)}"
        findings.add((key,), wrong, "version and scenarios", _FIX, "unknown-key", at_key=True)
    paths: dict[str, str] = {}
    for name, said in scenarios.items():
        entry = _entry(name, said, findings)
        if entry is None:
            continue
        if (other := paths.setdefault(entry.path, name)) != name:
            wrong = f"{quoted(name)} has the file of {quoted(other)}"
            fix = "delete the entry that is no longer true"
            findings.add(
                ("scenarios", name, "path"), wrong, "a file of its own", fix, "baseline-duplicate"
            )
        yield name, entry


def _entry(name: str, said: object, findings: Findings) -> BaselineEntry | None:
    """The entry, if nothing is wrong with it."""
    before = len(findings.problems)
    place = ("scenarios", name)
    if not isinstance(said, Mapping):
        findings.add(place, "an entry is not an object", "path and measures", _FIX, _CODE)
        return None
    measures = dict(said)
    path, sealed = measures.pop("path", None), measures.pop(_CHECKSUM, None)
    questions = measures.pop(QUESTIONS.key, None)
    if not is_path(path):
        findings.add((*place, "path"), "the path is missing or not text", "a path", _FIX, _CODE)
    for key in sorted(REQUIRED - measures.keys()):
        findings.add(place, f"{key!r} is missing", "every measure", _FIX, f"missing-{key}")
    for key, value in measures.items():
        if (expected := _expected(key, value)) is not None:
            shown = json.dumps(value, ensure_ascii=False, default=str)
            findings.add((*place, key), f"{key} is {shown}", expected, _FIX, _CODE)
    if questions is not None and not is_course(questions):
        shown = json.dumps(questions, ensure_ascii=False, default=str)
        wrong = f"{QUESTIONS.key} is {shown}"
        findings.add((*place, QUESTIONS.key), wrong, "a line of text", _FIX, _CODE)
    if len(findings.problems) > before:
        return None
    entry = BaselineEntry(path=path, measures=measures, questions=questions)
    if sealed != checksum(name, entry):
        wrong = f"the checksum of {quoted(name)} does not match its entry: it was edited by hand"
        findings.add((*place, _CHECKSUM), wrong, "what was measured", _FIX, "baseline-edited")
        return None
    return entry


_FIX = "restore it, or record it again"
_CODE = "baseline-value"


def _expected(key: str, value: Value) -> str | None:
    """What should stand under a key instead; None if it may stand there."""
    try:
        measure = describe_measure(key)
    except KeyError:
        return "the name of a measure"
    if measure is VERDICT:
        return None if value in _VERDICTS else f"one of: {', '.join(_VERDICTS)}"
    if value is None:
        return None
    return None if _is_number(value) else "a number from 0 on"


def _is_number(value: Any) -> bool:  # noqa: ANN401 - whatever the file says
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value >= 0
