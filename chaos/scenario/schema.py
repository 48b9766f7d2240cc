"""The JSON Schema of the language, for editors: completion, hover, and red lines while typing.

It is derived from the models, and knows their form only; `chaos.scenario.lint` knows the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.scenario.actions import Action, written_form
from chaos.scenario.faults import FAULTS
from chaos.scenario.kinds import Kind
from chaos.scenario.model import ACTIONS, Scenario, Step
from chaos.scenario.observables import Probe, possible_probes, probes
from chaos.scenario.schema_given import describe_given
from chaos.scenario.tolerance_parser import FORMS
from chaos.scenario.vocabulary import RESTART, Vocabulary
from chaos.units import DURATION_PATTERN

Json = dict[str, Any]

SCHEMA_FILE = Path(__file__).with_name("scenario.schema.json")
"""Where the schema lies for editors; written with `schema_text`."""

_UPSTREAM, _OPERATION, _MODE = "UPSTREAM", "OPERATION", "MODE"
_STANDS_FOR = {_UPSTREAM: "[^.]+", _OPERATION: ".+", _MODE: "[^.]+"}


_ANY_TARGET = Vocabulary(
    upstreams={_UPSTREAM: (_OPERATION,)}, observables={}, settings={}, modes=(_MODE,)
)
"""The words of a target that nobody knows yet."""


def schema_text() -> str:
    """The schema as it stands in `SCHEMA_FILE`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def json_schema(vocabulary: Vocabulary | None = None) -> Json:
    """The JSON Schema (2020-12) of a scenario file.

    Args:
        vocabulary: Words of one target, for completion of its upstreams, its observables and what
            may be given; without it, the schema fits scenarios for any target.

    Example:
        >>> json_schema()["properties"]["seed"]["description"]
        'Seed of all random decisions; by default derived from the name.'
    """
    schema = _tidied(Scenario.model_json_schema(by_alias=True))
    definitions = schema["$defs"]
    for action, step in ACTIONS.items():
        _require(definitions[step.__name__], action)
    _require(definitions["ExpectStep"], "expect")
    for kind, fault in FAULTS.items():
        _describe_fault(definitions[fault.__name__], kind)
    _allow_short_forms(definitions)
    if vocabulary is not None:
        added = describe_given(definitions["Given"], vocabulary)
        definitions |= {name: _tidied(each) for name, each in added.items()}
        for fault in FAULTS.values():
            aimed = definitions[fault.__name__]["properties"]["upstream"]
            aimed["enum"] = list(vocabulary.upstreams)
    definitions["Step"] = _step(definitions, vocabulary)
    definitions["Expect"] = _expect(vocabulary)
    definitions |= {kind.name: _tolerance(kind) for kind in Kind}
    for section in ("steady_state", "method"):
        schema["properties"][section]["items"] = {"$ref": "#/$defs/Step"}
    schema["dependentRequired"] = {"waive": ["because"], "because": ["waive"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _tidied(node: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """Without what editors do not use, and with ``expect`` as files write it."""
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("title") == "Expect":
        return {"description": node["description"], "$ref": "#/$defs/Expect"}
    tidied: Json = {}
    for key, value in node.items():
        if key in {"properties", "$defs"}:
            tidied[key] = {name: _tidied(each) for name, each in value.items()}
        elif key == "description":
            # The sections of a docstring are for Python; a paragraph is one line for an editor.
            about = re.split(r"\n\n(?:Example|Attributes):", value)[0]
            tidied[key] = " ".join(about.replace("``", "`").split())
        elif key not in {"title", "discriminator"} and not _is_idle(key, value):
            tidied[key] = _tidied(value)
    return tidied


def _is_idle(key: str, value: object) -> bool:
    """Whether it is a default that says nothing, or not as a file would write it."""
    return key == "default" and (
        value is None or value == "PT0S" or isinstance(value, (list, dict))
    )


def _require(definition: Json, key: str) -> None:
    required = definition.setdefault("required", [])
    if key not in required:
        required.append(key)


def _describe_fault(definition: Json, kind: str) -> None:
    definition["properties"]["fault"] |= {
        "description": definition["description"],
        "examples": [kind],
    }


def _allow_short_forms(definitions: Json) -> None:
    """Add what the loader reads as a short form of something longer."""
    ask = definitions["AskStep"]["properties"]
    question = {"type": "string", "minLength": 1}
    ask["ask"] = {
        "description": ask["ask"]["description"],
        "anyOf": [question, {"$ref": "#/$defs/Ask"}],
        "examples": ["Is the VPN down?", {"question": "Is the VPN down?", "times": 5}],
    }
    _allow_nothing_after_colon(definitions[ACTIONS[RESTART].__name__]["properties"], RESTART)


def _allow_nothing_after_colon(properties: Json, action: str) -> None:
    spoken = properties[action]
    about = {key: spoken.pop(key) for key in ("description", "examples") if key in spoken}
    properties[action] = about | {"anyOf": [spoken, {"type": "null"}]}


def _describe_actions(definitions: Json, actions: Mapping[str, Action]) -> list[str]:
    """Add the actions of a target; returns the names of their definitions."""
    del definitions["ActStep"]
    names = []
    for action, means in actions.items():
        form = written_form(Step, action, means)
        described = _tidied(form.model_json_schema(by_alias=True))
        definitions |= described.pop("$defs", {})
        _require(described, action)
        _allow_nothing_after_colon(described["properties"], action)
        definitions[form.__name__] = described
        names.append(form.__name__)
    return names


def _open_action(definitions: Json) -> Json:
    """An action of a target that is not known: a name, and little after its colon."""
    shared = definitions["ActStep"]["properties"]
    said = {key: shared[key] for key in ("at", "name", "expect")}
    return {
        "description": definitions["ActStep"]["description"],
        "type": "object",
        "properties": said,
        # A misspelt step of the language mostly says more, and is found by that.
        "additionalProperties": {"anyOf": [{"const": True}, {"type": ["null", "object"]}]},
        "propertyNames": {"not": {"enum": sorted(ACTIONS)}},
        "not": {"propertyNames": {"enum": sorted(said)}},
    }


def _step(definitions: Json, vocabulary: Vocabulary | None) -> Json:
    names = [*(step.__name__ for step in ACTIONS.values()), "ExpectStep"]
    assert all(name in definitions for name in names)
    about = {"description": "A step without parameters."}
    if vocabulary is None:
        definitions["ActStep"] = _open_action(definitions)
        names.append("ActStep")
        bare: Json = about | {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
    else:
        own = vocabulary.own_actions
        names += _describe_actions(definitions, own)
        words = {RESTART, *(name for name, each in own.items() if each.parameters is None)}
        bare = about | {"enum": sorted(words & {RESTART, *vocabulary.actions})}
    return {
        "description": "One action, or a check of the target.",
        "oneOf": [*({"$ref": f"#/$defs/{name}"} for name in names), bare],
    }


def _expect(vocabulary: Vocabulary | None) -> Json:
    """What an ``expect`` may hold: every key of a known target, or patterns of them."""
    fixed: Json = {}
    patterns: Json = {}
    known = possible_probes(_ANY_TARGET) if vocabulary is None else probes(vocabulary)
    for probe in known.values():
        pattern = re.escape(probe.key)
        for word, stands_for in _STANDS_FOR.items():
            pattern = pattern.replace(word, stands_for)
        if pattern == re.escape(probe.key):
            fixed[probe.key] = _observable(probe)
        else:
            patterns[f"^{pattern}$"] = _observable(probe)
    return {
        "description": "Observables and the values they may have.",
        "type": "object",
        "minProperties": 1,
        "properties": fixed,
        "patternProperties": patterns,
        # A target that is not known here may have observables of its own.
        "additionalProperties": vocabulary is None,
        "examples": [{"answer.mode": "llm", "calls.openai": {"at_most": 3}}],
    }


def _observable(probe: Probe) -> Json:
    doc = probe.doc.replace(_UPSTREAM, "the upstream").replace(_OPERATION, "the operation")
    about = {"description": f"{doc[0].upper()}{doc[1:].replace(_MODE, 'this')}."}
    words = tuple(word for word in probe.values if word not in _STANDS_FOR)
    if not words:
        return about | {"$ref": f"#/$defs/{probe.kind.name}"}
    return about | _tolerance(probe.kind, words)


def _tolerance(kind: Kind, words: tuple[str, ...] = ()) -> Json:
    """The values and tolerances that an observable of a kind may be expected to have."""
    if kind is Kind.MODES:
        count = {"anyOf": [{"const": "all"}, {"$ref": f"#/$defs/{Kind.COUNT.name}"}]}
        names = {"propertyNames": {"enum": list(words)}} if words else {}
        return names | {"type": "object", "minProperties": 1, "additionalProperties": count}
    if kind in _LIVENESS:
        return _LIVENESS[kind]
    value = _value(kind, words)
    part = _value(kind.item, words) if kind.item else {"type": "string", "minLength": 1}
    forms: Json = {
        "at_least": value | {"description": "The value or more."},
        "at_most": value | {"description": "The value or less."},
        "between": {
            "description": "From the lowest to the highest value, both included.",
            "type": "array",
            "items": value,
            "minItems": 2,
            "maxItems": 2,
        },
        "one_of": {
            "description": "Any of these values.",
            "type": "array",
            "items": value,
            "minItems": 1,
        },
        "contains": part | {"description": "A part of the text, or an item of the list."},
        "matches": {
            "description": "A regular expression found in the text.",
            "type": "string",
            "format": "regex",
        },
        "not": {"description": "Anything but this."} | _nested(kind, words),
    }
    return {
        "anyOf": [
            value,
            {
                "type": "object",
                "properties": {form: forms[form] for form in FORMS[kind]},
                "additionalProperties": False,
                "minProperties": 1,
            },
        ]
    }


_MOMENT: Json = {
    "description": "What happens, all of it in one event.",
    "type": "object",
    "minProperties": 1,
    "examples": [{"fault": "healed"}],
}

_WITHIN: Json = {
    "description": "The longest time it may take.",
    "type": "string",
    "examples": ["5m"],
}

_LIVENESS: dict[Kind, Json] = {
    Kind.EVENTUALLY: {
        "type": "object",
        "properties": {"within": _WITHIN},
        "required": ["within"],
        "minProperties": 2,
        "examples": [{"answer.mode": "llm", "within": "5m"}],
    },
    Kind.LEADS_TO: {
        "type": "object",
        "properties": {"when": _MOMENT, "then": _MOMENT, "within": _WITHIN},
        "required": ["when", "then", "within"],
        "additionalProperties": False,
        "examples": [
            {"when": {"fault": "healed"}, "then": {"answer.mode": "llm"}, "within": "5m"}
        ],
    },
}


def _nested(kind: Kind, words: tuple[str, ...]) -> Json:
    return {"anyOf": [_value(kind, words), {"$ref": f"#/$defs/{kind.name}"}]}


def _value(kind: Kind, words: tuple[str, ...]) -> Json:
    """A value itself."""
    if kind.item is not None:
        item = _tolerance(kind.item, words) if words else {"$ref": f"#/$defs/{kind.item.name}"}
        return {"type": "array", "items": item}
    if kind is Kind.TEXT and words:
        return {"enum": [*words, None]}
    return _SCALARS[kind]


_SCALARS: Mapping[Kind, Json] = {
    Kind.DURATION: {"type": ["string", "null"], "pattern": f"^{DURATION_PATTERN}$"},
    Kind.COUNT: {"type": "integer", "minimum": 0},
    Kind.NUMBER: {"type": "number"},
    Kind.SHARE: {"type": "number", "minimum": 0, "maximum": 1},
    Kind.TEXT: {"type": ["string", "null"]},
    Kind.FLAG: {"type": "boolean"},
}
