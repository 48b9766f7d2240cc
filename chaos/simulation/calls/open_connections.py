"""The connections that clients keep open to providers."""

from __future__ import annotations

from typing import Literal

from chaos.simulation.calls.connection import Connection


class OpenConnections:
    """The connections that clients keep open, by upstream, in order."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, Connection]] = {}
        self._ends: dict[int, str] = {}

    def add(self, upstream: str, connection: Connection) -> None:
        """A client has connected."""
        self._open[id(connection)] = upstream, connection

    def remove(self, connection: Connection) -> None:
        """A client has closed its connection."""
        self._open.pop(id(connection), None)
        self._ends.pop(id(connection), None)

    def will_end(self, connection: Connection, by: str) -> None:
        """A fault ends the connection, if nobody uses it."""
        self._ends[id(connection)] = by

    def ended_by(self, connection: Connection) -> str | None:
        """The fault that has ended it; None if none has."""
        return self._ends.get(id(connection))

    def idle(self) -> tuple[tuple[str, int], ...]:
        """Those on which nothing is under way; see `Connections`."""
        return tuple(
            (name, connection.clock.ticks - connection.inbox.last_due)
            for name, connection in self._open.values()
            if connection.is_idle and not connection.has_ended
        )

    def end_idle(self, upstream: str, how: Literal["fin", "reset", "race"]) -> int:
        """End those on which nothing is under way; see `Connections`."""
        ended = [
            connection
            for name, connection in self._open.values()
            if name == upstream and connection.is_idle
        ]
        for connection in ended:
            connection.end_idle(how)
        return len(ended)
