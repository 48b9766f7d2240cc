"""Every fault on one page, made from the models and from what gives effect to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin, get_type_hints

from chaos.faults.registry import BEHAVIOURS, kind_of
from chaos.scenario.faults import Fault
from chaos.units import format_duration


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a scenario can say about a fault.

    Attributes:
        name: Its key.
        values: What may stand there: ``duration``, ``size``, ``number``, ``text``, or the words.
        required: Whether it must be given.
        default: What counts if it is not given; empty for nothing.
        doc: What it means, in one line.
    """

    name: str
    values: str
    required: bool
    default: str
    doc: str

    def __str__(self) -> str:
        """The parameter in a few words.

        Example:
            >>> latency = next(entry for entry in entries() if entry.kind == "latency")
            >>> str(latency.parameters[1])
            'jitter: duration = 0ms'
        """
        default = f" = {self.default}" if self.default else ""
        return f"{self.name}: {self.values}{default}" + ("" if self.required or default else "?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One fault.

    Attributes:
        kind: What scenarios call it.
        doc: What it does, in one line.
        parameters: What only this fault has.
        simulated: What happens in the simulated tier.
        wire: Where it acts in the wire tier: a toxic, or the upstream server.
    """

    kind: str
    doc: str
    parameters: tuple[Parameter, ...]
    simulated: str
    wire: str


def entries() -> tuple[Entry, ...]:
    """Every fault, in the order of the documentation.

    Example:
        >>> [entry.wire for entry in entries() if entry.kind == "latency"]
        ['toxic latency']
    """
    return tuple(
        Entry(
            kind=kind_of(model),
            doc=(model.__doc__ or "").partition("\n")[0],
            parameters=tuple(_parameters(model)),
            simulated=behaviour.simulated,
            wire=behaviour.wire,
        )
        for model, behaviour in BEHAVIOURS.items()
    )


def as_markdown() -> str:
    """The table for the documentation; a parameter with ``?`` may be left out."""
    lines = ["| kind | what it does | parameters | simulated | wire |", "|---|---|---|---|---|"]
    for entry in entries():
        parameters = "<br>".join(f"`{each}`" for each in entry.parameters).replace(" | ", " \\| ")
        cells = (f"`{entry.kind}`", entry.doc, parameters, entry.simulated, entry.wire)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _parameters(model: type[Fault]) -> Iterator[Parameter]:
    types = get_type_hints(model)
    schemas = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        if name == "fault" or name in Fault.model_fields:
            continue
        key = field.alias or name
        yield Parameter(
            name=key,
            values=_values(types[name], schemas[key]),
            required=field.is_required(),
            default="" if field.is_required() else _shown(field.default),
            doc=field.description or "",
        )


def _values(declared: Any, schema: Mapping[str, Any]) -> str:  # noqa: ANN401 - a type, or Literal
    """What may stand there; None, which any optional parameter may be, is not mentioned."""
    if get_origin(declared) is Literal:
        return " | ".join(get_args(declared))
    (kind,) = {*(get_args(declared) or [declared])} - {type(None)}
    if kind is int and "string" in _json_types(schema):
        return "size"
    return {timedelta: "duration", int: "number", str: "text"}[kind]


def _json_types(schema: Mapping[str, Any]) -> set[str]:
    if "anyOf" in schema:
        return set().union(*map(_json_types, schema["anyOf"]))
    return {schema["type"]}


def _shown(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, timedelta):
        return format_duration(default.total_seconds())
    return str(default)
