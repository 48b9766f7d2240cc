"""States over time, from the events that tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.trace.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A state, from the event that began it to the one that ended it."""

    first: int
    last: int
    state: str


def bands(told: Sequence[tuple[Event, str | None, str]], *, last: int) -> list[Band]:
    """Join what each event tells into stretches of one state.

    Args:
        told: Each event with the state before it, if it says so, and the state after it; an
            empty state tells nothing.
        last: Sequence number of the last event of the trace: where the last state ends.

    Returns:
        Stretches without gaps. The first one begins with the trace: a state that is told for the
        first time was there before, unless the event says what was.

    Example:
        >>> def at(seq: int) -> Event:
        ...     return Event(seq=seq, at_s=0.0, actor="user-1")
        >>> [(band.state, band.last) for band in bands([(at(4), "closed", "open")], last=9)]
        [('closed', 4), ('open', 9)]
    """
    found: list[Band] = []
    state, since = "", 0
    for event, before, after in told:
        if not state and before:
            state = before
        if not after or after == state:
            continue
        if state:
            found.append(Band(first=since, last=event.seq, state=state))
            since = event.seq
        state = after
    if state:
        found.append(Band(first=since, last=last, state=state))
    return found
