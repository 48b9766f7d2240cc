"""The part of the JSON Schema that says what ``given`` may hold for one target."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chaos.scenario.circumstances import Circumstance
from chaos.scenario.vocabulary import Vocabulary
from chaos.units import DURATION_PATTERN, format_duration

_TYPES: dict[type, dict[str, Any]] = {
    timedelta: {"type": "string", "pattern": f"^{DURATION_PATTERN}$"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
}


def describe_given(given: dict[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    """Close the definition of ``given``: the keys and settings of the target, and no others.

    Args:
        given: The definition for any target.
        vocabulary: The words of the target.

    Returns:
        The definitions that it refers to now, by name; none of them is tidied.

    Example:
        >>> words = Vocabulary(upstreams={}, observables={}, settings={"retries": int})
        >>> given = {"properties": {"settings": {}}}
        >>> describe_given(given, words)
        {}
        >>> given["properties"]["settings"]["properties"]
        {'retries': {'type': 'integer'}}
    """
    properties = given["properties"]
    definitions: dict[str, Any] = {}
    for key, circumstance in vocabulary.given.items():
        properties[key] = _form(key, circumstance, definitions)
    properties["settings"] = {
        **{k: v for k, v in properties["settings"].items() if k != "examples"},
        "properties": {key: _setting(key, vocabulary) for key in vocabulary.settings},
        "additionalProperties": False,
    }
    given["additionalProperties"] = False
    return definitions


def _form(key: str, circumstance: Circumstance, definitions: dict[str, Any]) -> dict[str, Any]:
    """A key of ``given``: the mapping of its model, or one of its words."""
    name = f"given.{key}"
    model = circumstance.model.model_json_schema(
        by_alias=True, ref_template=f"#/$defs/{name}.{{model}}"
    )
    definitions |= {f"{name}.{each}": said for each, said in model.pop("$defs", {}).items()}
    definitions[name] = model
    forms: list[dict[str, Any]] = [{"$ref": f"#/$defs/{name}"}]
    if circumstance.words:
        forms.append({"enum": list(circumstance.words)})
    shown: dict[str, Any] = {"description": circumstance.doc or model.get("description", "")}
    if circumstance.examples:
        shown["examples"] = list(circumstance.examples)
    return {**shown, "anyOf": forms}


def _setting(key: str, vocabulary: Vocabulary) -> dict[str, Any]:
    said = dict(_TYPES.get(vocabulary.settings[key], _TYPES[str]))
    default = vocabulary.defaults.get(key)
    if isinstance(default, timedelta):
        default = format_duration(default)
    return said if default is None else said | {"default": default}
