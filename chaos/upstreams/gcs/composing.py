"""A request to put objects together, read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaos.upstreams.gcs.errors import invalid
from chaos.upstreams.unmodelled import UnmodelledError

MOST_SOURCES = 32
"""Objects that one request can put together."""

_COMPOSE = frozenset({"kind", "destination", "sourceObjects", "deleteSourceObjects"})
_SOURCE = frozenset({"name", "generation", "objectPreconditions"})
_NUMBER = re.compile(r"\d{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceObject:
    """One of the objects that are put together.

    Attributes:
        name: Its name.
        generation: The one that is wanted; None for the live one.
        match: The generation that it has to be at; None if it does not matter.
    """

    name: str
    generation: int | None
    match: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What is to be put together.

    Attributes:
        sources: In their order; never empty.
        destination: What the new object is to be like.
        deletes_sources: Whether the sources are deleted then.
    """

    sources: tuple[SourceObject, ...]
    destination: Mapping[str, Any]
    deletes_sources: bool


def read_composition(body: Mapping[str, Any]) -> Composition:
    """What a body asks for.

    Raises:
        UnmodelledError: It has something that is not modelled.
        RefusalError: It is not as it has to be.
    """
    wanted, destination = body.get("sourceObjects") or [], body.get("destination") or {}
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise invalid("Invalid value for sourceObjects: expected a list of objects")
    if not isinstance(destination, dict):
        raise invalid("Invalid value for destination: expected an object")
    unknown = [f"body.{key}" for key in body if key not in _COMPOSE]
    unknown += [
        f"body.sourceObjects.{key}" for each in wanted for key in each if key not in _SOURCE
    ]
    if unknown:
        raise UnmodelledError("gcs", "objects.compose", unknown, taught_in=__name__)
    if not wanted:
        raise invalid("You must provide at least one source component.")
    if len(wanted) > MOST_SOURCES:
        raise invalid(
            f"The number of source components provided ({len(wanted)}) exceeds the maximum "
            f"({MOST_SOURCES})"
        )
    return Composition(
        sources=tuple(_source(each) for each in wanted),
        destination=destination,
        deletes_sources=bool(body.get("deleteSourceObjects")),
    )


def _source(sent: Mapping[str, Any]) -> SourceObject:
    name, conditions = sent.get("name"), sent.get("objectPreconditions") or {}
    if not isinstance(name, str) or not name:
        raise invalid(f"Invalid value for sourceObjects.name: {name!r}")
    if not isinstance(conditions, dict):
        raise invalid("Invalid value for sourceObjects.objectPreconditions: expected an object")
    return SourceObject(
        name=name,
        generation=_number("generation", sent.get("generation")),
        match=_number("ifGenerationMatch", conditions.get("ifGenerationMatch")),
    )


def _number(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        raise invalid(f"Invalid value for {name}: {value!r}")
    return int(str(value))
