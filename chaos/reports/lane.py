"""What a lane is made of, and how items share lanes without lying on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from chaos.trace.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something on a lane: a bar from one event to another, or a mark at one.

    Attributes:
        first: Sequence number of the event it begins with.
        last: Of the event it ends with; the same for a mark.
        begin_s: When it begins, in virtual seconds.
        end_s: When it ends; a bar may begin and end at one moment.
        look: A word for its colour: ``good``, ``wait``, ``open``, …
        label: Words for inside the bar; may be empty.
        is_mark: Whether it is a moment rather than a stretch of time.
    """

    first: int
    last: int
    begin_s: float
    end_s: float
    look: str
    label: str = ""
    is_mark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A row of items; its bars do not overlap, unless one lies within another.

    Attributes:
        group: What sort of lane it is: ``steps``, ``faults``, ``users``, ``calls``, ``breaker``
            or ``index``.
        label: Whose it is; empty where it goes on from the lane before.
    """

    group: str
    label: str
    items: tuple[Item, ...]


def bar(first: Event, last: Event, look: str, label: str = "") -> Item:
    """A stretch of time, from one event to another.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> wait = WaitEvent(seq=3, at_s=1.0, actor="user-1", seconds=2.0)
        >>> bar(wait, wait, "wait").begin_s
        1.0
    """
    return Item(
        first=first.seq,
        last=last.seq,
        begin_s=first.at_s,
        end_s=last.at_s,
        look=look,
        label=label,
    )


def mark(event: Event, look: str, label: str = "") -> Item:
    """A moment."""
    return replace(bar(event, event, look, label), is_mark=True)


def in_order(items: Iterable[Item]) -> tuple[Item, ...]:
    """Bars before the marks that lie on them: what is drawn later lies on top."""
    return tuple(sorted(items, key=lambda item: (item.is_mark, item.first)))


def packed(group: str, label: str, rows: Iterable[Iterable[Item]]) -> Iterator[Lane]:
    """Rows in as few lanes as they fit in without overlap, the earliest on top.

    The items of one row stay together; only the first lane bears the label.
    """
    filled: list[list[Item]] = []
    ends: list[int] = []
    for row in sorted(map(in_order, rows), key=lambda row: row[0].first):
        free = next((at for at, end in enumerate(ends) if end < row[0].first), len(ends))
        if free == len(ends):
            filled.append([])
            ends.append(-1)
        filled[free].extend(row)
        ends[free] = max(item.last for item in row)
    for number, lane in enumerate(filled):
        yield Lane(group=group, label="" if number else label, items=tuple(lane))
