"""A server on the loopback interface: whoever connects gets a thread."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from chaos.errors import ChaosError

HOST = "127.0.0.1"
"""Stand-ins answer whoever asks, so that nobody but this machine may ask them."""


def cannot_listen(port: int, error: Exception) -> ChaosError:
    """What to raise where a port cannot be had."""
    why = getattr(error, "strerror", None) or str(error)
    return ChaosError(
        f"cannot listen at port {port} of {HOST}: {why}; expected a free port; name another one"
    )


class LoopbackServer:
    """Listens on a port of the loopback interface while entered, in threads of its own.

    Args:
        converse: Is given each connection; when it returns, the connection is closed.
        port: Where to listen; 0 is any that is free.

    Example:
        >>> with LoopbackServer(lambda connection: connection.sendall(b"hello")) as server:
        ...     with socket.create_connection(server.address) as client:
        ...         client.makefile("rb").read()
        b'hello'
    """

    def __init__(self, converse: Callable[[socket.socket], None], port: int = 0) -> None:
        self._converse = converse
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            ChaosError: Somebody else listens there, or nobody may.
        """
        try:
            self._server = _Server((HOST, self._port), _Connection)
        except (OSError, OverflowError) as error:
            raise cannot_listen(self._port, error) from error
        self._server.converse = self._converse
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="chaos-loopback", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None, "it was entered"
        assert self._thread is not None, "it was entered"
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        assert self._server is not None, "it is asked inside its with block"
        host, port = self._server.server_address[:2]
        return str(host), int(port)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    # Threads end with their connections, and those with the clients.
    block_on_close = False
    # The default of five would refuse some of a crowd.
    request_queue_size = 128
    converse: Callable[[socket.socket], None]

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks off is what faults are for."""


class _Connection(socketserver.BaseRequestHandler):
    request: socket.socket
    server: _Server

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.converse(self.request)
