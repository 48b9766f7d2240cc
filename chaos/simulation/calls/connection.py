"""The far end of a connection to a provider, whatever it speaks: TLS, idleness, ends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from chaos.simulation.calls.exchange import Exchange
from chaos.simulation.network.far_end import FarEnd
from chaos.simulation.network.handshake import Certificate, is_hello, reply, split
from chaos.simulation.network.inbox import Arrival, End, Inbox
from chaos.simulation.timing.clock import Clock, to_ticks


class Sent(Protocol):
    """A request as it arrived."""

    @property
    def host(self) -> str:
        """For which host it is."""

    @property
    def raw(self) -> bytes:
        """Its bytes."""


class Owner(Protocol):
    """Who is behind a connection."""

    def idle_end_met(self, connection: Connection) -> None:
        """The client has met the end of a connection that was idle."""

    def gone(self, connection: Connection) -> None:
        """The client has closed the connection."""


@dataclass(frozen=True, slots=True)
class _IdleEnd:
    due: int
    is_race: bool


class Connection(FarEnd):
    """One connection of a client to a provider.

    Args:
        inbox: Of the client.
        clock: Of the run.
        certificate: What is shown in the handshake, with which the connection begins; None for
            one without TLS.
        owner: Who is behind it.

    Attributes:
        is_dead: Whether nobody listens any more; whatever the client sends is answered by a reset.
        has_been_used: Whether a request has come.
        distrusted_by: The fault that gave the certificate a flaw; None if it has none.
        on_give_up: Called when the client waits no longer for what is under way.
        on_gone: Called when the client has closed the connection.
    """

    def __init__(
        self, inbox: Inbox, clock: Clock, *, certificate: Certificate | None, owner: Owner
    ) -> None:
        self.inbox = inbox
        self.clock = clock
        self.is_dead = False
        self.has_been_used = False
        self.distrusted_by: str | None = None
        self.on_give_up: Callable[[], None] | None = None
        self.on_gone: list[Callable[[], None]] = []
        self._certificate = certificate
        self._hello = b"" if certificate is not None else None
        self._owner = owner
        self._open: list[Exchange] = []
        self._idle_end: _IdleEnd | None = None
        self._is_finished = False

    @property
    def is_idle(self) -> bool:
        """Whether it could be used, and is not."""
        return not self._open and not self.is_dead

    @property
    def has_ended(self) -> bool:
        """Whether it has been ended while idle, so that a client that looks throws it away."""
        end = self._idle_end
        return end is not None and not end.is_race and end.due <= self.clock.ticks

    # -- from the client

    def feed(self, data: bytes) -> None:
        """Take bytes; a request that is complete is answered at once."""
        if self._idle_end is not None:
            self._use_again(self._idle_end)
        if self.is_dead:
            self.inbox.push(End(is_reset=True))
            return
        if self._hello is not None:
            data = self._shake_hands(data)
        if data:
            self._take(data)

    @abstractmethod
    def _take(self, data: bytes) -> None:
        """Take bytes of the protocol that is spoken."""

    def finish(self) -> None:
        """The client sends no more: the connection ends once all it has asked is answered."""
        if self._idle_end is not None:
            self._use_again(self._idle_end)
        self._is_finished = True
        self._end_if_finished()

    def _end_if_finished(self) -> None:
        if self._is_finished and not self._open and not self.is_dead:
            self.finish_with(End())

    def gone(self) -> None:
        """The client has closed the connection."""
        idle_end, self._idle_end = self._idle_end, None
        if idle_end is not None and not idle_end.is_race and self.inbox.is_ready:
            self._owner.idle_end_met(self)
        self.is_dead = True
        self._give_up()
        self.fail("Closed")
        for then in self.on_gone:
            then()
        self._owner.gone(self)

    def timed_out(self) -> None:
        """The client has waited for as long as it wanted."""
        self._give_up()
        self.fail("ReadTimeout")

    def _give_up(self) -> None:
        on_give_up, self.on_give_up = self.on_give_up, None
        if on_give_up is not None and self._open:
            on_give_up()

    def waits(self, timeout_s: float | None) -> None:
        """Note how long the client is ready to wait for what comes next."""
        for exchange in self._open:
            exchange.waits(is_limited=timeout_s is not None)

    def loop_waits(self, is_limited: Callable[[str, int | None], bool]) -> None:
        """Note whether a timer limits the wait of an event loop, which its sockets do not."""
        for exchange in self._open:
            # One limit is enough to know, and to look for it at every step takes long.
            if not exchange.has_limit:
                exchange.waits(is_limited=is_limited(exchange.actor, exchange.ask))

    def _use_again(self, idle_end: _IdleEnd) -> None:
        """The client uses a connection that would end, or has ended, for being idle."""
        self._idle_end = None
        is_due = self.clock.ticks >= idle_end.due
        if idle_end.is_race:
            if is_due:
                # The end crosses these bytes on its way: nobody reads them.
                self.is_dead = True
                self._owner.idle_end_met(self)
        elif is_due:
            self.is_dead = True
            self._owner.idle_end_met(self)
        elif self.inbox.is_ending:
            self.inbox.take_back_end()
            self.is_dead = False

    def _shake_hands(self, data: bytes) -> bytes:
        assert self._hello is not None, "hands are shaken once"
        assert self._certificate is not None, "hands are shaken once"
        self._hello += data
        if not is_hello(self._hello[:2]):
            # No TLS where TLS is spoken.
            self.reset()
            return b""
        content, rest = split(self._hello)
        if content is None:
            return b""
        self._hello = None
        self.inbox.push(reply(self._certificate))
        return rest

    # -- to the client

    def open(self, exchange: Exchange) -> None:
        """A request is on its way to be answered."""
        self._open.append(exchange)

    def fail(self, error: str) -> None:
        """Whatever is under way ends like this."""
        open_, self._open = self._open, []
        for exchange in open_:
            exchange.fail(error)

    def close(self, exchange: Exchange) -> None:
        """An exchange is over."""
        if exchange in self._open:
            self._open.remove(exchange)
            self._end_if_finished()

    def send(self, arrival: Arrival, due: int = 0) -> None:
        """Let bytes, or a mark between them, arrive at ``due`` ticks; 0 is for now."""
        self.inbox.push(arrival, due)

    def finish_with(self, end: End, due: int = 0) -> None:
        """Take no more requests, and end the connection like this at ``due`` ticks."""
        self.is_dead = True
        self.inbox.push(end, due)

    def reset(self) -> None:
        """Reset the connection now."""
        self.finish_with(End(lambda: self.fail("ReadError"), is_reset=True))

    def end_idle(self, how: Literal["fin", "reset", "race"], due: int = 0) -> None:
        """End the connection at ``due`` ticks, unless it is used before."""
        self._idle_end = _IdleEnd(max(due, self.clock.ticks), how == "race")
        if how != "race":
            self.inbox.push(End(is_reset=how == "reset"), due)

    def begin_idle(self, seconds: float, how: Literal["fin", "reset", "race"]) -> None:
        """Close the connection when nobody has used it for so long after the last answer."""
        self.end_idle(how, self.inbox.last_due + to_ticks(seconds))
