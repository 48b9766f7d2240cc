"""What the header of an incident's file says: when, how long, what shape, and who says so.

The header is a comment, since it is for people and says nothing about how the scenario runs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from chaos.errors import ChaosError
from chaos.scenario.problems import nearest
from chaos.units import parse_duration

FOLDER = Path("scenarios/incidents")
"""Where the library lies."""

_ENTRY = re.compile(r"# (incident|date|lasted|shape|source|facts|assumed): ?(.*)")
_ITEM = re.compile(r"#   (- )?(.*)")
_SOURCE = re.compile(r"(?P<title>.+), (?P<address>https://\S+)")


@dataclass(frozen=True, slots=True)
class Publication:
    """Who published it: the title of the page, and its address."""

    title: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident of the library.

    Attributes:
        name: Of the scenario, and of its file.
        title: What happened, in a few words.
        date: When it began, in the time of whoever reports it.
        lasted: How long, in all.
        shape: What kind of trouble it was.
        sources: Who published it; never empty.
        facts: What they say; never empty.
        assumed: What the scenario adds where they are silent.
        path: The file.
    """

    name: str
    title: str
    date: date
    lasted: timedelta
    shape: str
    sources: tuple[Publication, ...]
    facts: tuple[str, ...]
    assumed: tuple[str, ...]
    path: Path


def read_catalogue(folder: Path = FOLDER) -> list[Incident]:
    """Every incident in a folder, the earliest first.

    Raises:
        ChaosError: There is no such folder, or a header lacks something; the message says what.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ChaosError(
            f"no incidents in '{folder}'; expected their files, which are in the source "
            "repository, not in the package; clone it, and run this command in its top folder"
        )
    return sorted(map(read_incident, paths), key=lambda incident: (incident.date, incident.name))


def choose(incidents: Sequence[Incident], names: Sequence[str]) -> list[Incident]:
    """The incidents of these names; all of them if none is given.

    Raises:
        ChaosError: There is none of that name; the message offers the nearest.
    """
    by_name = {incident.name: incident for incident in incidents}
    for name in names:
        if name not in by_name:
            close = nearest(name, list(by_name))
            fix = f"did you mean {close!r}?" if close else "see them with: chaos incidents"
            raise ChaosError(f"unknown incident {name!r}; {fix}")
    return [by_name[name] for name in names] if names else list(incidents)


def read_incident(path: Path) -> Incident:
    """The header of one file.

    Raises:
        ChaosError: It lacks something, or says it wrongly.
    """
    said = _header(path.read_text(encoding="utf-8"))
    missing = [
        key for key in ("incident", "date", "lasted", "shape", "source", "facts") if not said[key]
    ]
    if missing:
        raise ChaosError(
            f"{path}: the header has no {', '.join(missing)}; expected lines such as '# date: "
            "2023-11-08' before 'version:'; copy them from another incident"
        )
    try:
        when, lasted = date.fromisoformat(said["date"][0]), parse_duration(said["lasted"][0])
    except ValueError as error:
        raise ChaosError(
            f"{path}: {error}; expected '# date: 2023-11-08', '# lasted: 1h'"
        ) from None
    return Incident(
        name=path.stem,
        title=said["incident"][0],
        date=when,
        lasted=lasted,
        shape=said["shape"][0],
        sources=tuple(_source(text, path) for text in said["source"]),
        facts=tuple(said["facts"]),
        assumed=tuple(said["assumed"]),
        path=path,
    )


def _header(text: str) -> defaultdict[str, list[str]]:
    """What the comments before the scenario say, by key; lists are continued by indentation."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    key = ""
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if entry := _ENTRY.fullmatch(line):
            key, value = entry.groups()
            if value:
                said[key].append(value)
        elif key and (item := _ITEM.fullmatch(line)):
            is_new, value = item.groups()
            if is_new or not said[key]:
                said[key].append(value)
            else:
                said[key][-1] += f" {value.strip()}"
    return said


def _source(text: str, path: Path) -> Publication:
    match = _SOURCE.fullmatch(text)
    if match is None:
        raise ChaosError(
            f"{path}: source {text!r} has no address; expected '# source: Title, https://…'"
        )
    return Publication(match["title"], match["address"])
