"""Where requests end: a real server that gives each the bytes of its answer.

What is answered has been worked out before, by the stand-in and the faults. The server knows a
request by its number, makes sure that it arrived to the byte, and sends.
"""

from __future__ import annotations

import itertools
import re
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from chaos.tiers.loopback import LoopbackServer

CALL_HEADER = b"X-Chaos-Call"
"""The header by which a request is known."""

_CALL = re.compile(rb"\r\n" + CALL_HEADER + rb": (\d+)\r\n")
_HEAD_END = b"\r\n\r\n"
_READ_BYTES = 65_536
_NOBODYS = b"HTTP/1.1 421 Misdirected Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(slots=True)
class Expected:
    """A call that is on its way.

    Attributes:
        request: Its bytes, the header with its number included.
        reply: The bytes to send back.
        arrived: Whether it has come.
        problem: What was wrong with it then; None if nothing was.
    """

    request: bytes
    reply: bytes
    arrived: bool = False
    problem: str | None = None


class StandInServer:
    """Listens on a free port of the loopback interface, in threads of its own."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._expected: dict[str, Expected] = {}
        self._listener = LoopbackServer(self._converse)

    def __enter__(self) -> Self:
        self._listener.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.__exit__(exc_type, exc, traceback)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._listener.address

    def expect(self, request: bytes, reply: bytes) -> tuple[str, Expected]:
        """Prepare for a call; returns its number, and what to send in place of ``request``."""
        number = str(next(self._numbers))
        first, _, rest = request.partition(b"\r\n")
        numbered = b"%b\r\n%b: %b\r\n%b" % (first, CALL_HEADER, number.encode(), rest)
        expected = self._expected[number] = Expected(numbered, reply)
        return number, expected

    def forget(self, number: str) -> None:
        """The call is over."""
        self._expected.pop(number, None)

    def forget_all(self) -> None:
        """The run is over; whatever is still on its way belongs to no call."""
        self._expected.clear()

    def _converse(self, connection: socket.socket) -> None:
        """Answer requests until the connection ends."""
        data = b""
        while True:
            while _HEAD_END not in data:
                if not (more := connection.recv(_READ_BYTES)):
                    return
                data += more
            found = _CALL.search(data)
            expected = self._expected.get(found[1].decode()) if found else None
            if expected is None:
                # Nobody's call of now; whoever sent it cannot take this for a provider's answer.
                connection.sendall(_NOBODYS)
                return
            while len(data) < len(expected.request):
                if not (more := connection.recv(_READ_BYTES)):
                    return
                data += more
            came, data = data[: len(expected.request)], data[len(expected.request) :]
            if came != expected.request:
                expected.problem = (
                    f"the request changed on its way: {expected.request!r} became {came!r}"
                )
            expected.arrived = True
            connection.sendall(expected.reply)
