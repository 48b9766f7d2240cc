"""What an answer consists of, without what it says: places, and the kinds of things there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from chaos.http import Response
from chaos.upstreams import sse

TOLD = frozenset({"object", "type", "role", "finish_reason", "status", "stop_reason", "name"})
"""Keys whose texts are a part of the shape: they are the API's words, or what both were told."""

Shape = Mapping[str, str]


def shape_of(response: Response) -> Shape:
    """Each place in an answer, with what stands there; in a stream, each kind of event apart."""
    if not sse.is_event_stream(response):
        return _joined(_places(response.json(), ""))
    found: list[tuple[str, str]] = []
    for payload in sse.payloads(response.body):
        kind = payload.get("type") or payload.get("object") or "?"
        found += _places(payload, f"<{kind}>")
    order = [payload.get("type") for payload in sse.payloads(response.body)]
    told = [each for i, each in enumerate(order) if each and each not in order[:i]]
    return {**_joined(iter(found)), **({"events": ", ".join(told)} if told else {})}


def _places(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if not value:
            yield place, "{}"
        for key, inner in value.items():
            here = f"{place}.{key}" if place else key
            yield (here, inner) if key in TOLD and isinstance(inner, str) else (here, _kind(inner))
            yield from _places(inner, here) if isinstance(inner, dict | list) else ()
    elif isinstance(value, list):
        for each in value:
            yield from _places(each, f"{place}[]") if isinstance(each, dict | list) else ()


def _kind(value: Any) -> str:
    for kind, name in (
        (type(None), "null"),
        (bool, "boolean"),
        (int | float, "number"),
        (str, "text"),
        (list, "list"),
    ):
        if isinstance(value, kind):
            return name
    return "object"


def _joined(found: Iterator[tuple[str, str]]) -> dict[str, str]:
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for place, kind in found:
        kinds[place].add(kind)
    return {place: " or ".join(sorted(each)) for place, each in sorted(kinds.items())}
