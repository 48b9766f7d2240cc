"""A real provider: a stand-in behind real sockets, with real TLS and faults of its own.

Nothing of the simulation is used here, so that it can be compared with.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import threading
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from chaos.http import Request, Response
from chaos.ports import Upstream
from chaos.upstreams.sse import is_event_stream, split_events
from tests.clients.frame.row import Fault
from tests.clients.frame.virtual import CUT_AFTER_BYTES, CUT_AFTER_EVENTS

_BODILESS = frozenset({204, 304})
AT_ONCE = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing resets the connection."""


class Provider:
    """Listens on the loopback interface, once with TLS and once without.

    Args:
        upstream: Answers the requests.
        fault: What is in its way.
        context: Of TLS.
        latency_s: How long each answer takes.

    Attributes:
        is_over: Set when it is left.
        ports: Where it listens, by the port that a provider would have.
        requests: How many have come.
        connections: How many were opened.
    """

    def __init__(
        self, upstream: Upstream, fault: Fault, context: ssl.SSLContext, *, latency_s: float
    ) -> None:
        self.requests = 0
        self.connections = 0
        self.ports: dict[int, int] = {}
        self.upstream = upstream
        self.latency_s = latency_s
        self.is_over = threading.Event()
        self._fault = fault
        self._context = context
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._connected: list[socket.socket] = []

    def __enter__(self) -> Self:
        for port, context in ((443, self._context), (80, None)):
            server = _Server(self, context)
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            self._open.callback(server.server_close)
            self._open.callback(thread.join)
            self._open.callback(server.shutdown)
            self.ports[port] = server.server_address[1]
        self._open.callback(self.is_over.set)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()
        # A client that is kept must not go on with a provider that is no more.
        for raw in self._connected:
            with suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)

    def opened(self, raw: socket.socket) -> None:
        """Somebody has connected."""
        with self._lock:
            self.connections += 1
            self._connected.append(raw)

    def meets(self) -> Fault:
        """A request has come; what is in the way of its answer."""
        with self._lock:
            self.requests += 1
            is_spared = self._fault is Fault.RATE_LIMIT and self.requests > 1
        return Fault.NONE if is_spared else self._fault

    def respond(self, request: Request) -> Response:
        """Ask the stand-in; it knows nothing of threads."""
        with self._lock:
            return self.upstream.handle(request)


class _Server(ThreadingHTTPServer):
    def __init__(self, provider: Provider, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.provider = provider
        self.context = context

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is what faults are for."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        """Shake hands, if that is what the port is for."""
        self.raw: socket.socket = self.request
        if self.server.context is not None:
            # The plain socket is kept: a process that dies does not say goodbye in TLS.
            self.raw = socket.socket(fileno=socket.dup(self.request.fileno()))
        self.server.provider.opened(self.raw)
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Close both."""
        with suppress(OSError):
            super().finish()
        self.request.close()
        self.raw.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Not in a test."""

    def handle_one_request(self) -> None:
        """As the base class, for every method."""
        with suppress(ConnectionError, ssl.SSLError):
            self.raw_requestline = self.rfile.readline(65537)
            if self.raw_requestline and self.parse_request():
                self._answer()
                return
        self.close_connection = True

    def _answer(self) -> None:
        provider, request = self.server.provider, self._read()
        match provider.meets():
            case Fault.SILENCE:
                provider.is_over.wait()
                self.close_connection = True
            case Fault.RESET:
                self._reset()
            case Fault.RATE_LIMIT:
                limited = provider.upstream.rate_limited("rate_limit_exceeded")
                self._send(limited.with_headers([("retry-after", "1")]))
            case Fault.UNAVAILABLE:
                self._send(provider.upstream.failed(503))
            case Fault.CUT:
                self._send(provider.respond(request), cut=True)
            case Fault.NONE:
                self._send(provider.respond(request))

    def _read(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "chunked" in headers.get("transfer-encoding", ""):
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(headers.get("content-length", "0")))
        scheme = "http" if self.server.context is None else "https"
        url = f"{scheme}://{headers.get('host', '')}{self.path}"
        return Request(method=self.command, url=url, headers=headers, body=body)

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _send(self, response: Response, *, cut: bool = False) -> None:
        self.server.provider.is_over.wait(self.server.provider.latency_s)
        self.send_response_only(response.status)
        for name, value in response.headers:
            if name.lower() not in {"content-length", "transfer-encoding"}:
                self.send_header(name, value)
        if is_event_stream(response):
            self.send_header("transfer-encoding", "chunked")
            pieces = split_events(response.body)[: CUT_AFTER_EVENTS if cut else None]
            body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
            body += b"" if cut else b"0\r\n\r\n"
        else:
            if response.status not in _BODILESS:
                self.send_header("content-length", str(len(response.body)))
            body = response.body[: CUT_AFTER_BYTES if cut else None]
        self.end_headers()
        has_body = self.command != "HEAD" and response.status not in _BODILESS
        if has_body:
            self.wfile.write(body)
        if cut and (is_event_stream(response) or len(response.body) > CUT_AFTER_BYTES):
            self.raw.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def _reset(self) -> None:
        self.server.provider.is_over.wait(self.server.provider.latency_s)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        if self.raw is not self.request:
            self.raw.close()
        # Not close(): files that were made of the socket would keep it open.
        os.close(self.request.detach())
        self.close_connection = True
