"""The network code of requests, with the clock of the run underneath.

requests reads from urllib3, which reads from ``http.client``, which reads from a socket. The body
is handed to ``http.client`` in the time of the run; all that is above it stays as it is.
"""

from __future__ import annotations

import errno
import http.client
import io
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import httpx
import requests
import urllib3
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from chaos.simulation.contract import Timeouts
from chaos.tiers.wire.native import Address, Head, Native

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_READ_BYTES = 65_536


class RequestsNative(Native):
    """A request of requests.

    Args:
        adapter: Whose request it is.
        send: The method of the adapter that was replaced.
        request: The request.
        body: Its body; the request's own may be a file that has been read.
        options: What else the adapter was given: ``verify``, ``cert``.
    """

    def __init__(
        self,
        adapter: requests.adapters.HTTPAdapter,
        send: Callable[..., requests.Response],
        request: requests.PreparedRequest,
        *,
        body: bytes,
        options: Mapping[str, Any],
    ) -> None:
        self._adapter = adapter
        self._send = send
        self._request = request
        self._body = body
        self._options = options
        self._response: requests.Response | None = None
        self._file: io.BufferedReader | None = None
        self._socket: socket.socket | None = None

    def send(
        self, address: Address, extra: Mapping[str, str], *, connect_s: float, read_s: float
    ) -> Head:
        """Send it; see the base class."""
        request = self._request.copy()
        host = httpx.URL(request.url or "").netloc.decode()
        request.url = "http://{}:{}{}".format(*address, request.path_url)
        request.headers.update({"Host": host, **extra})
        request.body = self._body or None
        try:
            self._response = self._send(
                self._adapter,
                request=request,
                stream=True,
                timeout=(connect_s, read_s),
                verify=self._options.get("verify", True),
                cert=self._options.get("cert"),
                proxies=None,
            )
        except requests.RequestException as error:
            raise _as_httpx(error) from error
        raw = self._raw
        self._file = _inner(raw).fp
        connection: Any = raw.connection
        self._socket = None if connection is None else connection.sock
        headers = [(name.encode(), value.encode()) for name, value in raw.headers.items()]
        return Head(raw.status, headers)

    def read(self, timeout_s: float) -> bytes:
        """Read on; see the base class."""
        assert self._file is not None
        if self._socket is not None:
            self._socket.settimeout(timeout_s)
        try:
            return self._file.read1(_READ_BYTES)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def finish(self) -> None:
        """Nothing to do: ``http.client`` counts the bytes itself."""

    def close(self) -> None:
        """Let go of it; see the base class."""
        if self._file is not None:
            self._file.close()

    def through(self, body: httpx.SyncByteStream, timeouts: Timeouts) -> requests.Response:
        """The library's response, reading ``body`` where it would read its socket.

        Everything above stays real: it is ``http.client`` that misses bytes, and urllib3 and
        requests that make of an error what they make of it.

        Args:
            body: The bytes of the body as they come, in the time of the run.
            timeouts: Where the timeout goes that a service sets on the socket.
        """
        assert self._response is not None
        _inner(self._raw).fp = io.BufferedReader(_BodyFile(body, self._give_back))
        connection: Any = self._raw.connection
        if connection is not None and self._socket is not None:
            connection.sock = _NominalSocket(self._socket, timeouts)
        # The service's own request, not the one to another address.
        self._response.request = self._request
        self._response.url = self._request.url or ""
        return self._response

    def _give_back(self) -> None:
        """Give the connection its real socket again, for its next request."""
        connection: Any = self._raw.connection
        if connection is not None and isinstance(connection.sock, _NominalSocket):
            connection.sock = self._socket

    @property
    def _raw(self) -> urllib3.HTTPResponse:
        assert self._response is not None
        raw = self._response.raw
        assert isinstance(raw, urllib3.HTTPResponse)
        return raw


class _NominalSocket:
    """A connection's socket, whose timeout is that of the run; the real one is set by `read`."""

    def __init__(self, real: socket.socket, timeouts: Timeouts) -> None:
        self._real = real
        self._timeouts = timeouts

    def settimeout(self, seconds: float | None) -> None:
        self._timeouts["read"] = seconds

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


class _BodyFile(io.RawIOBase):
    """What ``http.client`` reads a body from."""

    def __init__(self, body: httpx.SyncByteStream, on_close: Callable[[], None]) -> None:
        self._body = body
        self._pieces = filter(None, body)
        self._on_close = on_close
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        if not self._rest:
            self._rest = self._next()
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._on_close()
            self._body.close()
        super().close()

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except httpx.RemoteProtocolError:
            return b""  # An end, if an early one: http.client has to notice by itself.
        except httpx.TransportError as error:
            if isinstance(error.__cause__, OSError):
                # The socket's own error, for the layers above to make of it what they do.
                raise error.__cause__ from error
            raise


def _inner(raw: urllib3.HTTPResponse) -> http.client.HTTPResponse:
    """The response of the standard library in urllib3's."""
    inner = raw._original_response  # noqa: SLF001 - it has no public name
    assert isinstance(inner, http.client.HTTPResponse)
    return inner


def _as_httpx(error: requests.RequestException) -> httpx.TransportError:
    """What httpx would say in the place of requests, for the trace."""
    message = str(error)
    match error:
        case requests.ConnectTimeout():
            return httpx.ConnectTimeout(message)
        case requests.ReadTimeout():
            return httpx.ReadTimeout(message)
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(reason, NewConnectionError):
        return httpx.ConnectError(message)
    cause = reason.args[-1] if isinstance(reason, ProtocolError) else reason
    if isinstance(cause, http.client.HTTPException):
        # Before the next: RemoteDisconnected, an end without an answer, is also a reset.
        return httpx.RemoteProtocolError(message)
    if isinstance(cause, OSError) and cause.errno in {errno.ECONNRESET, errno.EPIPE}:
        return httpx.ReadError(message)
    return httpx.NetworkError(message)
