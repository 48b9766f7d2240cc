"""From a YAML file to a `Scenario`, or to everything that is wrong with the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.scenario.draft import Draft, Site
from chaos.scenario.expectations import Expectation, parse_expectations
from chaos.scenario.faults import FAULTS, Fault
from chaos.scenario.fields import Node
from chaos.scenario.lint import lint
from chaos.scenario.lint_words import check_aim
from chaos.scenario.model import (
    ACTIONS,
    AnyStep,
    Ask,
    ClockStep,
    ExpectStep,
    Given,
    Load,
    Scenario,
    Step,
)
from chaos.scenario.observables import Probe, probes
from chaos.scenario.problems import ScenarioError, listed, quoted, suggest
from chaos.scenario.reader import UNUSABLE, Reading, read_file, read_text
from chaos.scenario.source import Findings, NodePath, Source
from chaos.scenario.vocabulary import Vocabulary
from chaos.scenario.wording import check_keys, validate

Vocabularies = Callable[[str], Vocabulary | None]
"""The words of a target, by its name; None if there is no such target."""

_SAID_OF_ANY_STEP = ("at", "name", "expect")
_BARE_WORDS = ("refresh_index", "restart")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScenario:
    """A scenario, and where everything in it stands.

    Example:
        >>> step = loaded.scenario.method[2]  # doctest: +SKIP
        >>> loaded.source.at("method", 2, "ask")  # doctest: +SKIP
        Location(path='breaker-lifecycle.yaml', line=22, column=10)
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
    """
    return _load(read_file(path, str(path)), vocabularies, file_name=path.stem)


def load_text(text: str, name: str, vocabularies: Vocabularies) -> LoadedScenario:
    """Load a scenario from text; ``name`` stands for the file in messages.

    Raises:
        ScenarioError: As for `load_file`.
    """
    return _load(read_text(text, name), vocabularies, file_name=None)


def _load(reading: Reading, vocabularies: Vocabularies, file_name: str | None) -> LoadedScenario:
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
    scenario = _Loader(reading.data, findings, vocabularies).scenario()
    _check_name(reading.data.get("name"), file_name, findings)
    if findings.problems or scenario is None:
        raise ScenarioError(findings.problems)
    return LoadedScenario(scenario=scenario, source=findings.source)


def _check_name(name: object, file_name: str | None, findings: Findings) -> None:
    if file_name is None or not isinstance(name, str) or name == file_name:
        return
    if any(problem.code == "bad-name" for problem in findings.problems):
        return
    findings.add(
        ("name",),
        f"name is {quoted(name)} and the file is called {quoted(file_name)}",
        "one and the same",
        f"write 'name: {file_name}', or rename the file",
        "name-differs",
    )


class _Loader:
    """Builds the parts of one file; a part that does not fit is None and has findings."""

    def __init__(
        self, data: dict[str, Any], findings: Findings, vocabularies: Vocabularies
    ) -> None:
        self._data = data
        self._findings = findings
        self._vocabulary: Vocabulary | None = None
        target = data.get("target", Scenario.model_fields["target"].default)
        if isinstance(target, str):
            self._vocabulary = vocabularies(target)
            if self._vocabulary is None:
                findings.add(
                    ("target",),
                    f"unknown target {quoted(target)}",
                    "an installed target, or package.module:Class",
                    "see `chaos doctor` for what is installed",
                    "unknown-target",
                )
        self._probes: dict[str, Probe] | None = (
            None if self._vocabulary is None else probes(self._vocabulary)
        )

    def scenario(self) -> Scenario | None:
        """The whole; None if any part of it does not fit."""
        steady = self._steps("steady_state")
        method = self._steps("method")
        expect = self._expect(self._data, ())
        given = self._given()
        read = {
            "steady_state": tuple(site.step for site in steady),
            # Steps that do not fit have been found; that there are none would be no news.
            "method": tuple(site.step for site in method)
            or ((ExpectStep(),) if self._data.get("method") else ()),
            "expect": expect,
            "given": given,
            "path": self._findings.source.path,
        }
        if "method" not in self._data:
            del read["method"]
        head = {key: value for key, value in self._data.items() if key not in read}
        scenario = validate(Scenario, head, (), self._findings, "the scenario", filled=read)
        if self._vocabulary is not None:
            draft = Draft(
                given=given,
                steady=steady,
                method=method,
                expect=expect,
                waive=self._data.get("waive"),
                because=self._data.get("because"),
                is_whole=not self._findings.problems,
            )
            lint(draft, self._vocabulary, self._findings)
        return scenario

    def _given(self) -> Given:
        data = self._data.get("given", {})
        return validate(Given, data, ("given",), self._findings, "given") or Given()

    def _expect(self, data: dict[str, Any], path: NodePath) -> tuple[Expectation, ...]:
        # Without the target's words, no key can be told from a mistaken one.
        if "expect" not in data or self._probes is None:
            return ()
        return parse_expectations(data["expect"], self._probes, self._findings, (*path, "expect"))

    def _steps(self, section: str) -> tuple[Site, ...]:
        items = self._data.get(section, ())
        if not isinstance(items, tuple):
            wrong = f"{section} is {quoted(items)}"
            fix = "begin each step with '- '"
            self._findings.add((section,), wrong, "a list of steps", fix, "wrong-type")
            return ()
        sites = []
        for index, item in enumerate(items):
            path = (section, index)
            step = self._step(item, path)
            if step is not None:
                sites.append(Site(path, step))
        return tuple(sites)

    def _step(self, item: object, path: NodePath) -> AnyStep | None:
        if isinstance(item, str):
            return self._bare_word(item, path)
        if not isinstance(item, dict):
            self._findings.add(
                path, f"a step is {quoted(item)}", "a mapping", "write '- ask: …'", "wrong-type"
            )
            return None
        check_keys(item, (*ACTIONS, *_SAID_OF_ANY_STEP), path, self._findings, "a step")
        actions = [key for key in item if key in ACTIONS]
        if len(actions) > 1:
            self._findings.add(
                (*path, actions[1]),
                f"one step does both {actions[0]!r} and {actions[1]!r}",
                "one action a step",
                f"begin a step of its own with '- {actions[1]}:'",
                "two-actions",
                at_key=True,
            )
            return None
        return self._acting(actions[0], item, path) if actions else self._looking(item, path)

    def _bare_word(self, word: str, path: NodePath) -> AnyStep | None:
        if word in _BARE_WORDS:
            return self._made(ACTIONS[word], {}, path)
        known = word in ACTIONS
        fix = f"write '- {word}: …'" if known else suggest(word, _BARE_WORDS, "write '- ask: …'")
        wrong = (
            f"step {quoted(word)} says nothing more" if known else f"unknown step {quoted(word)}"
        )
        self._findings.add(
            path, wrong, f"a mapping, or {listed(_BARE_WORDS)}", fix, "unknown-step"
        )
        return None

    def _looking(self, item: dict[str, Any], path: NodePath) -> AnyStep | None:
        if "expect" in item:
            return self._made(ExpectStep, item, path)
        if all(key in _SAID_OF_ANY_STEP for key in item):
            fix = "add for example 'advance: 60s'"
            self._findings.add(path, "a step does nothing", listed(ACTIONS), fix, "no-action")
        return None

    def _acting(self, action: str, item: dict[str, Any], path: NodePath) -> AnyStep | None:
        value, where = item[action], (*path, action)
        filled: dict[str, object] = {}
        match action:
            case "ask":
                value = {"question": value} if isinstance(value, str) else value
                filled[action] = self._part(Ask, value, where, "ask")
            case "load":
                filled[action] = self._part(Load, value, where, "load")
            case "clock":
                filled[action] = self._part(ClockStep, value, where, "clock")
            case "inject":
                filled[action] = self._fault(value, where)
            case "publish_index" | "refresh_index" | "restart" if value is None:
                # An action that needs nothing said of it may have nothing after its colon.
                item = {key: each for key, each in item.items() if key != action}
            case _:
                pass
        if None in filled.values():
            # What else the step says is still worth checking.
            self._made(ExpectStep, item, path)
            return None
        return self._made(ACTIONS[action], item, path, **filled)

    def _part(self, model: type[Node], value: object, path: NodePath, what: str) -> Node | None:
        return validate(model, value, path, self._findings, what)

    def _fault(self, value: object, path: NodePath) -> Fault | None:
        if not isinstance(value, dict):
            fix = "write '{upstream: …, fault: …}'"
            wrong = f"inject is {quoted(value)}"
            self._findings.add(path, wrong, "a fault, as a mapping", fix, "wrong-type")
            return None
        kind = value.get("fault")
        fault = None
        if isinstance(kind, str) and kind in FAULTS:
            fault = validate(FAULTS[kind], value, path, self._findings, f"fault {kind!r}")
        elif "fault" in value:
            wrong, fix = f"unknown fault {quoted(kind)}", suggest(str(kind), FAULTS, "choose one")
            self._findings.add((*path, "fault"), wrong, listed(FAULTS), fix, "unknown-fault")
        else:
            wrong, fix = "the injection has no 'fault'", "add for example 'fault: timeout'"
            self._findings.add((*path, "fault"), wrong, listed(FAULTS), fix, "missing-key")
        upstream, operation = value.get("upstream"), value.get("operation")
        if fault is None and self._vocabulary is not None and isinstance(upstream, str):
            # Where it aims is worth checking, whatever else is wrong with it.
            aim = operation if isinstance(operation, str) else None
            check_aim(upstream, aim, path, self._vocabulary, self._findings)
        return fault

    def _made(
        self, model: type[Step], item: dict[str, Any], path: NodePath, **filled: object
    ) -> AnyStep | None:
        own = {key: item[key] for key in item if key in model.model_fields and key not in filled}
        own.pop("expect", None)
        filled |= {
            "expect": self._expect(item, path),
            "location": self._findings.source.at(*path),
            "path": f"{path[0]}[{path[1]}]",
        }
        # Every class that comes here is one of AnyStep.
        return validate(model, own, path, self._findings, "a step", filled=filled)  # type: ignore[return-value]
