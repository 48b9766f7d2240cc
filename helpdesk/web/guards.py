"""What stands before the routes: whom a request is for, how much it is, how slowly it comes."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import re
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpdesk.web.problems import problem

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 65536
"""Several times the longest question, however it is escaped."""

MAX_TARGET_BYTES = 8192
"""Of the address of a request, its query included."""

MAX_HEADERS_BYTES = 16384
"""Of all headers together: as much as most servers and proxies pass on."""

PATIENCE_S = 10.0
"""How long a body may take to arrive, and each piece of a response to be taken."""

MAX_DISCARDED_BYTES = 1024 * 1024
"""What is read of a body that is too long, so that whoever sends it gets to read why."""

DISCARDING_S = 1.0
"""And how long that may take."""

_BARE_NAME = re.compile(r"[a-z0-9_-]*")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecureHeaders:
    """Adds to each response what keeps browsers from doing more with it than is meant.

    Args:
        app: Answers the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # Answers and states are of this moment.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class LastResort:
    """Turns what nobody foresaw into a problem; its traceback is for the log.

    The framework has such a thing, too, but outside of all that is added here: its response would
    have no id and no guard.

    Args:
        app: Answers the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            # A response under way cannot be taken back; the server breaks its connection off.
            if has_begun:
                raise
            logger.exception("a request failed for an unforeseen reason")
            sorry = problem(500, "something went wrong on this server, and was logged")
            await sorry(scope, receive, send)


class KnownHosts:
    """Refuses requests that are meant for somebody else.

    A page anywhere can make its own name point here (DNS rebinding), and would then read the
    answers. It can do so with a name that it owns, and such a name has a dot. So addresses are let
    through, as probes and scrapers send them, and bare names, as they are used within a network.

    Args:
        app: Answers the request.
        names: Names of this server with a dot in them; ``*`` for all.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http" and not self._is_ours(Headers(scope=scope).get("host", "")):
            refusal = problem(
                400,
                "the Host of the request is not a name of this server; expected one of those in "
                "HELPDESK_WEB__HOSTS; add it there",
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        if "*" in self._names:
            return True
        name = re.sub(r":\d*$", "", host).strip("[]").rstrip(".").lower()
        return name in self._names or bool(_BARE_NAME.fullmatch(name)) or _is_address(name)


class BoundedRequests:
    """Looks at the size of a head, and reads a body before anything else does.

    A body may be as long, and come as slowly, as allowed.

    Args:
        app: Answers the request, whose body it then gets in one piece.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        too_large = _too_large_head(scope)
        if too_large is not None:
            await _refuse_unread(too_large, scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > MAX_BODY_BYTES:
            await _refuse_unread(_too_long(), scope, receive, send)
            return
        body = b""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    if len(body) > MAX_BODY_BYTES:
                        await _refuse_unread(_too_long(), scope, receive, send)
                        return
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            slow = f"the body did not arrive within {PATIENCE_S:.0f} seconds; send it faster"
            await problem(408, slow, headers={"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), _impatient(send))


def _too_large_head(scope: Scope) -> ASGIApp | None:
    """The refusal of a head that is too large; None if it is not."""
    path = scope.get("raw_path") or scope["path"].encode()
    target = len(path) + len(scope.get("query_string", b""))
    if target > MAX_TARGET_BYTES:
        return problem(
            414,
            f"the address has {target} bytes; expected at most {MAX_TARGET_BYTES}; send what you "
            "ask in the body",
            headers={"Connection": "close"},
        )
    headers = sum(len(name) + len(value) for name, value in scope.get("headers", ()))
    if headers > MAX_HEADERS_BYTES:
        return problem(
            431,
            f"the headers have {headers} bytes; expected at most {MAX_HEADERS_BYTES}; leave out "
            "cookies and the like",
            headers={"Connection": "close"},
        )
    return None


def _too_long() -> ASGIApp:
    return problem(
        413,
        f"the body is longer than {MAX_BODY_BYTES} bytes; expected one question; "
        "leave out logs and files",
        # The rest of the body is not read, so the connection cannot be used again.
        headers={"Connection": "close"},
    )


async def _refuse_unread(refusal: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    # A connection that is closed with a body still in it is reset, and the answer is lost.
    # Who asks first is told before anything is sent.
    if "expect" not in Headers(scope=scope):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DISCARDING_S):
                await _discard(receive)
    await refusal(scope, receive, send)


async def _discard(receive: Receive) -> None:
    discarded = 0
    while discarded < MAX_DISCARDED_BYTES:
        message = await receive()
        discarded += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    is_told = False

    async def replayed() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _impatient(send: Send) -> Send:
    async def impatient(message: Message) -> None:
        # Who takes nothing of a response would otherwise hold its task and its memory for ever.
        async with asyncio.timeout(PATIENCE_S):
            await send(message)

    return impatient


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
