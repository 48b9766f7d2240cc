"""A real provider that does not speak HTTP: a stand-in behind real sockets, with real faults.

Nothing of the simulation is used here, so that it can be compared with.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from chaos.ports import StreamUpstream
from tests.clients.frame.row import Fault
from tests.clients.frame.server import AT_ONCE
from tests.clients.frame.virtual import CUT_AFTER_BYTES

_AT_MOST = 65536


class StreamProvider:
    """Listens on the loopback interface, at every port of the stand-in.

    Args:
        upstream: Answers the commands.
        fault: What is in its way.
        context: Of TLS, for the ports that have it.
        latency_s: How long each answer takes.

    Attributes:
        ports: Where it listens, by the port that a provider would have.
        requests: How many commands have come.
        connections: How many connections were opened.
    """

    def __init__(
        self, upstream: StreamUpstream, fault: Fault, context: ssl.SSLContext, *, latency_s: float
    ) -> None:
        self.requests = 0
        self.connections = 0
        self.ports: dict[int, int] = {}
        self._upstream = upstream
        self._fault = fault
        self._context = context
        self._latency_s = latency_s
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._listening: list[socket.socket] = []
        self._connected: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for port in (*self._upstream.ports, *self._upstream.tls_ports):
            listening = socket.create_server(("127.0.0.1", 0))
            self._listening.append(listening)
            self.ports[port] = listening.getsockname()[1]
            self._begin(self._accept, listening, port in self._upstream.tls_ports)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        # Closing alone wakes nobody who waits in another thread.
        for each in (*self._listening, *self._connected):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (*self._listening, *self._connected):
            each.close()

    def _begin(self, act: Any, *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listening: socket.socket, is_tls: bool) -> None:  # noqa: FBT001 - of a thread
        while not self._is_over.is_set():
            try:
                raw, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                # A process that dies does not say goodbye in TLS: the plain socket is kept.
                self._connected.append(raw)
            self._begin(self._talk, raw, is_tls)

    def _talk(self, raw: socket.socket, is_tls: bool) -> None:  # noqa: FBT001 - of a thread
        with suppress(OSError):
            talked = socket.socket(fileno=socket.dup(raw.fileno()))
            if is_tls:
                talked = self._context.wrap_socket(talked, server_side=True)
            with talked:
                self._serve(talked, raw)

    def _serve(self, talked: socket.socket, raw: socket.socket) -> None:
        session: dict[str, Any] = {}
        talked.sendall(self._upstream.greet(session))
        data = b""
        while True:
            command = self._upstream.next_command(data)
            if command is None:
                came = talked.recv(_AT_MOST)
                if not came:
                    raw.shutdown(socket.SHUT_RDWR)
                    return
                data += came
                continue
            data = data[len(command.raw) :]
            with self._lock:
                self.requests += 1
                reply = self._upstream.handle(command, session)
            if self._fault is Fault.SILENCE:
                self._is_over.wait()
                return
            self._is_over.wait(self._latency_s)
            if self._fault is Fault.RESET:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                with self._lock:
                    self._connected.remove(raw)
                talked.close()
                raw.close()
                return
            is_cut = self._fault is Fault.CUT and len(reply.data) > CUT_AFTER_BYTES
            talked.sendall(reply.data[: CUT_AFTER_BYTES if is_cut else None])
            if is_cut or reply.closes:
                raw.shutdown(socket.SHUT_RDWR)
                return
