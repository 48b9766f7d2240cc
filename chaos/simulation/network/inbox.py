"""What is under way to one socket: bytes and ends of a connection, each with its time of arrival.

There is no network thread and no timer. Whoever reads waits until the next arrival is due, and so
time moves.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from chaos.simulation.timing.clock import Clock

if TYPE_CHECKING:
    from chaos.simulation.tasks.task import Task

Then = Callable[[], object]


class Mark:
    """A place between bytes; somebody wants to know when everything before it has been taken."""

    __slots__ = ("then",)

    def __init__(self, then: Then) -> None:
        self.then = then


class End:
    """The end of a connection: an orderly one, or a reset.

    Args:
        then: Called when the reader meets it for the first time.
        is_reset: Whether the reader gets an error. It gets it once; after that, as on Linux,
            there is only an end.
        error: What a reset raises; by default what Linux does.
    """

    __slots__ = ("_error", "is_reset", "then")

    def __init__(
        self,
        then: Then | None = None,
        *,
        is_reset: bool = False,
        error: Callable[[], OSError] | None = None,
    ) -> None:
        self.then = then
        self.is_reset = is_reset
        self._error = error or connection_reset

    def meet(self) -> bytes:
        """What a read gets.

        Raises:
            OSError: The connection was reset, and nobody has been told yet.
        """
        then, self.then = self.then, None
        if then is not None:
            then()
        if self.is_reset:
            self.is_reset = False
            raise self._error()
        return b""


class Awaited(Protocol):
    """Bytes that are due, and have still to be fetched from somewhere."""

    def fetch(self, size: int) -> bytes:
        """At most ``size`` of them; fewer only at their end.

        Raises:
            OSError: They do not come.
        """

    @property
    def is_empty(self) -> bool:
        """Whether all have been fetched."""


Arrival = bytes | memoryview | Mark | End | Awaited

Closed = Literal["fin", "reset"]
"""How whoever had an inbox has closed the connection."""


def connection_reset() -> OSError:
    """A fresh ``ECONNRESET``."""
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


class Follower(Protocol):
    """Somebody who wants to know when a socket becomes readable."""

    def comes(self, due: int) -> None:
        """Something arrives when the clock shows ``due`` ticks."""


class Inbox:
    """Arrivals at one socket, in order.

    Args:
        clock: Of the run.
        wake: Lets a parked task go on.

    Attributes:
        parked: Tasks that wait for anything to arrive.
        followers: Told of each arrival.
        closed: None as long as somebody may read what arrives.

    Example:
        >>> clock = Clock()
        >>> inbox = Inbox(clock, wake=print)
        >>> inbox.push(b"hello", due=10)
        >>> inbox.is_ready, inbox.next_due
        (False, 10)
        >>> clock.advance_to(10)
        >>> inbox.take(4), inbox.take(4)
        (b'hell', b'o')
    """

    __slots__ = ("_clock", "_items", "_wake", "closed", "followers", "parked")

    def __init__(self, clock: Clock, wake: Callable[[Task], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._items: deque[tuple[int, Arrival]] = deque()
        self.parked: list[Task] = []
        self.followers: list[Follower] = []
        self.closed: Closed | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a read would get something now."""
        items = self._items
        return bool(items) and items[0][0] <= self._clock.ticks

    @property
    def next_due(self) -> int | None:
        """Ticks at which something arrives next; None if nothing is under way."""
        return self._items[0][0] if self._items else None

    @property
    def last_due(self) -> int:
        """Ticks at which the last thing arrives that is under way; now, if nothing is."""
        return self._items[-1][0] if self._items else self._clock.ticks

    @property
    def is_ending(self) -> bool:
        """Whether the last thing under way is an end."""
        return bool(self._items) and isinstance(self._items[-1][1], End)

    @property
    def is_at_end(self) -> bool:
        """Whether what a read would meet now is an end."""
        return self.is_ready and isinstance(self._items[0][1], End)

    @property
    def has_ended(self) -> bool:
        """Whether an end has arrived, perhaps behind bytes that nobody has read yet."""
        return self.is_ending and self._items[-1][0] <= self._clock.ticks

    @property
    def has_been_reset(self) -> bool:
        """Whether a reset has arrived that nobody has met."""
        return self.has_ended and getattr(self._items[-1][1], "is_reset", False)

    def close(self, *, resets: bool = False) -> None:
        """Nobody reads any more. What has come and was not read makes a reset of it."""
        is_unread = self.is_ready and isinstance(self._items[0][1], bytes | memoryview)
        self.closed = "reset" if resets or is_unread else "fin"

    def meet_reset(self) -> bool:
        """Whether whoever writes meets a reset that has arrived; it is told of once."""
        last = self._items[-1][1] if self.has_been_reset else None
        if isinstance(last, End):
            last.is_reset = False
        return last is not None

    def push(self, arrival: Arrival, due: int = 0) -> None:
        """Let something arrive at ``due`` ticks, or later, if what is before it is later."""
        now = self._clock.ticks
        due = max(due, self._items[-1][0] if self._items else now, now)
        if isinstance(arrival, Mark) and not self._items and due == now:
            arrival.then()
            return
        self._items.append((due, arrival))
        self.tell(due)

    def tell(self, due: int) -> None:
        """Let everybody look who waits: there is news at ``due`` ticks."""
        while self.parked:
            self._wake(self.parked.pop())
        for follower in self.followers:
            follower.comes(due)

    def take_back_end(self) -> None:
        """Let the end that is under way last not happen."""
        assert self.is_ending, "nothing can be taken back but an end"
        self._items.pop()

    def take(self, size: int) -> bytes:
        """At most ``size`` of the bytes that are there; empty at the end of the connection.

        Pieces that have come are read together, as from a kernel's buffer.

        Raises:
            OSError: The connection was reset.
        """
        items, now = self._items, self._clock.ticks
        got: list[bytes | memoryview] = []
        room = size
        while items and items[0][0] <= now:
            due, item = items[0]
            if isinstance(item, bytes | memoryview):
                if not room:
                    break
                if len(item) <= room:
                    items.popleft()
                    got.append(item)
                    room -= len(item)
                else:
                    # A view: to copy the rest each time would cost the square of its length.
                    got.append(item[:room])
                    items[0] = (due, memoryview(item)[room:])
                    break
            elif isinstance(item, Mark):
                items.popleft()
                item.then()
            elif isinstance(item, End):
                return b"".join(got) if got or not size else item.meet()
            elif not room:
                break
            else:
                fetched = item.fetch(room)
                got.append(fetched)
                room -= len(fetched)
                if item.is_empty:
                    items.popleft()
        return got[0] if len(got) == 1 and isinstance(got[0], bytes) else b"".join(got)

    def peek(self, size: int) -> bytes:
        """As `take`; what is read stays where it is.

        Raises:
            OSError: The connection was reset.
        """
        got = b""
        for place, (due, item) in enumerate(self._items):
            if due > self._clock.ticks or len(got) >= size:
                break
            if isinstance(item, Mark):
                continue
            if isinstance(item, End):
                return got or item.meet()
            if isinstance(item, bytes | memoryview):
                got += item[: size - len(got)]
            else:
                # From here on it is there like any other bytes.
                fetched = item.fetch(size - len(got))
                got += fetched
                if item.is_empty:
                    self._items[place] = (due, fetched)
                else:
                    self._items.insert(place, (due, fetched))
                break
        return got

    def clear(self) -> None:
        """Nothing arrives any more."""
        self._items.clear()
