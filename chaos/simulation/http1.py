"""The bytes of a response, for libraries that read them through ``http.client``.

requests reads from urllib3, which reads from ``http.client``, which reads from a socket. Only the
socket is ours: what the three make of a body that is short, late or broken is their own doing.
"""

from __future__ import annotations

import errno
import http.client
import io
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import httpx

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LINE_END = b"\r\n"


def receive(response: httpx.Response, method: str) -> http.client.HTTPResponse:
    """Read ``response`` the way ``http.client`` does; its body is left to be read.

    Example:
        >>> received = receive(httpx.Response(200, content=b"hello"), "GET")
        >>> received.status, received.read()
        (200, b'hello')
    """
    received = http.client.HTTPResponse(cast("socket.socket", _Socket(response)), method=method)
    received.begin()
    return received


class Connection:
    """What urllib3's response has of its connection: the socket, whose timeout can be set.

    Args:
        timeouts: Changed by ``settimeout``; whoever delivers the body looks at it.
    """

    def __init__(self, timeouts: dict[str, float | None]) -> None:
        self._timeouts = timeouts

    @property
    def sock(self) -> Connection:
        """The socket."""
        return self

    def settimeout(self, seconds: float | None) -> None:
        """Set the read timeout from now on."""
        self._timeouts["read"] = seconds

    def close(self) -> None:
        """Nothing to close: the body has a ``close`` of its own."""


class _Socket:
    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb"
        return io.BufferedReader(_Received(self._response))


class _Received(io.RawIOBase):
    """Status line, headers and body, each piece as it arrives; errors as a socket has them."""

    def __init__(self, response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        self._stream = response.stream
        self._pieces = _pieces(response)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        if not self._rest:
            with _as_socket_error():
                self._rest = next(self._pieces, b"")
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    status = f"HTTP/1.1 {response.status_code} {response.reason_phrase}".encode()
    headers = [name + b": " + value for name, value in response.headers.raw]
    yield _LINE_END.join([status, *headers, b"", b""])
    assert isinstance(response.stream, httpx.SyncByteStream)
    if response.headers.get("transfer-encoding") != "chunked":
        yield from filter(None, response.stream)
        return
    for piece in filter(None, response.stream):
        yield f"{len(piece):x}".encode() + _LINE_END + piece + _LINE_END
    yield b"0" + _LINE_END + _LINE_END


@contextmanager
def _as_socket_error() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimeoutError("timed out") from error
    except httpx.RemoteProtocolError:
        return  # The end of the stream, too early: the reader has to notice by itself.
    except httpx.TransportError as error:
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from error
