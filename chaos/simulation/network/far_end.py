"""What a socket is connected to."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from chaos.simulation.network.arguments import os_error
from chaos.simulation.network.buffers import Buffers
from chaos.simulation.network.inbox import Closed, End, Inbox, Mark
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.behalf import Behalf

_PIECE_BYTES = 16_384
"""Room is given back for so much at a time."""


class FarEnd:
    """The other end of a connection. It answers by pushing into the client's inbox.

    The base class takes everything, and says nothing.
    """

    @property
    def room(self) -> int | None:
        """How many bytes would be taken now; None for any number: a provider reads at once."""
        return None

    def has_room(self) -> bool:
        """Whether a poller would say that there is room."""
        return True

    def feed(self, data: bytes) -> None:
        """Take bytes that the client has sent, in the client's thread."""

    def finish(self) -> None:
        """The client sends no more."""

    def gone(self) -> None:
        """The client has closed the connection."""

    def timed_out(self) -> None:
        """The client has waited for as long as it wanted."""

    def waits(self, timeout_s: float | None) -> None:
        """The client reads, and waits for at most so long; None is for ever."""

    def loop_waits(self, is_limited: Callable[[str, int | None], bool]) -> None:
        """An event loop of the client waits.

        Args:
            is_limited: Given an actor and a question, whether a timer of theirs is running.
        """


class OtherSocket(FarEnd):
    """The other end is a socket of this run too: of a pair, or of a server.

    Args:
        inbox: Of the other socket.
        own: Of whoever writes here; it is told when there is room again.
        buffers: Of whoever writes here, and of the other socket. What is not read stays there,
            and whoever writes waits when they are full.
        carries_behalf: Whether whoever reads there acts for whoever wrote here, as a server does
            for its client.
        is_near: Whether nothing lies between, as in a pair of sockets: whoever writes to one that
            has been closed is told at once, and not the next time.
    """

    def __init__(
        self,
        inbox: Inbox,
        own: Inbox,
        *,
        buffers: tuple[Buffers, Buffers],
        carries_behalf: bool = False,
        is_near: bool = False,
    ) -> None:
        self._inbox = inbox
        self._own = own
        self._buffers = buffers
        self._unread = 0
        self._is_waited_for = False
        self._carries_behalf = carries_behalf
        self._knows_of_the_end = is_near
        self.behalf: Behalf | None = None

    @property
    def room(self) -> int | None:
        """What the buffers have room for; any number, if there is nobody any more who reads."""
        if self._inbox.closed is not None:
            return None
        mine, theirs = self._buffers
        return max(mine.room_to(theirs) - self._unread, 0)

    def has_room(self) -> bool:
        """Whether enough of the buffers is empty; see `Buffers.is_roomy`."""
        if self._inbox.closed is not None:
            return True
        mine, theirs = self._buffers
        # If not, somebody is about to wait.
        self._is_waited_for = not mine.is_roomy(mine.room_to(theirs), self._unread)
        return not self._is_waited_for

    def _was_read(self, size: int) -> None:
        self._unread -= size
        if self._is_waited_for and self.has_room():
            self._own.tell(0)

    def feed(self, data: bytes) -> None:
        """Let the other socket have it at once.

        Raises:
            OSError: It has been closed, and this side knows.
        """
        if self._inbox.closed is not None:
            self._meet_nobody(self._inbox.closed)
            return
        if self._carries_behalf:
            scheduler = scheduler_here()
            self.behalf = scheduler.behalf() if scheduler is not None else None
        self._unread += len(data)
        for begin in range(0, len(data), _PIECE_BYTES):
            piece = data[begin : begin + _PIECE_BYTES]
            self._inbox.push(piece)
            self._inbox.push(Mark(partial(self._was_read, len(piece))))

    def finish(self) -> None:
        """The other socket reads an end."""
        if self._inbox.closed is None:
            self._inbox.push(End())

    def gone(self) -> None:
        """The other socket reads an end, or meets a reset if what it has sent was not read."""
        if self._inbox.closed is None:
            self._inbox.push(End(is_reset=self._own.closed == "reset"))

    def _meet_nobody(self, closed: Closed) -> None:
        if closed == "reset" and self._own.meet_reset():
            raise os_error(errno.ECONNRESET)
        if closed == "reset" or self._knows_of_the_end:
            raise os_error(errno.EPIPE)
        # These bytes are lost, and what comes back says so: to whoever writes the next time.
        self._knows_of_the_end = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The connection is accepted.

    Attributes:
        far_end: Who is there.
        due: Ticks at which the client knows.
    """

    far_end: FarEnd
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The connection fails.

    Attributes:
        error: What the client gets.
        due: Ticks at which it gets it.
    """

    error: OSError
    due: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody ever says anything; ``given_up`` is called when the client gives up."""

    given_up: Callable[[], object]


Admission = Admitted | Rejected | Unanswered
"""What becomes of an attempt to connect."""


class ListeningService(Protocol):
    """Whatever listens at an address."""

    def admit(self, inbox: Inbox) -> Admission:
        """Somebody connects; what is pushed into ``inbox``, they read."""
