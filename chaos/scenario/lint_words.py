"""Words of a scenario that its target does not have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pydantic_core import PydanticCustomError

from chaos.extensions import ExtensionKind, of_others
from chaos.scenario.draft import Draft
from chaos.scenario.faults import FAULTS, kind_of
from chaos.scenario.kinds import Kind
from chaos.scenario.laws import LAWS
from chaos.scenario.model import Given, RestartStep
from chaos.scenario.problems import listed, quoted, suggest
from chaos.scenario.scalars import write
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.tolerance_parser import report_mistake
from chaos.scenario.vocabulary import RESTART, Vocabulary
from chaos.units import format_duration

_KINDS: Mapping[type, Kind] = {
    timedelta: Kind.DURATION,
    int: Kind.COUNT,
    float: Kind.NUMBER,
    bool: Kind.FLAG,
    str: Kind.TEXT,
}


def check(draft: Draft, vocabulary: Vocabulary, findings: Findings) -> None:
    """Report every word that the target does not know."""
    _check_given(draft.given, vocabulary, findings)
    _check_settings(draft.given, vocabulary, findings)
    for path, step in draft.steps:
        if isinstance(step, RestartStep) and RESTART not in vocabulary.actions:
            findings.add(
                path,
                f"the target cannot {RESTART!r}",
                listed(vocabulary.actions),
                "remove the step",
                "unknown-action",
            )
    _check_waived(draft.waive, vocabulary, findings)
    for path, step in draft.injections:
        fault = step.inject
        check_aim(fault.upstream, fault.operation, (*path, "inject"), vocabulary, findings)
        if fault.needs_http and fault.upstream in vocabulary.streams:
            kind = kind_of(type(fault))
            findings.add(
                (*path, "inject", "fault"),
                f"fault {quoted(kind)} is an HTTP response, but {quoted(fault.upstream)} does not "
                "speak HTTP",
                listed(kind for kind, model in FAULTS.items() if not model.needs_http),
                "use one of them",
                "no-effect",
            )


def _check_waived(waive: object, vocabulary: Vocabulary, findings: Findings) -> None:
    others = of_others(ExtensionKind.LAW, vocabulary.brings)
    known = [law for law in LAWS if law not in others]
    for number, law in enumerate(waive if isinstance(waive, tuple) else ()):
        # What is no name is told elsewhere.
        if isinstance(law, str) and law in others:
            findings.add(
                ("waive", number),
                f"law {quoted(law)} belongs to another target",
                listed(known),
                "remove it",
                "unknown-value",
            )


def check_aim(
    upstream: str,
    operation: str | None,
    path: NodePath,
    vocabulary: Vocabulary,
    findings: Findings,
) -> None:
    """Report the upstream or the operation of a fault if the target has no such thing."""
    upstreams = vocabulary.upstreams
    operations = upstreams.get(upstream)
    if operations is None:
        findings.add(
            (*path, "upstream"),
            f"unknown upstream {quoted(upstream)}",
            listed(upstreams),
            suggest(upstream, upstreams, "name an upstream of the target"),
            "unknown-upstream",
        )
    elif operation is not None and operation not in operations:
        findings.add(
            (*path, "operation"),
            f"upstream {upstream!r} has no operation {quoted(operation)}, so the fault can never "
            "fire",
            listed(operations),
            suggest(operation, operations, "name one, or remove the key"),
            "unknown-operation",
        )


def _check_given(given: Given, vocabulary: Vocabulary, findings: Findings) -> None:
    for key, value in sorted(given.world().items()):
        if key in vocabulary.given:
            vocabulary.given[key].check(value, ("given", key), findings)
        else:
            known = sorted({*vocabulary.given, "settings"})
            findings.add(
                ("given", key),
                f"unknown key {quoted(key)} in given",
                listed(known),
                suggest(key, known, "remove it"),
                "unknown-given",
                at_key=True,
            )


def _check_settings(given: Given, vocabulary: Vocabulary, findings: Findings) -> None:
    for key, value in given.settings.items():
        path = ("given", "settings", key)
        kind = vocabulary.settings.get(key)
        if kind is None:
            # All of them would be a screenful; those of the same part were meant.
            part = key.rpartition(".")[0]
            alike = [known for known in vocabulary.settings if known.rpartition(".")[0] == part]
            findings.add(
                path,
                f"unknown setting {quoted(key)}",
                listed(alike) if alike else "a setting of the target",
                suggest(key, vocabulary.settings, "see `chaos list --settings`"),
                "unknown-setting",
                at_key=True,
            )
            continue
        if path in findings.source.empty:
            fix = "write one, or remove the setting"
            findings.add(path, f"{key} has no value", "a value", fix, "empty-value")
            continue
        try:
            read: object = _KINDS.get(kind, Kind.TEXT).read(value)
        except PydanticCustomError as error:
            report_mistake(error, path, findings)
            continue
        if kind is timedelta and isinstance(read, float):
            read = timedelta(seconds=read)
        expected = vocabulary.refuse(key, read)
        if expected is not None:
            wrong, fix = f"{key} is {quoted(value)}", _default(key, vocabulary)
            findings.add(path, wrong, expected, fix, "refused-setting")


def _default(key: str, vocabulary: Vocabulary) -> str:
    """How to come back to what the service is used to."""
    default = vocabulary.defaults.get(key)
    if default is None:
        return "write another value, or remove the setting"
    if isinstance(default, timedelta):
        default = format_duration(default)
    return f"write for example '{key}: {write(default)}', the default"
