"""Carries answers over real sockets; the clock of the run is charged what that stands for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from weakref import WeakKeyDictionary

from chaos.faults.delivery import Delivery
from chaos.simulation.calls.carrier import ByteSource, Carrier, Course
from chaos.simulation.calls.connection import Connection, Sent
from chaos.simulation.http.connection import HttpConnection
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.baton import outside
from chaos.simulation.timing import real
from chaos.tiers.wire.client import ToxiproxyError
from chaos.tiers.wire.pace import PATIENCE_S
from chaos.tiers.wire.porter import Porter
from chaos.tiers.wire.server import StandInServer
from chaos.tiers.wire.toxics import Cargo
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.trip import Trip
from chaos.tiers.wire.ways import Way, Ways

_NOTHING = b"HTTP/1.1 500 Nobody should see this\r\ncontent-length: 0\r\n\r\n"

_ENVELOPE = b"STREAM\r\n\r\n"
"""Goes before a request that is not HTTP, so that the server finds the number of the call."""


class WireCarrier(Carrier):
    """Sends requests through Toxiproxy to the stand-in server, and fetches the answers.

    A task that waits for a socket keeps the baton: nobody else's time passes.

    Args:
        guard: Keeps what must not happen.
        toxiproxy: What requests go through.
        server: Where they end.
        ways: The ways between the two.
        porter: Makes the real sockets; a task cannot.
    """

    def __init__(
        self,
        *,
        guard: Guard,
        toxiproxy: Toxiproxy,
        server: StandInServer,
        ways: Ways,
        porter: Porter,
    ) -> None:
        self._guard = guard
        self._toxiproxy = toxiproxy
        self._server = server
        self._ways = ways
        self._porter = porter
        self._lines: WeakKeyDictionary[Connection, _Line] = WeakKeyDictionary()
        self._to_close: list[_Line] = []

    def refusal(self, host: str) -> OSError:
        """What a real socket gets where nobody listens."""
        return self._porter.carry_out(lambda: self._refusal(host))

    def _refusal(self, host: str) -> OSError:
        try:
            way = self._ways.closed(host)
        except ToxiproxyError as error:
            raise self._guard.violation(str(error)) from error
        try:
            socket.create_connection(way.address, timeout=PATIENCE_S).close()
        except ConnectionRefusedError as refused:
            return refused
        except OSError as error:
            raise self._guard.violation(
                f"connecting to a closed proxy ended in {error!r}; expected a refusal"
            ) from error
        finally:
            way.close()
        raise self._guard.violation("a closed proxy accepted a connection; expected a refusal")

    def source(
        self, course: Course, delivery: Delivery, sent: Sent, connection: Connection
    ) -> ByteSource:
        """A real server, through Toxiproxy."""
        arriving = b"".join(data for _, data in course.arrivals)
        reply = arriving + course.rest or _NOTHING
        load = Cargo(bytes=len(arriving), is_whole=not course.rest)
        try:
            way, line = self._porter.carry_out(
                lambda: self._way_and_line(sent.host, delivery, load, connection)
            )
        except (ToxiproxyError, OSError) as error:
            raise self._guard.violation(str(error)) from error
        with outside():
            is_http = isinstance(connection, HttpConnection)
            request = sent.raw if is_http else _ENVELOPE + sent.raw
            number, expected = self._server.expect(request, reply)
            line.socket.settimeout(PATIENCE_S)
            # Before the request leaves: on a busy machine its answer may be on the way by the time
            # that this thread goes on, and would seem to have come too soon.
            began_s = real.monotonic()
            line.socket.sendall(expected.request)
        trip = Trip(
            number,
            began_s=began_s,
            course=course,
            expected=expected,
            line=line,
            way=way,
            guard=self._guard,
            check=self._toxiproxy.check,
            carry_out=self._porter.carry_out,
            on_end=lambda: self._server.forget(number),
        )
        connection.on_gone.append(trip.close)
        return trip

    def _way_and_line(
        self, host: str, delivery: Delivery, load: Cargo, connection: Connection
    ) -> tuple[Way, _Line]:
        way = self._ways.open(host, delivery, load)
        return way, self._line(way, connection)

    def _line(self, way: Way, connection: Connection) -> _Line:
        """A real connection: the one that this connection has, or one for a single call."""
        if not way.is_standing:
            return self._new_line(way)
        line = self._lines.get(connection)
        if line is None:
            line = self._lines[connection] = self._new_line(way)
            connection.on_gone.append(_closing(line))
        return line

    def _new_line(self, way: Way) -> _Line:
        line = _Line(way.address)
        self._to_close.append(line)
        return line

    def close(self) -> None:
        """The run is over."""
        with outside():
            for line in self._to_close:
                line.close()


class _Line:
    """A real connection."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self.socket.close()


def _closing(line: _Line) -> Callable[[], None]:
    def close() -> None:
        with outside():
            line.close()

    return close
