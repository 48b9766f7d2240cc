"""The steps of a scenario file, each told by its action key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chaos.extensions import ExtensionKind, are_unread, of_others
from chaos.scenario.actions import Action, written_form
from chaos.scenario.draft import Site
from chaos.scenario.expectations import Expectation, parse_expectations
from chaos.scenario.faults import FAULTS, Fault
from chaos.scenario.fields import Node
from chaos.scenario.lint_words import check_aim
from chaos.scenario.model import (
    ACTIONS,
    ActStep,
    AnyStep,
    Ask,
    ClockStep,
    ExpectStep,
    Load,
    Step,
)
from chaos.scenario.observables import Probe, probes, probes_of_any_target
from chaos.scenario.problems import listed, nearest, quoted, suggest
from chaos.scenario.scalars import write
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.vocabulary import RESTART, Vocabulary
from chaos.scenario.wording import check_keys, validate

_SAID_OF_ANY_STEP = ("at", "name", "expect")
_MEANT = {"wait": "advance", "sleep": "advance", "pause": "advance", "fault": "inject"}
"""What other tools call a step."""
_IS_A_NAME = re.compile("[a-z][a-z0-9_]*")


class StepReader:
    """Reads steps and expectations; one that does not fit is None and has findings.

    Without the words of a target, those expectations are read that mean the same of every target;
    no other key can be told from a mistaken one.
    """

    def __init__(self, vocabulary: Vocabulary | None, findings: Findings) -> None:
        self._vocabulary = vocabulary
        self._findings = findings
        self._probes: Mapping[str, Probe] = (
            probes_of_any_target() if vocabulary is None else probes(vocabulary)
        )
        brings = () if vocabulary is None else vocabulary.brings
        others = of_others(ExtensionKind.FAULT, brings)
        self._faults = {kind: model for kind, model in FAULTS.items() if kind not in others}
        self._own = {} if vocabulary is None else vocabulary.own_actions
        self._actions = sorted({*ACTIONS, *self._own})
        bare = (name for name, each in self._own.items() if each.parameters is None)
        restart = {RESTART} if vocabulary is None else {RESTART} & {*vocabulary.actions}
        self._bare_words = sorted({*restart, *bare})

    def expect(self, data: Mapping[str, Any], path: NodePath) -> tuple[Expectation, ...]:
        """What the ``expect`` of a step or a scenario claims, if it has one."""
        if "expect" not in data:
            return ()
        claims = data["expect"]
        if self._vocabulary is None and isinstance(claims, dict) and claims:
            claims = {key: value for key, value in claims.items() if key in self._probes}
            if not claims:
                return ()
        return parse_expectations(claims, self._probes, self._findings, (*path, "expect"))

    def steps(self, items: object, section: str) -> tuple[Site, ...]:
        """The steps of a section that fit, each with its place in the file."""
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
        known = (*self._actions, *_SAID_OF_ANY_STEP)
        foreign = [
            key for key in item if key not in known and self._may_be_foreign(key, item[key])
        ]
        check_keys(item, (*known, *foreign), path, self._findings, "a step", meant=_MEANT)
        actions = [key for key in item if key in self._actions or key in foreign]
        if len(actions) > 1:
            self._findings.add(
                (*path, actions[1]),
                f"one step does both {actions[0]!r} and {actions[1]!r}",
                "one action per step",
                f"begin a step of its own with '- {actions[1]}:'",
                "two-actions",
                at_key=True,
            )
            return None
        return self._acting(actions[0], item, path) if actions else self._looking(item, path)

    def _may_be_foreign(self, word: str, value: object) -> bool:
        """Whether it may be an action of a target whose words are not known."""
        if self._vocabulary is not None or not isinstance(word, str) or word in _MEANT:
            return False
        known = (*self._actions, *_SAID_OF_ANY_STEP)
        says_little = value is None or value is True or isinstance(value, dict)
        return says_little and _IS_A_NAME.fullmatch(word) is not None and not nearest(word, known)

    def _bare_word(self, word: str, path: NodePath) -> AnyStep | None:
        if word in {RESTART, *self._bare_words} or self._may_be_foreign(word, None):
            return self._acting(word, {word: None}, path)
        known = word in self._actions
        fix = self._begun(word) if known else suggest(word, self._bare_words, "write '- ask: …'")
        words = [listed(self._bare_words)] if self._bare_words else []
        expected = ", or ".join(("a mapping", *words))
        wrong = (
            f"step {quoted(word)} has no parameters" if known else f"unknown step {quoted(word)}"
        )
        self._findings.add(path, wrong, expected, fix, "unknown-step")
        return None

    def _looking(self, item: dict[str, Any], path: NodePath) -> AnyStep | None:
        if "expect" in item:
            return self._made(ExpectStep, item, path)
        if all(key in _SAID_OF_ANY_STEP for key in item):
            fix = "add for example 'advance: 60s'"
            self._findings.add(
                path, "a step does nothing", listed(self._actions), fix, "no-action"
            )
        return None

    def _acting(self, action: str, item: dict[str, Any], path: NodePath) -> AnyStep | None:
        if action not in ACTIONS:
            return self._of_target(action, item, path)
        value, where = item[action], (*path, action)
        filled: dict[str, object] = {}
        match action:
            case "ask":
                value = {"question": value} if isinstance(value, str) else value
                filled[action] = self._part(Ask, value, where, "ask", short="text")
            case "load":
                filled[action] = self._part(Load, value, where, "load")
            case "clock":
                filled[action] = self._part(ClockStep, value, where, "clock")
            case "inject":
                filled[action] = self._fault(value, where)
            case _ if action == RESTART and value is None:
                item = _without(action, item)
            case _:
                pass
        if None in filled.values():
            # What else the step says is still worth checking.
            self._made(ExpectStep, item, path)
            return None
        return self._made(ACTIONS[action], item, path, **filled)

    def _of_target(self, action: str, item: dict[str, Any], path: NodePath) -> AnyStep | None:
        value = item[action]
        if value is None:
            item = _without(action, item)
        means = self._own.get(action)
        if means is None:
            # Its target will say what may stand after the colon.
            item, means = _without(action, item), Action()
        filled: dict[str, object] = {}
        if means.parameters is not None and value is not None:
            filled[action] = self._part(means.parameters, value, (*path, action), action)
        if None in filled.values():
            self._made(ExpectStep, item, path)
            return None
        read = self._made(written_form(Step, action, means), item, path, **filled)
        if read is None:
            return None
        said = value if isinstance(value, dict) else {}
        about = {key: getattr(read, key) for key in Step.model_fields}
        return ActStep(act=action, parameters=said, means=means, **about)

    def _begun(self, action: str) -> str:
        """How to write a step whose action wants more, with the example of its model."""
        form = ACTIONS.get(action) or written_form(Step, action, self._own[action])
        said = form.model_fields[action].examples
        return f"write '- {action}: {write(said[0]) if said else '…'}'"

    def _part(
        self,
        model: type[Node],
        value: object,
        path: NodePath,
        what: str,
        short: str | None = None,
    ) -> Node | None:
        return validate(model, value, path, self._findings, what, short=short)

    def _fault(self, value: object, path: NodePath) -> Fault | None:
        if not isinstance(value, dict):
            fix = "write '{upstream: …, fault: …}'"
            wrong = f"inject is {quoted(value)}"
            self._findings.add(path, wrong, "a fault, as a mapping", fix, "wrong-type")
            return None
        kind = value.get("fault")
        fault = None
        if isinstance(kind, str) and kind in self._faults:
            fault = validate(self._faults[kind], value, path, self._findings, f"fault {kind!r}")
        elif isinstance(kind, str) and are_unread(ExtensionKind.FAULT):
            pass  # It may well be somebody's.
        elif "fault" in value:
            wrong, fix = (
                f"unknown fault {quoted(kind)}",
                suggest(str(kind), self._faults, "choose one"),
            )
            self._findings.add((*path, "fault"), wrong, listed(self._faults), fix, "unknown-fault")
        else:
            wrong, fix = "the injection has no 'fault'", "add for example 'fault: timeout'"
            self._findings.add((*path, "fault"), wrong, listed(self._faults), fix, "missing-key")
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
            "expect": self.expect(item, path),
            "location": self._findings.source.at(*path),
            "path": f"{path[0]}[{path[1]}]",
        }
        # Every class that comes here is one of AnyStep.
        return validate(model, own, path, self._findings, "a step", filled=filled)  # type: ignore[return-value]


def _without(action: str, item: dict[str, Any]) -> dict[str, Any]:
    """What else a step says: an action that needs nothing may have nothing after its colon."""
    return {key: each for key, each in item.items() if key != action}
