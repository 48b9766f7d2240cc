"""A finished or growing run as a sequence of events, with the views that checks need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, cast, overload

from chaos.trace.events import Event

E = TypeVar("E", bound=Event)


class Trace(Sequence[Event]):
    """Events in the order they happened; ``trace[i].seq == i`` for a whole run.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> trace = Trace([WaitEvent(seq=0, at_s=1.0, actor="user-1", seconds=2.0)])
        >>> [event.seconds for event in trace.of(WaitEvent)]
        [2.0]
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events = list(events)
        self._views: dict[tuple[type[Event], ...], _View] = {}

    def __reduce__(self) -> tuple[type[Trace], tuple[list[Event]]]:
        # Views are found again faster than they travel between processes.
        return Trace, (self._events,)

    def append(self, event: Event) -> None:
        """Add what happened last."""
        self._events.append(event)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> Event | Trace:
        if isinstance(index, slice):
            return Trace(self._events[index])
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def of(self, *kinds: type[E]) -> list[E]:
        """Events of these types, in order."""
        view = self._views.get(kinds)
        if view is None:
            view = self._views[kinds] = _View()
        for event in self._events[view.seen :]:
            if isinstance(event, kinds):
                view.events.append(event)
        view.seen = len(self._events)
        return cast("list[E]", view.events.copy())


class _View:
    """The events of some types among the first that were looked at. Checks ask again and again."""

    __slots__ = ("events", "seen")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.seen = 0
