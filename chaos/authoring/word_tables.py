"""Everything a scenario can say, as tables: for `chaos list`, and for the reference pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from chaos.scenario.faults import FAULTS, Fault
from chaos.scenario.model import ACTIONS, ExpectStep, Explore, Given, Scenario, Step
from chaos.scenario.observables import probes
from chaos.scenario.scalars import write
from chaos.scenario.vocabulary import Vocabulary
from chaos.units import format_duration

_MODE_DOC = "how many answers were of mode "


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A key of a fault or a step.

    Attributes:
        name: As a file writes it.
        doc: One sentence.
        values: What it may be: every word, or examples.
        default: What it is if it is not given; empty for nothing, "required" if it must be.
    """

    name: str
    doc: str
    values: str
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of the language: what it means, and its parameters."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...] = ()


def fault_entries() -> Iterator[Word]:
    """Every fault with the parameters of its own.

    Example:
        >>> timeout = next(entry for entry in fault_entries() if entry.name == "timeout")
        >>> timeout.doc
        'The request is taken and never answered.'
    """
    shared = {*Fault.model_fields, "fault"}
    for kind, model in FAULTS.items():
        yield Word(name=kind, doc=summary(model), parameters=parameters(model, but=shared))


def shared_fault_parameters() -> tuple[Parameter, ...]:
    """What every fault may say: which calls it touches, and for how long."""
    return parameters(Fault, but=set())


def file_parameters() -> tuple[Parameter, ...]:
    """What a scenario file may say."""
    return parameters(Scenario, but={"path"})


def file_sections() -> Iterator[tuple[str, tuple[Parameter, ...]]]:
    """The keys of a file that have keys of their own, with those."""
    yield "given", parameters(Given, but=set())
    yield "explore", parameters(Explore, but=set())


def step_entries(vocabulary: Vocabulary) -> Iterator[Word]:
    """Every step that a scenario for this target may have, with what it may say.

    Example:
        >>> words = Vocabulary(upstreams={}, observables={}, settings={})
        >>> [entry.name for entry in step_entries(words)][:3]
        ['ask', 'load', 'advance']
    """
    for action, model in ACTIONS.items():
        said: object = model.model_fields[action].annotation
        # What a fault may say is a list of its own.
        if isinstance(said, type) and issubclass(said, BaseModel) and said is not Fault:
            yield Word(name=action, doc=summary(model), parameters=parameters(said, but=set()))
        else:
            yield Word(name=action, doc=summary(model))
    for action, means in vocabulary.own_actions.items():
        said = means.parameters
        yield Word(
            name=action,
            doc=means.doc or "The target carries it out.",
            parameters=parameters(said, but=set()) if said is not None else (),
        )
    yield Word(name="expect", doc=summary(ExpectStep))


def shared_step_parameters() -> tuple[Parameter, ...]:
    """What every step may say besides its action."""
    return parameters(Step, but={"location", "path"})


def observable_rows(vocabulary: Vocabulary) -> Iterator[tuple[str, str, str]]:
    """Key, meaning and values of everything that a scenario for this target can expect."""
    for probe in probes(vocabulary).values():
        if probe.doc.startswith(_MODE_DOC):
            continue  # One for each mode: `answers` says the same.
        values = ", ".join(probe.values) if probe.values else probe.kind.value
        yield probe.key, probe.doc, values


def setting_rows(vocabulary: Vocabulary) -> Iterator[tuple[str, str, str]]:
    """Key, type and default of every setting of the target that a scenario can change."""
    words = {timedelta: "a duration", int: "a whole number", float: "a number"}
    words |= {bool: "true or false", str: "text"}
    for key, kind in vocabulary.settings.items():
        default = vocabulary.defaults.get(key)
        shown = "" if default is None else _default(default)
        yield key, words.get(kind, kind.__name__), shown


def parameters(model: type[BaseModel], *, but: set[str]) -> tuple[Parameter, ...]:
    """The fields of a model as parameters, those required first."""
    found = [
        Parameter(
            name=field.alias or name,
            doc=_first_sentence(field.description or ""),
            values=_values(field),
            default="required" if field.is_required() else _default(field.default),
        )
        for name, field in model.model_fields.items()
        if name not in but
    ]
    return tuple(sorted(found, key=lambda each: each.default != "required"))


def summary(model: type) -> str:
    """The first paragraph of a model's docstring, on one line."""
    paragraph = (model.__doc__ or "").split("\n\n")[0]
    return " ".join(paragraph.replace("``", "`").split())


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) (?=[A-Z])", text)[0]


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(map(str, get_args(field.annotation)))
    return ", ".join(map(write, field.examples or ()))


def _default(value: Any) -> str:  # noqa: ANN401 - a default is anything
    match value:
        case None | () | "" | BaseModel():
            return ""
        case timedelta():
            return format_duration(value) if value else "0s"
        case _ if value is PydanticUndefined:
            return ""
        case _:
            return write(value)
