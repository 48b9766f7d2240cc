"""A few requests over HTTP, for programs and pages of this machine alone."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from chaos.tiers.loopback import HOST, LoopbackServer

_NAMES = {HOST, "localhost"}
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRequest:
    """A request.

    Attributes:
        method: ``GET`` or ``POST``.
        path: Without the query.
        query: Name to values.
        headers: By name, whatever its case.
        body: All of it.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalReply:
    """What is answered."""

    status: HTTPStatus
    body: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(
    status: HTTPStatus, payload: object, headers: Mapping[str, str] | None = None
) -> LocalReply:
    """A reply in JSON."""
    return LocalReply(status=status, body=json.dumps(payload).encode(), headers=headers or {})


class LocalHttp:
    """Listens on loopback while entered.

    What a page of somebody's browser sends here under another name, or from another place, is
    refused, and so is a body that is too long.

    Args:
        answer: Answers each request, in a thread of its own.
        port: Where to listen; 0 is any port that is free.
        has_pages: Whether pages that come from here may ask; otherwise no page may.

    Example:
        >>> from urllib.request import urlopen
        >>> with LocalHttp(lambda asked: as_json(HTTPStatus.OK, {"path": asked.path})) as local:
        ...     urlopen(f"{local.url}/status?all=1").read()
        b'{"path": "/status"}'
    """

    def __init__(
        self,
        answer: Callable[[LocalRequest], LocalReply],
        *,
        port: int = 0,
        has_pages: bool = False,
    ) -> None:
        self.answer = answer
        self.has_pages = has_pages
        self._server = LoopbackServer(self._converse, port)

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            ChaosError: The port is taken.
        """
        self._server.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.__exit__(exc_type, exc, traceback)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._server.address
        return f"http://{host}:{port}"

    def _converse(self, connection: socket.socket) -> None:
        server: Any = self
        _Handler(connection, (HOST, 0), server)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LocalHttp  # type: ignore[assignment] # it is all that is asked of a server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base
        """Say nothing: what happens is told elsewhere."""

    def _answer(self) -> None:
        length = self.headers.get("content-length", "0")
        size = int(length) if length.isdecimal() else 0
        if size > _MOST_BYTES:
            self.close_connection = True
            error = {"error": f"the body is too long; expected at most {_MOST_BYTES} bytes"}
            self._send(as_json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error))
            return
        body = self.rfile.read(size)
        if not self._is_welcome():
            self.close_connection = True
            pages = "no page elsewhere" if self.server.has_pages else "no page"
            error = {"error": f"expected a request to {HOST}, from {pages}"}
            self._send(as_json(HTTPStatus.FORBIDDEN, error))
            return
        place = urlsplit(self.path)
        asked = LocalRequest(
            method=self.command,
            path=place.path,
            query=parse_qs(place.query),
            headers=self.headers,
            body=body,
        )
        try:
            reply = self.server.answer(asked)
        except Exception as error:  # noqa: BLE001 - whoever asks has to hear of it
            wrong = f"a defect of chaos: {type(error).__name__}: {error}; please report it"
            reply = as_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": wrong})
        self._send(reply)

    def _is_welcome(self) -> bool:
        host = self.headers.get("host", "")
        origin = self.headers.get("origin")
        is_from_here = self.server.has_pages and origin == f"http://{host}"
        return host.rpartition(":")[0] in _NAMES and (origin is None or is_from_here)

    def _send(self, reply: LocalReply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
