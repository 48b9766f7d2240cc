"""From a YAML file to a `Scenario`, or to everything that is wrong with the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos import extensions
from chaos.errors import ChaosError
from chaos.scenario.draft import Draft, Site
from chaos.scenario.lint import lint, lint_without_words
from chaos.scenario.model import ACTIONS, ExpectStep, Given, Scenario
from chaos.scenario.problems import ScenarioError, quoted
from chaos.scenario.reader import UNUSABLE, Reading, read_file, read_text
from chaos.scenario.scalars import write
from chaos.scenario.source import Findings, Source
from chaos.scenario.step_reader import StepReader
from chaos.scenario.vocabulary import Vocabulary
from chaos.scenario.wording import validate

Vocabularies = Callable[[str], Vocabulary | None]
"""The words of a target, by its name; None if there is no such target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScenario:
    r"""A scenario, and where everything in it stands.

    Example:
        >>> from chaos.ports import Vocabulary
        >>> toy = Vocabulary(upstreams={}, observables={}, settings={})
        >>> text = "version: 1\nname: smoke\nhypothesis: It answers.\nmethod:\n  - ask: How?\n"
        >>> loaded = load_text(text, "smoke.yaml", {"helpdesk": toy}.get)
        >>> loaded.scenario.name, str(loaded.source.at("method", 0, "ask"))
        ('smoke', 'smoke.yaml:5:10')
    """

    scenario: Scenario
    source: Source


def load_file(path: Path, vocabularies: Vocabularies) -> LoadedScenario:
    """Load a scenario from a file.

    Args:
        path: Shown in messages as it is given.
        vocabularies: The words of a target, by its name.

    Raises:
        ScenarioError: The file is not a scenario that can run; all its mistakes at once.
        ExtensionError: Something that was added to the language is not as it should be.
    """
    return _load(read_file(path, str(path)), vocabularies, file_name=path.stem)


def load_text(text: str, name: str, vocabularies: Vocabularies) -> LoadedScenario:
    """Load a scenario from text; ``name`` stands for the file in messages.

    Raises:
        ScenarioError: As for `load_file`.
    """
    return _load(read_text(text, name), vocabularies, file_name=None)


def _load(reading: Reading, vocabularies: Vocabularies, file_name: str | None) -> LoadedScenario:
    extensions.load()
    findings = reading.findings
    if reading.data is UNUSABLE:
        raise ScenarioError(findings.problems)
    if not isinstance(reading.data, dict):
        findings.add(
            (),
            f"the file holds {quoted(reading.data)}",
            "a mapping: version, name, hypothesis, method",
            "begin it with 'version: 1'",
            "not-a-mapping",
        )
        raise ScenarioError(findings.problems)
    scenario = _read(reading.data, findings, vocabularies)
    _check_said(reading.data, findings)
    _check_name(reading.data.get("name"), file_name, findings)
    if findings.problems or scenario is None:
        raise ScenarioError(findings.problems)
    return LoadedScenario(scenario=scenario, source=findings.source)


def _check_said(data: dict[str, Any], findings: Findings) -> None:
    """Report what is there and says nothing."""
    for key, expected in _FOR_READERS.items():
        said = data.get(key)
        if isinstance(said, str) and said and not any(map(str.isalnum, said)):
            fix = "write it, or remove the line"
            findings.add((key,), f"{key!r} has no word in it", expected, fix, "blank")


_FOR_READERS = {
    "hypothesis": "what should be true, in a sentence",
    "because": "a reason that a reader can judge",
}


def _check_name(name: object, file_name: str | None, findings: Findings) -> None:
    if file_name is None or not isinstance(name, str) or name == file_name:
        return
    if any(problem.code == "bad-name" for problem in findings.problems):
        return
    findings.add(
        ("name",),
        f"name is {quoted(name)}, but the file is called {quoted(file_name)}",
        "the same name for both",
        f"write {'name: ' + write(file_name)!r}, or rename the file",
        "name-differs",
    )


def _read(data: dict[str, Any], findings: Findings, vocabularies: Vocabularies) -> Scenario | None:
    """The scenario; None if any part of it does not fit."""
    vocabulary = _vocabulary(data, findings, vocabularies)
    reader = StepReader(vocabulary, findings)
    steady = reader.steps(data.get("steady_state", ()), "steady_state")
    method = reader.steps(data.get("method", ()), "method")
    expect = reader.expect(data, ())
    given = validate(Given, data.get("given", {}), ("given",), findings, "given") or Given()
    filled: dict[str, object] = {
        "steady_state": tuple(site.step for site in steady),
        "expect": expect,
        "given": given,
        "path": findings.source.path,
    }
    if "method" in data:
        # If no step fits, all have been found; that there are none would be no news.
        stand_in = () if data["method"] == () else (ExpectStep(),)
        filled["method"] = tuple(site.step for site in method) or stand_in
    head = {key: value for key, value in data.items() if key not in filled}
    scenario = validate(Scenario, head, (), findings, "the scenario", filled=filled)
    # That the target is not known makes nothing else of the file less whole.
    is_whole = all(problem.code == "unknown-target" for problem in findings.problems)
    draft = Draft(
        given=given,
        steady=steady,
        method=method,
        expect=expect,
        waive=data.get("waive"),
        because=data.get("because"),
        is_whole=is_whole,
        has_all_faults=_has_all_faults(data.get("method", ()), method),
    )
    if vocabulary is None:
        lint_without_words(draft, findings)
    else:
        lint(draft, vocabulary, findings)
    return scenario


def without_words(target: str) -> None:
    r"""Stands for the words of every target: files are checked as far as they need none.

    Example:
        >>> text = "version: 1\nname: a\nhypothesis: It holds.\ntarget: mine:Mine\nmethod:\n"
        >>> load_text(text + "  - ask: Why?\n", "a.yaml", without_words).scenario.target
        'mine:Mine'
    """
    del target


def _has_all_faults(items: object, read: tuple[Site, ...]) -> bool:
    """Whether no step that could not be read may have been meant to inject a fault."""
    if not isinstance(items, tuple):
        return False
    places = {site.path[-1] for site in read}
    return not any(_may_inject(item) for at, item in enumerate(items) if at not in places)


def _may_inject(item: object) -> bool:
    others = {*ACTIONS, "expect"} - {"inject"}
    return isinstance(item, dict) and any(
        key == "inject" or (isinstance(value, dict) and key not in others)
        for key, value in item.items()
    )


def _vocabulary(
    data: dict[str, Any], findings: Findings, vocabularies: Vocabularies
) -> Vocabulary | None:
    """The words of the target; None if it cannot be told or found."""
    target = data.get("target", Scenario.model_fields["target"].default)
    if not isinstance(target, str) or not target or vocabularies is without_words:
        return None
    try:
        vocabulary = vocabularies(target)
    except ChaosError as error:
        # Whoever looks for targets knows best what went wrong: a name, a module, its imports.
        wrong, _, rest = str(error).partition("; expected ")
        expected, _, fix = rest.partition("; ")
        findings.add(("target",), wrong, expected, fix, "unknown-target")
        return None
    if vocabulary is None:
        findings.add(
            ("target",),
            f"unknown target {quoted(target)}",
            "an installed target, or package.module:Class",
            "see `chaos list --targets` for what is installed",
            "unknown-target",
        )
    return vocabulary
