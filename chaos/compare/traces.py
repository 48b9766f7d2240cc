"""Where two traces part: the first event that is not the same in both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import zip_longest

from chaos.trace.events import Event
from chaos.trace.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """The first difference between two traces.

    Attributes:
        seq: Its position, from 0; everything before is the same.
        was: The event of the first trace; None if that one had ended.
        now: The event of the second trace; None if that one had ended.
        differences: What differs, by field: name, first value, second value. Empty when the
            events are of different kinds, or one is missing.
    """

    seq: int
    was: Event | None
    now: Event | None
    differences: tuple[tuple[str, object, object], ...] = ()


def first_difference(was: Trace, now: Trace) -> Parting | None:
    """Where the traces part; None if they are equal.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> def waits(seconds: float) -> Trace:
        ...     return Trace([WaitEvent(seq=0, at_s=1.0, actor="user-1", seconds=seconds)])
        >>> first_difference(waits(2.0), waits(4.0)).differences
        (('seconds', 2.0, 4.0),)
    """
    for seq, (one, other) in enumerate(zip_longest(was, now)):
        if one != other:
            return Parting(
                seq=seq, was=one, now=other, differences=tuple(_differences(one, other))
            )
    return None


def around(parting: Parting, trace: Trace, *, before: int = 3, after: int = 5) -> Trace:
    """The events of one of the traces around the parting."""
    return trace[max(0, parting.seq - before) : parting.seq + after]


def _differences(one: Event | None, other: Event | None) -> Iterator[tuple[str, object, object]]:
    if one is None or other is None or type(one) is not type(other):
        return
    for field in fields(one):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if first != second:
            yield field.name, first, second
