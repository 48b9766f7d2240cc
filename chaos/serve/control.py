"""How a test of any language steers a run: a few requests over HTTP."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from chaos.errors import ChaosError
from chaos.serve.signals import Signals
from chaos.tiers.loopback import HOST, cannot_listen
from chaos.tiers.served.world import ServedWorld
from chaos.trace.events import RequestEvent

_PATIENCE_S = 60.0
"""After a signal, this is how long the next step that waits may take to come."""


class Control:
    """Listens while entered.

    ``POST /next`` lets the step go on that waits, and answers when the next one waits, or none
    does; its body may tell the answers of the step. ``POST /end`` ends the run, and ``GET
    /status`` tells how far it is.

    Args:
        signals: What it gives.
        world: What it tells of.
        port: Where it listens; 0 is any port that is free.
    """

    def __init__(self, signals: Signals, world: ServedWorld, port: int = 0) -> None:
        self._signals = signals
        self._world = world
        self._port = port

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            ChaosError: The port is taken.
        """
        try:
            self._server = _Server((HOST, self._port), _Handler)
        except (OSError, OverflowError) as error:
            raise cannot_listen(self._port, error) from error
        self._server.control = self
        threading.Thread(
            target=self._server.serve_forever, name="chaos-control", daemon=True
        ).start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def status(self) -> dict[str, Any]:
        """How far the run is."""
        with self._world.turn():
            return {
                "at_s": round(self._world.clock.now_s, 3),
                "waiting": list(self._signals.waiting),
                "through": self._signals.is_through,
                "faults": list(self._world.injector.active),
                "calls": len(self._world.trace.of(RequestEvent)),
            }

    def next(self, body: bytes) -> tuple[HTTPStatus, dict[str, Any]]:
        """Let the step go on that has waited longest; the body may tell its answers."""
        try:
            is_given = self._signals.give(_answers_in(body))
        except ChaosError as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error), **self.status()}
        if not is_given:
            return HTTPStatus.CONFLICT, {"error": "no step waits for a signal", **self.status()}
        self._signals.rest(_PATIENCE_S)
        return HTTPStatus.OK, self.status()

    def end(self) -> tuple[HTTPStatus, dict[str, Any]]:
        """End the run."""
        self._signals.end()
        return HTTPStatus.OK, self.status()


def _answers_in(body: bytes) -> object:
    """What the body of a signal tells; None if it is empty."""
    if not body.strip():
        return None
    try:
        said = json.loads(body)
    except ValueError as error:
        raise ChaosError(f"the body is not JSON: {error}; {_EXPECTED}") from error
    if not isinstance(said, dict) or said.keys() != {"answers"}:
        raise ChaosError(f"the body tells no answers; {_EXPECTED}")
    return said["answers"]


_EXPECTED = 'expected nothing, or {"answers": [{"mode": "llm"}]}'


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    control: Control


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self._is_welcome() and self._is_known({"/status"}):
            self._say(HTTPStatus.OK, self.server.control.status())

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "0")
        body = self.rfile.read(int(length) if length.isdecimal() else 0)
        if self._is_welcome() and self._is_known({"/next", "/end"}):
            control = self.server.control
            self._say(*(control.next(body) if self.path == "/next" else control.end()))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base
        """Say nothing: the run is told by its steps."""

    def _is_known(self, paths: set[str]) -> bool:
        if self.path in paths:
            return True
        self._say(
            HTTPStatus.NOT_FOUND,
            {"error": f"no {self.path} here; expected POST /next, POST /end or GET /status"},
        )
        return False

    def _is_welcome(self) -> bool:
        """Whether it is not a page of somebody's browser, sent here under another name."""
        host = self.headers.get("host", "").rpartition(":")[0]
        if host in {HOST, "localhost"} and "origin" not in self.headers:
            return True
        self._say(HTTPStatus.FORBIDDEN, {"error": f"expected a request to {HOST}, from no page"})
        return False

    def _say(self, status: HTTPStatus, payload: dict[str, Any]) -> None:
        body = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
