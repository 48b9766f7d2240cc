"""One request on its trip to the stand-in server and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import freezegun.api
import httpx

from chaos.errors import SimulationError
from chaos.faults.delivery import Delivery
from chaos.http import Response
from chaos.simulation.contract import Timeouts
from chaos.simulation.guard import Guard
from chaos.simulation.schedule import Piece, arriving, pieces
from chaos.tiers.wire.client import ToxiproxyError
from chaos.tiers.wire.head import is_stream
from chaos.tiers.wire.native import Head, Native
from chaos.tiers.wire.pace import PATIENCE_S, is_too_long, real_timeout_s
from chaos.tiers.wire.server import CALL_HEADER, Expected
from chaos.tiers.wire.ways import Way

_FOR_EVER_S = 86_400.0
_ON_TIME = 0.9
"""Share of its time after which a toxic may be through; timers are not exact."""

Kind = type[httpx.TransportError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is to happen to a request.

    Attributes:
        number: What the server knows it by.
        delivery: How the bytes travel.
        response: What the server answers.
        body: Its body, as far as this request gets one.
        expected: What the server found when the request came.
        timeouts: The client's, nominal; it may change them until the body has been read.
    """

    number: str
    delivery: Delivery
    response: Response
    body: bytes
    expected: Expected
    timeouts: Timeouts

    @property
    def read_timeout_s(self) -> float | None:
        """The client's read timeout now, nominal."""
        return self.timeouts.get("read")


class Trip(httpx.SyncByteStream):
    """Sends the request, and is the body of its response.

    What comes is compared with what had to come. An answer that is there sooner than its toxics
    allow, a timeout where bytes were due, other bytes than were sent: each is a violation, because
    then it was not the service that was put to the test.

    Args:
        call: What is to happen.
        native: How the library sends it.
        way: What it travels on.
        sleep: Lets virtual time pass.
        guard: Keeps violations.
        check: Makes sure that Toxiproxy is still there.
        on_end: Called at the end of the trip.
    """

    def __init__(  # noqa: PLR0913 - what a trip needs on its way
        self,
        call: Call,
        *,
        native: Native,
        way: Way,
        sleep: Callable[[float], None],
        guard: Guard,
        check: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._call = call
        self._native = native
        self._way = way
        self._sleep = sleep
        self._guard = guard
        self._check = check
        self._on_end = on_end
        self._began_s = freezegun.api.real_monotonic()
        self._surplus = b""
        self._received = 0
        self._longest_wait_s = max(
            (piece.wait_s for piece in pieces(call.delivery, len(call.body))), default=0.0
        )

    def send(self) -> Head:
        """Send the request; returns when its head has come, and the time for that has passed.

        Raises:
            httpx.TransportError: The network failed.
            SimulationError: The client would wait for ever, or Toxiproxy failed.
        """
        try:
            head = self._head()
            self._inspect_request()
            self._wait(self._call.delivery.latency_s)
        except BaseException:
            self.close()
            raise
        return head

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in pieces(self._call.delivery, len(self._call.body)):
                yield self._receive(piece)
            # A client that knows the length does not wait for what comes after the last byte.
            if self._received < len(self._call.body) or is_stream(self._call.response):
                self._break_off()
            else:
                self._native.finish()
        finally:
            self.close()

    def close(self) -> None:
        """The trip is over; further calls do nothing."""
        self._native.close()
        self._on_end()
        try:
            self._way.close()
        except ToxiproxyError as error:
            self._guard.violation(str(error))

    def _head(self) -> Head:
        delivery, limit_s = self._call.delivery, self._call.read_timeout_s
        if delivery.silent and limit_s is None:
            raise self._for_ever("any response")
        is_late = delivery.silent or is_too_long(delivery.latency_s, limit_s)
        due = self._error_due_at_head(is_late=is_late)
        try:
            head = self._native.send(
                self._way.address,
                {CALL_HEADER: self._call.number},
                connect_s=PATIENCE_S,
                read_s=real_timeout_s(limit_s, is_due=is_late, after_bytes=False),
            )
        except httpx.TransportError as error:
            self._judge(error, due=due)
            raise
        if due is not None:
            raise self._guard.violation(
                f"call {self._call.number}: a response came; expected {due.__name__}; a toxic did "
                "not act"
            )
        return head

    def _receive(self, piece: Piece) -> bytes:
        limit_s = self._call.read_timeout_s
        if is_too_long(piece.wait_s, limit_s):
            self._run_out()
        came = self._read(piece.size)
        due = self._call.body[self._received : self._received + piece.size]
        if came != due:
            raise self._guard.violation(
                f"call {self._call.number}: other bytes came than the stand-in had sent"
            )
        self._received += piece.size
        self._wait(piece.wait_s)
        return came

    def _read(self, size: int) -> bytes:
        while len(self._surplus) < size:
            came = self._next(due=None, timeout_is_due=self._timeout_is_due)
            if not came:
                short = httpx.RemoteProtocolError("the body ended early")
                self._judge(short, due=None)
                raise short
            self._surplus += came
        came, self._surplus = self._surplus[:size], self._surplus[size:]
        if self._received + size == arriving(self._call.delivery, len(self._call.body)):
            self._inspect_time()
        return came

    def _next(self, *, due: Kind | None, timeout_is_due: bool) -> bytes:
        """The next real bytes; ``due`` is the error that should come instead of them."""
        real_s = real_timeout_s(self._call.read_timeout_s, is_due=timeout_is_due)
        try:
            return self._native.read(real_s)
        except httpx.TransportError as error:
            self._judge(error, due=due)
            raise

    @property
    def _timeout_is_due(self) -> bool:
        """Whether, as it looks now, a timeout ends this body."""
        return self._call.delivery.end == "stall" or is_too_long(
            self._longest_wait_s, self._call.read_timeout_s
        )

    def _run_out(self) -> None:
        """Let the client's timeout come before the next piece, in the real socket.

        What has come too early, since real waits are short, is of no interest any more.

        Raises:
            httpx.ReadTimeout: Always.
        """
        try:
            self._way.hush()
        except ToxiproxyError as error:
            raise self._guard.violation(str(error)) from error
        while self._next(due=httpx.ReadTimeout, timeout_is_due=True):
            pass
        # The whole body was there already, so that the library no longer asks the network.
        late = httpx.ReadTimeout("The read operation timed out")
        self._judge(late, due=httpx.ReadTimeout)
        raise late

    def _break_off(self) -> None:
        """What comes after the last byte that arrives.

        Raises:
            httpx.TransportError: The body was not over; except for a stream, which looks as if.
        """
        end = self._call.delivery.end
        if end == "stall" and self._call.read_timeout_s is None:
            raise self._for_ever("the rest of the body")
        by_end: dict[str, Kind] = {"reset": httpx.ReadError, "stall": httpx.ReadTimeout}
        is_whole = is_stream(self._call.response)
        due = by_end.get(end, None if is_whole else httpx.RemoteProtocolError)
        if self._surplus or self._next(due=due, timeout_is_due=end == "stall"):
            raise self._guard.violation(
                f"call {self._call.number}: more bytes came than the delivery lets through"
            )
        if due is not None:
            # Below the library, an end is only an end; it has to notice by itself.
            short = httpx.RemoteProtocolError("the body ended early")
            self._judge(short, due=due)
            raise short

    def _error_due_at_head(self, *, is_late: bool) -> Kind | None:
        delivery = self._call.delivery
        if delivery.refused:
            return httpx.ConnectError
        if is_late:
            return httpx.ReadTimeout
        if delivery.end == "reset" and delivery.cut_after is None:
            return httpx.ReadError
        return None

    def _judge(self, error: httpx.TransportError, *, due: Kind | None) -> None:
        """Charge the clock for an error, and make sure that it had to come.

        Raises:
            SimulationError: It is the fault of the harness; the service must not see it.
        """
        try:
            self._check()
        except ToxiproxyError as gone:
            raise self._guard.violation(str(gone)) from error
        if type(error) is not due:
            # The service sees it all the same: a comparison with the simulated tier shows it.
            self._guard.violation(
                f"call {self._call.number}: the wire ended in {type(error).__name__} ({error}); "
                f"expected {due.__name__ if due else 'a response'}; the machine is too slow, or "
                "the tiers disagree"
            )
        limit_s = self._call.read_timeout_s
        if isinstance(error, httpx.ReadTimeout) and limit_s is not None:
            self._sleep(limit_s)

    def _inspect_request(self) -> None:
        expected = self._call.expected
        problem = expected.problem or (None if expected.arrived else "it never arrived")
        if problem is not None:
            raise self._guard.violation(f"call {self._call.number}: {problem}")

    def _inspect_time(self) -> None:
        took_s = freezegun.api.real_monotonic() - self._began_s
        if took_s < self._way.least_s * _ON_TIME:
            raise self._guard.violation(
                f"call {self._call.number}: the answer took {took_s:.3f} real seconds; expected "
                f"at least {self._way.least_s:.3f}; a toxic did not act"
            )

    def _wait(self, seconds: float) -> None:
        # Even a sleep of nothing would give the others a turn.
        if seconds > 0:
            self._sleep(seconds)

    def _for_ever(self, what: str) -> SimulationError:
        self._sleep(_FOR_EVER_S)
        return SimulationError(
            f"the service waited a day for {what}; expected a read timeout; set one on the client"
        )
