"""Carries answers in virtual time: the bytes are put where the client reads them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from chaos.faults.delivery import Delivery
from chaos.simulation.calls.carrier import ByteSource, Carrier, Course
from chaos.simulation.calls.connection import Connection, Sent
from chaos.simulation.network.inbox import Arrival, End


class SimulatedCarrier(Carrier):
    """Has every byte there at once; when it arrives is a matter of the clock."""

    def refusal(self, host: str) -> OSError:
        """What Linux says; see the base class."""
        del host
        return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))

    def source(
        self, course: Course, delivery: Delivery, sent: Sent, connection: Connection
    ) -> ByteSource:
        """Nowhere: they are there already."""
        del course, delivery, sent, connection
        return _DIRECT


class _Direct:
    """Bytes that are there already."""

    def arrival(self, data: bytes) -> Arrival:
        return data

    def end(self, then: Callable[[], object] | None, *, is_reset: bool) -> End:
        return End(then, is_reset=is_reset)

    def given_up(self) -> None:
        """Nothing is waited for."""


_DIRECT = _Direct()
