"""The far end of a connection that speaks HTTP/1.1: it parses requests, and sends answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import httptools

from chaos.http import Request
from chaos.simulation.http.exchange import Exchange
from chaos.simulation.network.far_end import FarEnd
from chaos.simulation.network.handshake import Certificate, is_hello, reply, split
from chaos.simulation.network.inbox import Arrival, End, Inbox
from chaos.simulation.timing.clock import Clock, to_ticks

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as it arrived.

    Attributes:
        request: The request, parsed.
        raw: The same to the byte.
        keeps_alive: Whether the client wants to use the connection again.
    """

    request: Request
    raw: bytes
    keeps_alive: bool


class Server(Protocol):
    """Who is behind a connection."""

    def answer(self, arrived: Arrived, connection: HttpConnection) -> None:
        """Answer a request."""

    def idle_end_met(self, connection: HttpConnection) -> None:
        """The client has met the end of a connection that was idle."""

    def gone(self, connection: HttpConnection) -> None:
        """The client has closed the connection."""


@dataclass(frozen=True, slots=True)
class _IdleEnd:
    due: int
    is_race: bool


class HttpConnection(FarEnd):
    """One connection of a client to a provider.

    Args:
        inbox: Of the client.
        clock: Of the run.
        certificate: What is shown in the handshake, with which the connection begins; None for
            plain HTTP.
        host: The name of the host.
        server: Answers the requests.

    Attributes:
        is_dead: Whether nobody listens any more; whatever the client sends is answered by a reset.
        has_been_used: Whether a request has come.
        distrusted_by: The fault that gave the certificate a flaw; None if it has none.
        on_give_up: Called when the client waits no longer for what is under way.
        on_gone: Called when the client has closed the connection.
    """

    def __init__(
        self,
        inbox: Inbox,
        clock: Clock,
        *,
        certificate: Certificate | None,
        host: str,
        server: Server,
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
        self._scheme = "http" if certificate is None else "https"
        self._host = host
        self._server = server
        self._open: list[Exchange] = []
        self._idle_end: _IdleEnd | None = None
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._raw: list[bytes] = []
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    @property
    def is_idle(self) -> bool:
        """Whether it could be used, and is not."""
        return not self._open and not self.is_dead

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
        if not data:
            return
        assert self._parser is not None, "a client that is gone sends nothing"
        self._raw.append(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.send(_BAD_REQUEST)
            self.finish_with(End())

    def gone(self) -> None:
        """The client has closed the connection."""
        idle_end, self._idle_end = self._idle_end, None
        if idle_end is not None and not idle_end.is_race and self.inbox.is_ready:
            self._server.idle_end_met(self)
        self.is_dead = True
        self._give_up()
        self.fail("Closed")
        for then in self.on_gone:
            then()
        self._server.gone(self)
        # Its callbacks are this connection's: a circle.
        self._parser = None

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
            exchange.waits(is_limited=is_limited(exchange.actor, exchange.ask))

    def _use_again(self, idle_end: _IdleEnd) -> None:
        """The client uses a connection that would end, or has ended, for being idle."""
        self._idle_end = None
        is_due = self.clock.ticks >= idle_end.due
        if idle_end.is_race:
            if is_due:
                # The end crosses these bytes on its way: nobody reads them.
                self.is_dead = True
                self._server.idle_end_met(self)
        elif is_due:
            self.is_dead = True
            self._server.idle_end_met(self)
        elif self.inbox.is_ending:
            self.inbox.take_back_end()
            self.is_dead = False

    def _shake_hands(self, data: bytes) -> bytes:
        assert self._hello is not None, "hands are shaken once"
        assert self._certificate is not None, "hands are shaken once"
        self._hello += data
        if not is_hello(self._hello[:2]):
            # Plain HTTP where TLS is spoken.
            self.reset()
            return b""
        content, rest = split(self._hello)
        if content is None:
            return b""
        self._hello = None
        self.inbox.push(reply(self._certificate))
        return rest

    # -- the parser's callbacks

    def on_message_begin(self) -> None:
        """A request begins."""
        self._target, self._headers, self._body = b"", [], []

    def on_url(self, url: bytes) -> None:
        """Its target, perhaps in pieces."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A client that waits for leave to send its body gets it."""
        if any(name.lower() == b"expect" for name, _ in self._headers):
            self.send(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self._headers
        }
        target = self._target.decode("latin-1")
        if "://" not in target:
            target = f"{self._scheme}://{headers.get('host') or self._host}{target}"
        assert self._parser is not None, "this is its own call"
        request = Request(
            method=self._parser.get_method().decode(),
            url=target,
            headers=headers,
            body=b"".join(self._body),
        )
        raw, self._raw = b"".join(self._raw), []
        self.has_been_used = True
        self._server.answer(Arrived(request, raw, self._parser.should_keep_alive()), self)

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
