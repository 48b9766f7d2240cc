"""The stand-ins on a real port: an HTTP server that answers what was prepared for each call.

What a provider does, and what faults make of it, is worked out where the request was intercepted.
The server's part is the wire: it takes the request that arrives, makes sure that it is the very
one that was sent, and sends the answer with exactly the bytes that it has.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import freezegun.api
import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from chaos.errors import SimulationError
from chaos.http import Request, Response
from chaos.tiers.wire.head import headers_of

CALL_HEADER = "x-chaos-call"
"""Says which call a request is."""

_KEEP_ALIVE_S = 86_400
_START_LIMIT_S = 10.0

_REWRITTEN = frozenset({"connection", "content-length", "transfer-encoding", CALL_HEADER})
"""Headers that say how a request travels rather than what it asks for."""

Message = dict[str, Any]


@dataclass(slots=True)
class Expected:
    """A call that is on its way to the server, and what awaits it there.

    Attributes:
        request: What was sent.
        response: What to answer.
        arrived: Whether it has come.
        problem: What was wrong with it when it came; None if all was well.
    """

    request: Request
    response: Response
    arrived: bool = False
    problem: str | None = None


class StandInServer:
    """Answers on a free port of the loopback interface while entered, for all upstreams.

    It keeps real time, whatever the clock of the process shows, and touches nothing of a run.

    Attributes:
        address: Host and port, once entered.
    """

    def __init__(self) -> None:
        self.address = ("", 0)
        self._expected: dict[str, Expected] = {}
        self._numbers = itertools.count(1)
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Start to answer.

        Raises:
            SimulationError: The server does not come up.
        """
        with ExitStack() as undo:
            listening = undo.enter_context(
                # asyncio looks for this protocol before it turns Nagle's algorithm off; with it,
                # every response in two packets would wait 40 ms.
                socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            )
            listening.bind(("127.0.0.1", 0))
            self.address = listening.getsockname()
            server = _Server(
                uvicorn.Config(
                    self._answer,
                    http=_Protocol,
                    interface="asgi3",
                    proxy_headers=False,
                    ws="none",
                    lifespan="off",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    date_header=False,
                    # A server that closes idle connections races with clients that use them.
                    timeout_keep_alive=_KEEP_ALIVE_S,
                    timeout_graceful_shutdown=1,
                )
            )
            thread = threading.Thread(
                target=_serve, args=(server, listening), name="chaos-stand-ins", daemon=True
            )
            undo.callback(thread.join)
            undo.callback(setattr, server, "should_exit", True)  # noqa: FBT003 - setattr's
            thread.start()
            if not server.is_up.wait(_START_LIMIT_S):
                raise SimulationError(
                    f"the stand-in server did not start within {_START_LIMIT_S:g} s"
                )
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._undo.close()

    def expect(self, request: Request, response: Response) -> tuple[str, Expected]:
        """Prepare for a call; it has to carry the returned number in ``X-Chaos-Call``."""
        number = str(next(self._numbers))
        expected = self._expected[number] = Expected(request, response)
        return number, expected

    def forget(self, number: str) -> None:
        """The call is over."""
        self._expected.pop(number, None)

    def forget_all(self) -> None:
        """The run is over; whatever is still on its way belongs to no call."""
        self._expected.clear()

    async def _answer(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        arrived = await _received(scope, receive)
        expected = self._expected.get(arrived.headers.get(CALL_HEADER, ""))
        if expected is None:
            # Nobody's call of now; whoever sent it cannot take this for a provider's answer.
            await _send(send, Response(status=421, body=b"no such call"))
            return
        expected.problem = _difference(expected.request, arrived)
        expected.arrived = True
        await _send(send, expected.response, head_only=arrived.method == "HEAD")


async def _received(
    scope: Mapping[str, Any], receive: Callable[[], Awaitable[Message]]
) -> Request:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    query = scope["query_string"].decode()
    path = scope["raw_path"].decode() + (f"?{query}" if query else "")
    return Request(
        method=scope["method"],
        url=f"https://{headers.get('host', '')}{path}",
        headers=headers,
        body=body,
    )


async def _send(
    send: Callable[[Message], Awaitable[None]], response: Response, *, head_only: bool = False
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": headers_of(response),
        }
    )
    await send({"type": "http.response.body", "body": b"" if head_only else response.body})


def _difference(sent: Request, arrived: Request) -> str | None:
    """What of a request is not as it was when it left the service; None if nothing is."""
    for what, before, after in (
        ("method", sent.method, arrived.method),
        ("target", _target(sent), _target(arrived)),
        ("headers", _lasting(sent.headers), _lasting(arrived.headers)),
        ("body", sent.body, arrived.body),
    ):
        if before != after:
            return f"the {what} of a request changed on its way: {before!r} became {after!r}"
    return None


def _target(request: Request) -> str:
    parts = urlsplit(request.url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _lasting(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _REWRITTEN}


class _Connection(h11.Connection):
    """Ends a body of unknown length with the connection, instead of sending chunks."""

    def send(self, event: Any) -> Any:  # noqa: ANN401 - four overloads
        if isinstance(event, h11.Response) and b"connection" in dict(event.headers):
            # What h11 does for clients of this version, it does on purpose.
            self.their_http_version = b"1.0"
        return super().send(event)


class _Protocol(H11Protocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as uvicorn has it
        super().__init__(*args, **kwargs)
        self.conn = _Connection(h11.SERVER)


class _RealTimeLoop(asyncio.SelectorEventLoop):
    """Its timers run on the real clock, even while time is frozen."""

    def time(self) -> float:
        # By attribute: freezegun replaces every reference to it, except its own.
        return freezegun.api.real_monotonic()


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()

    async def on_tick(self, counter: int) -> bool:
        # uvicorn would ask for the time, for a date that is not sent; while time is frozen or
        # thawed in another thread, freezegun has no answer.
        del counter
        return self.should_exit


def _serve(server: _Server, listening: socket.socket) -> None:
    with asyncio.Runner(loop_factory=_RealTimeLoop) as runner:
        runner.run(server.serve([listening]))
