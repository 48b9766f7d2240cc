"""The far end of a connection that speaks HTTP/1.1: it parses requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import httptools

from chaos.http import Request
from chaos.simulation.calls.connection import Connection, Owner
from chaos.simulation.network.handshake import Certificate
from chaos.simulation.network.inbox import End, Inbox
from chaos.simulation.timing.clock import Clock

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as it arrived.

    Attributes:
        request: The request, parsed.
        raw: The same to the byte.
        keeps_alive: Whether the client wants to use the connection again.
        asks_a_proxy: Whether its target is a whole URL, as only proxies are sent one.
    """

    request: Request
    raw: bytes
    keeps_alive: bool
    asks_a_proxy: bool = False

    @property
    def host(self) -> str:
        """For which host it is."""
        return self.request.host


class Server(Owner, Protocol):
    """Who answers requests."""

    def answer(self, arrived: Arrived, connection: HttpConnection) -> None:
        """Answer a request."""


class HttpConnection(Connection):
    """One connection of a client to an HTTP server.

    Args:
        inbox: Of the client.
        clock: Of the run.
        certificate: What is shown in the handshake, with which the connection begins; None for
            plain HTTP.
        host: The name of the host.
        server: Answers the requests.
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
        super().__init__(inbox, clock, certificate=certificate, owner=server)
        self._scheme = "http" if certificate is None else "https"
        self._host = host
        self._server = server
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._raw: list[bytes] = []
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def _take(self, data: bytes) -> None:
        assert self._parser is not None, "a client that is gone sends nothing"
        self._raw.append(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self.is_dead:
                self._pass_over_offer(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.send(_BAD_REQUEST)
            self.finish_with(End())

    def _pass_over_offer(self, rest: bytes) -> None:
        """Take a request as if it had not offered another protocol; the parser stops there."""
        assert self._parser is not None, "it has just parsed a head"
        lines = [b"%s %s HTTP/1.1" % (self._parser.get_method(), self._target)]
        lines += [
            name + b": " + value for name, value in self._headers if name.lower() != b"upgrade"
        ]
        self._parser, self._raw = httptools.HttpRequestParser(self), []
        self._take(b"\r\n".join([*lines, b"", rest]))

    def gone(self) -> None:
        """The client has closed the connection."""
        super().gone()
        # Its callbacks are this connection's: a circle.
        self._parser = None

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
        assert self._parser is not None, "this is its own call"
        if self._parser.should_upgrade() and headers.get("upgrade", "").lower() != "websocket":
            return
        target = self._target.decode("latin-1")
        asks_a_proxy = "://" in target
        if not asks_a_proxy:
            target = f"{self._scheme}://{headers.get('host') or self._host}{target}"
        request = Request(
            method=self._parser.get_method().decode(),
            url=target,
            headers=headers,
            body=b"".join(self._body),
        )
        raw, self._raw = b"".join(self._raw), []
        self.has_been_used = True
        keeps_alive = self._parser.should_keep_alive()
        self._server.answer(Arrived(request, raw, keeps_alive, asks_a_proxy), self)
