"""Traces as text: one JSON object a line, and a digest of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from chaos.trace.bill import Bill
from chaos.trace.events import EVENT_TYPES, Event
from chaos.trace.said import Said
from chaos.trace.trace import Trace

_PARTS: Mapping[str, Callable[..., Said | Bill]] = {
    "said": lambda **values: Said(**{"text": None, **values}),
    "bill": Bill,
}
"""Fields that are objects themselves; what is None in them is left out."""


def dump_event(event: Event) -> str:
    """One event as a line of JSON, keys in order of declaration, defaults left out."""
    shown = {"kind": event.kind, **asdict(event)}
    for part in _PARTS.keys() & shown.keys():
        if isinstance(inner := shown[part], dict):
            shown[part] = {key: value for key, value in inner.items() if value is not None}
    for field in fields(event):
        if field.name not in {"seq", "at_s", "actor"} and shown[field.name] == field.default:
            del shown[field.name]
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def dump(trace: Iterable[Event]) -> str:
    """A whole trace as NDJSON, each line ended."""
    return "".join(dump_event(event) + "\n" for event in trace)


def load(text: str) -> Trace:
    """Read what `dump` wrote.

    Raises:
        ValueError: A line is not an event; the message has its number.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> trace = Trace([WaitEvent(seq=0, at_s=1.0, actor="user-1", seconds=2.0)])
        >>> list(load(dump(trace))) == list(trace)
        True
    """
    events = []
    # Not `splitlines`: what was said may hold separators of lines that JSON leaves as they are.
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), start=1):
        try:
            values: dict[str, Any] = json.loads(line)
            kind = EVENT_TYPES[values.pop("kind")]
            for part in _PARTS.keys() & values.keys():
                values[part] = _PARTS[part](**values[part])
            events.append(kind(**{key: _frozen(value) for key, value in values.items()}))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"line {number} is not an event of a trace: {error}") from error
    return Trace(events)


def digest(trace: Iterable[Event]) -> str:
    """A short name for exactly this course of events: 16 hexadecimal digits.

    Equal digests mean equal traces, on any machine.
    """
    return hashlib.sha256(dump(trace).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _frozen(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value
