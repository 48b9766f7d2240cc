"""Events of a breaker in the order in which they happened, rather than were reported."""

from __future__ import annotations

from itertools import pairwise

from chaos.trace.events import BreakerEvent, Event
from chaos.trace.trace import Trace


def in_sequence(trace: Trace, upstream: str) -> Trace:
    """The trace with the breaker events of ``upstream`` in the order of their numbers.

    A breaker reports outside its lock, so that a caller who is held up between the two reports
    late. An event that happened before another is put right before that other's report at the
    latest; nothing else changes its place. Events that carry no number stay where they are.

    Example:
        >>> def granted(seq, sequence):
        ...     return BreakerEvent(seq=seq, at_s=0, actor="user-1", upstream="openai",
        ...         what="granted", state="closed", sequence=sequence)
        >>> late = Trace([granted(0, 2), Event(seq=1, at_s=0, actor="user-2"), granted(2, 1)])
        >>> [event.seq for event in in_sequence(late, "openai")]
        [2, 0, 1]
    """
    numbered = [
        (event.sequence, place)
        for place, event in enumerate(trace)
        if isinstance(event, BreakerEvent) and event.upstream == upstream and event.sequence
    ]
    if all(earlier < later for (earlier, _), (later, _) in pairwise(numbered)):
        return trace
    moved: dict[int, tuple[int, int]] = {}
    latest = len(trace)
    for sequence, place in sorted(numbered, reverse=True):
        latest = min(latest, place)
        moved[place] = latest, sequence

    def order(numbered_event: tuple[int, Event]) -> tuple[int, int]:
        place, _ = numbered_event
        return moved.get(place, (place, 0))

    return Trace(event for _, event in sorted(enumerate(trace), key=order))
