"""What each setting is called, what it may be, and how to say that a value is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from helpdesk.durations import format_duration
from helpdesk.redaction import redacted

_LONGEST_QUOTE = 120

PREFIX = "HELPDESK_"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingKey:
    """One setting, as documentation and error messages speak of it.

    Attributes:
        name: Dotted name, for example ``openai.timeout``.
        variable: Its environment variable, for example ``HELPDESK_OPENAI__TIMEOUT``.
        default: The default, as it would be written; ``not set`` if there is none.
        expected: What a value must be, with range and unit.
        description: What the setting does.
        also: Variable of a library that is read if ours is unset; None if there is none.
        is_secret: Whether its value must never be shown.
    """

    name: str
    variable: str
    default: str
    expected: str
    description: str
    is_secret: bool
    also: str | None = None


@cache
def describe(model: type[BaseModel]) -> Mapping[str, SettingKey]:
    """Return every setting of ``model``, groups included, by its dotted name."""
    return {
        name: SettingKey(
            name=name,
            variable=PREFIX + name.upper().replace(".", "__"),
            default=_default(field),
            expected=_expected(field),
            description=" ".join((field.description or "").split()),
            is_secret=SecretStr in _types(field),
            also=_extra(field, "also"),
        )
        for name, field in _leaves(model)
    }


def written(value: object) -> str:
    """Return a value as it would be written into its variable.

    Example:
        >>> written(timedelta(minutes=2)), written(True)
        ('2m', 'true')
    """
    if isinstance(value, timedelta):
        return format_duration(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def unknown_names(kind: str, given: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return one line for each name in ``given`` that is not in ``known``."""
    known = list(known)
    return [
        f"{name}: there is no such {kind}; {_nearest(name, known)}"
        for name in sorted(set(given).difference(known))
    ]


def mistakes_in(
    error: ValidationError, keys: Mapping[str, SettingKey], names: Mapping[str, str]
) -> list[str]:
    """Put pydantic's ``error`` into one line a setting, with the name its author used."""
    lines = []
    for mistake in error.errors(include_url=False, include_context=False):
        key = keys[".".join(map(str, mistake["loc"]))]
        seen = "(hidden)" if key.is_secret else _short(redacted(repr(mistake["input"])))
        lines.append(f"{names[key.name]} is {seen}; expected {key.expected}")
    return lines


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _nearest(name: str, known: list[str]) -> str:
    group = [other for other in known if other.startswith((f"{name}__", f"{name}."))]
    if group:
        return f"it is a group; set one of: {', '.join(group)}"
    # Compared without what all have in common, or everything would be near to everything.
    short = {other.removeprefix(PREFIX): other for other in known}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), short, n=1)
    return f"did you mean {short[near[0]]}?" if near else "'helpdesk settings' lists them all"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the user's cache folder"
    return "not set" if field.default is None else written(field.default)


def _types(field: FieldInfo) -> tuple[Any, ...]:
    members = get_args(field.annotation) or (field.annotation,)
    # Annotated[SecretStr, ...] as one member of a union is a type with types in it.
    return tuple(get_args(member)[0] if get_args(member) else member for member in members)


def _extra(field: FieldInfo, name: str) -> str | None:
    extra = field.json_schema_extra
    value = extra.get(name) if isinstance(extra, dict) else None
    return value if isinstance(value, str) else None


def _expected(field: FieldInfo) -> str:
    if said := _extra(field, "expected"):
        return said
    if get_origin(field.annotation) is Literal:
        return "one of: " + ", ".join(map(str, get_args(field.annotation)))
    if _limit(field, "min_length"):
        return "text that is not empty"
    low, high = _limit(field, "ge"), _limit(field, "le")
    if isinstance(low, timedelta):
        span = f"from {format_duration(low)} to {format_duration(high)}"
        return f"a duration {span}; write a number with ms, s, m, h or d, such as 15s"
    words = {
        bool: "true or false",
        int: f"a whole number from {low} to {high}",
        float: f"a number from {low} to {high}",
        Path: "a folder",
    }
    return next((words[kind] for kind in _types(field) if kind in words), "text")


def _limit(field: FieldInfo, name: str) -> Any:  # noqa: ANN401 - limits are of the field's type
    return next(
        (found for m in field.metadata if (found := getattr(m, name, None)) is not None), None
    )
