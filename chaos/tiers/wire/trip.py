"""One request on its trip to the stand-in server, and its answer on the way back."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Protocol

from chaos.errors import SimulationError
from chaos.simulation.calls.carrier import Course
from chaos.simulation.network.inbox import Arrival, End, connection_reset
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.baton import outside
from chaos.simulation.timing import real
from chaos.tiers.wire.client import ToxiproxyError
from chaos.tiers.wire.pace import PATIENCE_S, SILENCE_S
from chaos.tiers.wire.server import Expected
from chaos.tiers.wire.ways import Way

_ON_TIME = 0.9
"""Share of its time after which a toxic may be through; timers are not exact."""


class WireLine(Protocol):
    """A real connection."""

    socket: socket.socket

    def close(self) -> None:
        """Use it no more."""


class Trip:
    """The real side of one call: a `ByteSource` whose bytes come over a socket.

    When the client reads what is due, it is fetched from the socket, and compared with what had to
    come. An answer that is there sooner than its toxics allow, bytes that are missing, other bytes
    than were sent, an end of another kind: each is a violation, because then it was not the
    service that was put to the test.

    Args:
        number: What the server knows the call by.
        began_s: Real time at which the request left, or a little before.
        course: What is to arrive.
        expected: What the server found when the request came.
        line: What it travels on.
        way: What that leads through.
        guard: Keeps violations.
        check: Makes sure that Toxiproxy is still there.
        carry_out: Does what may need another real socket.
        on_end: Called at the end of the trip.
    """

    def __init__(  # noqa: PLR0913 - what a trip needs on its way
        self,
        number: str,
        *,
        began_s: float,
        course: Course,
        expected: Expected,
        line: WireLine,
        way: Way,
        guard: Guard,
        check: Callable[[], None],
        carry_out: Callable[[Callable[[], None]], None],
        on_end: Callable[[], None],
    ) -> None:
        self._number = number
        self._course = course
        self._expected = expected
        self._line = line
        self._way = way
        self._guard = guard
        self._check = check
        self._carry_out = carry_out
        self._on_end = on_end
        self._began_s = began_s
        self._missing = self._due = sum(len(data) for _, data in course.arrivals)
        self._is_over = False

    def arrival(self, data: bytes) -> Arrival:
        """Bytes that come over the socket; see `ByteSource`."""
        return _Awaited(self, data)

    def end(self, then: Callable[[], object] | None, *, is_reset: bool) -> End:
        """The end of the real connection; see `ByteSource`."""
        return _RealEnd(self, then, is_reset=is_reset)

    def given_up(self) -> None:
        """Make sure that nothing is there which should not be; see `ByteSource`."""
        if self._is_over:
            return
        is_silent = self._course.end == "silent" and not self._missing
        with outside():
            self._line.socket.settimeout(SILENCE_S if is_silent else 0)
            try:
                came = self._line.socket.recv(1, socket.MSG_PEEK)
            except (TimeoutError, BlockingIOError):
                came = b""
            except OSError:
                came = b"\n"
            took_s = real.monotonic() - self._began_s
        # What is late in the time of the run is a little late in ours; it may be there by now.
        is_early = self._missing == self._due and took_s < self._way.first_s * _ON_TIME
        if came and (is_silent or is_early):
            self._complain("something came; expected silence; a toxic did not act")
        self.close()

    def fetch(self, due: bytes) -> bytes:
        """The next real bytes, at most those that are due.

        Raises:
            OSError: They do not come.
        """
        with outside():
            self._line.socket.settimeout(PATIENCE_S)
            try:
                came = self._line.socket.recv(len(due))
            except OSError as error:
                raise self._missed(error) from error
        if not came:
            raise self._missed(None)
        if came != due[: len(came)]:
            self._complain("other bytes came than the stand-in had sent")
        self._missing -= len(came)
        if not self._missing:
            self._arrived()
        return came

    def meet_end(self, *, is_reset: bool) -> OSError | None:
        """The real end of the connection; an error, if it is a reset.

        Raises:
            SimulationError: It is of another kind.
        """
        with outside():
            self._line.socket.settimeout(PATIENCE_S)
            try:
                came = self._line.socket.recv(1)
            except ConnectionResetError as error:
                met: OSError | bytes = error
            except OSError as error:
                raise self._missed(error) from error
            else:
                met = came
        self.close()
        if isinstance(met, bytes) and met:
            raise self._complain("more bytes came than the delivery lets through")
        if isinstance(met, OSError) is not is_reset:
            seen, wanted = (
                ("a reset", "an end") if isinstance(met, OSError) else ("an end", "a reset")
            )
            raise self._complain(f"{seen} came; expected {wanted}")
        return met if isinstance(met, OSError) else None

    def close(self) -> None:
        """The trip is over; further calls do nothing."""
        if self._is_over:
            return
        self._is_over = True
        self._on_end()
        if self._way.is_standing:
            return
        with outside():
            self._line.close()
        try:
            self._carry_out(self._way.close)
        except ToxiproxyError as error:
            self._guard.violation(str(error))

    def _arrived(self) -> None:
        """Everything that is to come has come."""
        took_s = real.monotonic() - self._began_s
        if took_s < self._way.least_s * _ON_TIME:
            self._complain(
                f"the answer took {took_s:.3f} real seconds; expected at least "
                f"{self._way.least_s:.3f}; a toxic did not act"
            )
        problem = self._expected.problem or (
            None if self._expected.arrived else "the request never arrived"
        )
        if problem is not None:
            self._complain(problem)
        if self._course.end == "open":
            self.close()

    def _missed(self, error: OSError | None) -> SimulationError:
        """What was due has not come, which is the fault of the harness."""
        try:
            self._carry_out(self._check)
        except ToxiproxyError as gone:
            return self._guard.violation(str(gone))
        seen = "the connection ended" if error is None else f"{type(error).__name__}: {error}"
        return self._complain(
            f"{seen}; expected {self._missing} more bytes; the machine is too slow, or the tiers "
            "disagree"
        )

    def _complain(self, what: str) -> SimulationError:
        return self._guard.violation(f"call {self._number} on the wire: {what}")


class _Awaited:
    """Some of the bytes of a trip."""

    def __init__(self, trip: Trip, due: bytes) -> None:
        self._trip = trip
        self._due = due

    @property
    def is_empty(self) -> bool:
        return not self._due

    def fetch(self, size: int) -> bytes:
        came = self._trip.fetch(self._due[:size])
        self._due = self._due[len(came) :]
        return came


class _RealEnd(End):
    """The end of a trip."""

    def __init__(self, trip: Trip, then: Callable[[], object] | None, *, is_reset: bool) -> None:
        super().__init__(then, is_reset=is_reset)
        self._trip: Trip | None = trip

    def meet(self) -> bytes:
        trip, self._trip = self._trip, None
        if trip is None:
            return super().meet()
        error = trip.meet_end(is_reset=self.is_reset)
        self._error = lambda: error or connection_reset()
        return super().meet()
