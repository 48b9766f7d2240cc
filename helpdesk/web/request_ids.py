"""An id for each request: in its response, in every line of the log, and in problems."""

from __future__ import annotations

import logging
import re
import time
import uuid
from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What somebody else's id may be: it goes into the log as it is.
_SOUND = re.compile(r"[A-Za-z0-9._-]{1,64}")

_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds for as long as the service lives."""


def current_request_id() -> str | None:
    """Return the id of the request that this is done for; None outside of requests."""
    return _request_id.get()


class RequestIds:
    """Gives each request an id, or keeps the one it came with, and logs how it ended.

    Args:
        app: Answers the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(HEADER.lower().encode(), b"").decode("latin-1")
        request_id = given if _SOUND.fullmatch(given) else uuid.uuid4().hex
        token = _request_id.set(request_id)
        started_s = time.monotonic()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            level = logging.DEBUG if scope["path"] in _QUIET else logging.INFO
            took_s = time.monotonic() - started_s
            logger.log(
                level, "%s %r: %d in %.3f s", scope["method"], scope["path"], status, took_s
            )
            _request_id.reset(token)
