"""The HTTP libraries' own network code: what a service would use, if nobody intercepted it.

A request that was intercepted goes on here, to another address and with other timeouts, through
the very method that the interception replaced. What comes back is a real response on a real
socket, or the error that this library makes of a real network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx

from chaos.tiers.wire.pace import PATIENCE_S

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of a real response."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Native(ABC):
    """One intercepted request, on its way through its own library."""

    @abstractmethod
    def send(
        self, address: Address, extra: Mapping[str, str], *, connect_s: float, read_s: float
    ) -> Head:
        """Send it there, and wait for status and headers.

        Args:
            address: Where to connect; the host that the request names stays as it was.
            extra: Headers to add.
            connect_s: Real timeout for the connection.
            read_s: Real timeout for the head of the response.

        Raises:
            httpx.TransportError: The network failed; its cause is the library's own error.
        """

    @abstractmethod
    def read(self, timeout_s: float) -> bytes:
        """The next bytes of the body as they arrive; empty at its end.

        Args:
            timeout_s: Real timeout. httpx and httpx2 heed that of the first read only.

        Raises:
            httpx.TransportError: The network failed.
        """

    @abstractmethod
    def finish(self) -> None:
        """The whole body has come: let the library notice, so that it keeps the connection."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the response; further calls do nothing."""


class TransportNative(Native):
    """A request of httpx or httpx2.

    Args:
        library: Which of the two.
        transport: Whose request it is.
        handle_request: The method of the transport that was replaced.
        request: The request, its body read.
    """

    def __init__(
        self,
        library: ModuleType,
        transport: object,
        handle_request: Callable[..., Any],
        request: Any,  # noqa: ANN401 - of either library
    ) -> None:
        self._library = library
        self._transport = transport
        self._handle_request = handle_request
        self._request = request
        self._timeouts: dict[str, float] = {}
        self._response: Any = None
        self._pieces: Iterator[bytes] | None = None

    def send(
        self, address: Address, extra: Mapping[str, str], *, connect_s: float, read_s: float
    ) -> Head:
        """Send it; see the base class."""
        host, port = address
        self._timeouts = {"connect": connect_s, "read": read_s, "write": connect_s}
        request = self._library.Request(
            self._request.method,
            self._request.url.copy_with(scheme="http", host=host, port=port),
            headers=[*self._request.headers.raw, *_encoded(extra)],
            content=self._request.content,
            extensions={"timeout": self._timeouts},
        )
        with self._as_httpx():
            self._response = self._handle_request(self._transport, request=request)
        return Head(self._response.status_code, self._response.headers.raw)

    def read(self, timeout_s: float) -> bytes:
        """Read on; see the base class."""
        if self._pieces is None:
            # The library looks at the timeout when it begins to read the body.
            self._timeouts["read"] = timeout_s
            self._pieces = iter(self._response.stream)
        with self._as_httpx():
            return next(self._pieces, b"")

    def finish(self) -> None:
        """Read the end of the body, which the library knows without asking the network."""
        self.read(PATIENCE_S)

    def close(self) -> None:
        """Let go of it; see the base class."""
        if self._response is not None:
            self._response.stream.close()

    @contextmanager
    def _as_httpx(self) -> Iterator[None]:
        try:
            yield
        except self._library.TransportError as error:
            kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
            raise kind(str(error)) from error


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
