"""Checks data against a model of the language, and words what does not fit.

The library that validates knows types; this knows what the author of a file meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from chaos.scenario.fields import Node
from chaos.scenario.problems import listed, nearest, quoted, suggest
from chaos.scenario.scalars import MOST_DIGITS, resolve, write
from chaos.scenario.source import Findings, NodePath
from chaos.units import format_number

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

N = TypeVar("N", bound=Node)

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "tuple_type": "a list",
}
_BOUNDS = {
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "string_too_long": "at most {max_length} characters",
}
_NOT_IN_FILES = frozenset({"location", "path"})
"""Fields of models that the loader fills in, and no file may."""


def keys_of(model: type[Node]) -> list[str]:
    """The keys that a file may write for a model."""
    return [
        field.alias or name
        for name, field in model.model_fields.items()
        if name not in _NOT_IN_FILES
    ]


def model_example(model: type[Node]) -> str:
    """The keys that a model needs, with examples; all its keys if it needs none."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    needed = {key: field for key, field in fields.items() if field.is_required()} or fields
    return write({key: field.examples[0] for key, field in needed.items() if field.examples})


def validate(  # noqa: PLR0913 - what, where, and how to say it
    model: type[N],
    data: object,
    path: NodePath,
    findings: Findings,
    what: str,
    *,
    filled: Mapping[str, object] | None = None,
    short: str | None = None,
) -> N | None:
    """The model that a node of a file stands for; None, with findings, if it does not fit.

    Args:
        model: What it should be.
        data: What it is.
        path: Where it stands.
        findings: Takes what is wrong.
        what: What to call it in messages, for example ``fault 'latency'``.
        filled: Fields that the loader has read already, or that no file may write.
        short: What a file may write in place of the mapping, for example ``text``; None if it
            has to be a mapping.
    """
    if not isinstance(data, dict):
        said = findings.source.numbers.get(path) or quoted(data)
        fix = f"write for example {model_example(model)}"
        if short == "text" and isinstance(data, (bool, int, float)):
            fix = _retyped("string_type", data, said, fix)
        expected = "a mapping" if short is None else f"{short}, or a mapping"
        findings.add(path, f"{what} is {said}", expected, fix, "wrong-type")
        return None
    so_far = len(findings.problems)
    if model.model_config.get("extra") == "forbid":
        check_keys(data, keys_of(model), path, findings, what)
    usable: dict[str, object] = {}
    for key, value in data.items():
        if (*path, key) in findings.source.empty:
            fix = "write one, or remove the key"
            findings.add((*path, key), f"{key} has no value", "a value", fix, "empty-value")
        elif key in keys_of(model) or model.model_config.get("extra") == "allow":
            usable[key] = value
    try:
        made = model.model_validate({**usable, **(filled or {})})
    except ValidationError as invalid:
        # Keys that are there without a value, or misspelt, were found above.
        found = data.keys() | {nearest(key, keys_of(model)) for key in data}
        for error in invalid.errors(include_url=False):
            if error["type"] != "missing" or error["loc"][0] not in found:
                _report(error, model, path, findings, what)
        return None
    return made if len(findings.problems) == so_far else None


def check_keys(  # noqa: PLR0913 - what, where, and how to say it
    data: dict[str, Any],
    allowed: Sequence[str],
    path: NodePath,
    findings: Findings,
    what: str,
    *,
    meant: Mapping[str, str] | None = None,
) -> None:
    """Report every key that is not allowed; ``meant`` has words of other languages for some."""
    for key in data:
        if key not in allowed:
            wrong = f"unknown key {quoted(key)} in {what}"
            fix = suggest(key, allowed, "remove it", meant=meant)
            findings.add((*path, key), wrong, listed(allowed), fix, "unknown-key", at_key=True)


def _report(
    error: ErrorDetails, model: type[Node], path: NodePath, findings: Findings, what: str
) -> None:
    if not error["loc"]:
        fix = f"write for example {model_example(model)}"
        findings.add(path, f"{what} is not consistent", _said_by(error), fix, "bad-value")
        return
    key, kind, value = str(error["loc"][0]), error["type"], error["input"]
    context = error.get("ctx", {})
    name, field = next(
        (name, field) for name, field in model.model_fields.items() if key in {name, field.alias}
    )
    # Further parts of a place may be names of alternatives, which are no nodes of the file.
    where = (*path, key, *(part for part in error["loc"][1:2] if isinstance(part, int)))
    shown = _example(key, field)
    said = findings.source.numbers.get(where) or quoted(value)
    if kind == "missing":
        wrong, fix = f"{what} has no {key!r}", f"add '{shown}'"
        needed = (
            field.alias or name
            for name, field in model.model_fields.items()
            if field.is_required()
        )
        findings.add(where, wrong, f"all of: {', '.join(needed)}", fix, "missing-key")
    elif "wrong" in context:
        where = (*where, context["entry"]) if "entry" in context else where
        findings.add(where, context["wrong"], context["expected"], context["fix"], kind)
    elif kind == "literal_error":
        texts = re.findall(r"'([^']*)'", context["expected"])
        words = texts or [context["expected"].lower()]
        # What is no text is not misspelt; put in quotes, it is something else.
        fix = suggest(str(value), texts, f"write for example '{key}: {words[0]}'")
        wrong = f"{key} is {said}"
        findings.add(where, wrong, listed(words), fix, "unknown-value")
    elif kind in {"int_type", "float_type"} and (digits := _digits(value)) > MOST_DIGITS:
        wrong, fix = f"{key} is a number of {digits} digits", f"write for example '{shown}'"
        findings.add(where, wrong, f"at most {MOST_DIGITS}", fix, "out-of-range")
    elif kind in _TYPES:
        wrong, fix = f"{key} is {said}", _retyped(kind, value, said, f"'{shown}'")
        findings.add(where, wrong, _TYPES[kind], fix, "wrong-type")
    elif kind in _BOUNDS:
        bounds = {name: _plain(bound) for name, bound in context.items()}
        wrong, expected = f"{key} is {said}", _BOUNDS[kind].format(**bounds)
        findings.add(where, wrong, expected, f"write for example '{shown}'", "out-of-range")
    elif kind in {"string_too_short", "too_short"}:
        fix = f"write for example '{shown}'" if field.examples else "add one"
        findings.add(where, f"{key} is empty", _meaning(field), fix, "empty-value")
    elif kind == "string_pattern_mismatch":
        better = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")
        wrong, fix = f"{name} {quoted(value)} is not a valid name", f"write '{better or 'a-name'}'"
        findings.add(where, wrong, "lower-case words joined by hyphens", fix, "bad-name")
    else:
        # Models of targets may check more than those of the language do.
        wrong, fix = f"{key} is {quoted(value)}", f"write for example '{shown}'"
        findings.add(where, wrong, _said_by(error), fix, "bad-value")


def _said_by(error: ErrorDetails) -> str:
    """What was expected, from the message of the library or of a check of the model's own."""
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return said[:1].lower() + said[1:]


def _digits(value: object) -> int:
    """How long a number is that was left as text; 0 if it is no number."""
    bare = value.lstrip("+-") if isinstance(value, str) else ""
    return len(bare) if bare.isdecimal() else 0


def _plain(bound: object) -> object:
    return format_number(bound) if isinstance(bound, (int, float)) else bound


def _retyped(kind: str, value: object, said: str, example: str) -> str:
    """How to turn a value, which stands in the file as ``said``, into one of the right type."""
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return f"put it in quotes: {quoted(said)}"
    if kind in {"int_type", "float_type"} and isinstance(value, str):
        resolved = resolve(value)
        if isinstance(resolved, (int, float)) and not isinstance(resolved, bool):
            return f"remove the quotes: {value}"
    if kind == "tuple_type" and isinstance(value, str):
        return f"put it in brackets: [{write(value)}]"
    return f"write for example {example}"


def _meaning(field: FieldInfo) -> str:
    """The field's description as part of a sentence."""
    described = (field.description or "a value").rstrip(".")
    return described[0].lower() + described[1:]


def _example(key: str, field: FieldInfo) -> str:
    return f"{key}: {write(field.examples[0])}" if field.examples else f"{key}: …"
