"""The server that ``helpdesk serve`` runs: uvicorn, with patience for no one who sends nothing."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from helpdesk.app import create_app
from helpdesk.errors import AddressError
from helpdesk.logs import set_up_logging
from helpdesk.settings import Settings
from helpdesk.tracing import set_up_tracing
from helpdesk.web.guards import PATIENCE_S
from helpdesk.web.request_ids import current_request_id

_SLACK_S = 5

_VERBOSITY = "_HELPDESK_VERBOSITY"
"""Hands the verbosity of the command on to the processes that it starts; not a setting."""


class ImpatientProtocol(H11Protocol):
    """Closes a connection whose request does not begin within ``PATIENCE_S``.

    uvicorn waits for the head of a request as long as the client likes. A few thousand clients
    that send a byte a minute, or nothing, would keep everybody else out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*args, **kwargs)
        self._giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting once the head of a request is there; until then go on."""
        if self._giving_up is None and self._is_between_requests:
            self._wait()
        super().data_received(data)
        if not self._is_between_requests:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nothing to wait for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Uvicorn closes a connection that then stays silent; what it sends is waited for here."""
        self._stop_waiting()
        super().on_response_complete()

    @property
    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._giving_up = self.loop.call_later(PATIENCE_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None


def run(*, host: str, port: int, workers: int, verbosity: int) -> None:
    """Serve until told to stop; questions under way are then answered first.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        workers: Processes; each has a breaker, limits and counters of its own.
        verbosity: Of the log, as ``-v`` gives it.

    Raises:
        SettingsError: The environment has a setting the service cannot run with.
        AddressError: Nobody can listen there.
    """
    settings = Settings.load()
    _require_address(host, port)
    app: str | ASGIApp = "helpdesk.web.server:make_app"
    os.environ[_VERBOSITY] = str(verbosity)
    if workers == 1:
        # Made here, what is wrong with the settings is one message of this command.
        app = make_app()
    uvicorn.run(
        app,
        factory=isinstance(app, str),
        host=host,
        port=port,
        workers=workers,
        http=ImpatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Longer than any answer takes; then whoever still waits is let down.
        timeout_graceful_shutdown=int(settings.answer_deadline.total_seconds()) + _SLACK_S,
    )


def _require_address(host: str, port: int) -> None:
    """See to it that the address is there and free, before anything is loaded.

    Raises:
        AddressError: It is not. The server itself would only log so, and wait for its end.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as tried:
            # As the server does it: what a server before this one has left is no hindrance.
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        raise AddressError(
            f"cannot listen on {host!r}, port {port}: {error.strerror or error}; choose another "
            "--host or --port, or stop what listens there"
        ) from None


def make_app() -> ASGIApp:
    """Return the application of one process, with its log and its spans set up.

    Raises:
        SettingsError: The environment has a setting the service cannot run with.
    """
    settings = Settings.load()
    set_up_logging(
        int(os.environ.get(_VERBOSITY, "1")),
        log_format=settings.log_format,
        request_id=current_request_id,
    )
    set_up_tracing()
    return create_app(settings)
