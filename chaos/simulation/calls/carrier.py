"""Carries answers to clients: which bytes arrive when, and how that ends.

What a delivery means for the client is the same in every tier, and said here. What differs is
where the bytes come from: a tier has a `ByteSource` for each answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, assert_never

from chaos.faults.delivery import Answered, Cut, Delivery, Late, Lost
from chaos.simulation.calls.connection import Connection, Sent
from chaos.simulation.calls.exchange import Exchange, Told
from chaos.simulation.calls.framing import LAST_CHUNK, chunk
from chaos.simulation.calls.schedule import pieces
from chaos.simulation.network.inbox import Arrival, End, Mark
from chaos.simulation.timing.clock import to_ticks

HowItEnds = Literal["open", "closed", "reset", "silent"]
"""What a connection is after an answer: open, for the next request; or one of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What arrives of an answer, and when.

    Attributes:
        arrivals: Ticks, and the bytes that arrive then; the first are the head.
        rest: What the provider has sent besides, and never arrives.
        end: What becomes of the connection then.
        end_due: Ticks at which that happens.
    """

    arrivals: tuple[tuple[int, bytes], ...] = ()
    rest: bytes = b""
    end: HowItEnds = "open"
    end_due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An answer as bytes.

    Attributes:
        head: What comes before the body, at once.
        body: What can be slow, or cut.
        is_chunked: Whether the body comes in chunks, since nobody knows its length.
        closes: Whether the connection is closed when all has come.
        told: What the client has been told, if so much of the body has come.
    """

    head: bytes = b""
    body: bytes
    is_chunked: bool = False
    closes: bool
    told: Callable[[bytes], Told]


class ByteSource(Protocol):
    """Where the bytes of one answer come from."""

    def arrival(self, data: bytes) -> Arrival:
        """The next bytes, as they are put into the client's inbox."""

    def end(self, then: Callable[[], object] | None, *, is_reset: bool) -> End:
        """The end of the connection."""

    def given_up(self) -> None:
        """The client waits no longer for what is to come."""


class Carrier(ABC):
    """Carries answers.

    It reports to the decision every fault whose part of the delivery it has acted on.
    """

    @abstractmethod
    def refusal(self, host: str) -> OSError:
        """What a client gets that connects where nobody listens."""

    @abstractmethod
    def source(
        self, course: Course, delivery: Delivery, sent: Sent, connection: Connection
    ) -> ByteSource:
        """Where the bytes of an answer are to come from."""

    def lose(self, lost: Lost, sent: Sent, connection: Connection, exchange: Exchange) -> None:
        """Let no byte of an answer come."""
        exchange.decision.acted(lost.by)
        match lost.how:
            case "silence":
                end: HowItEnds = "silent"
            case "reset":
                end = "reset"
            case _:
                assert_never(lost.how)
        course = Course(end=end, end_due=_first_byte(lost.late, connection, exchange))
        source = self.source(course, lost, sent, connection)
        self._end(course, source, connection)

    def carry(
        self,
        answered: Answered,
        message: Message,
        sent: Sent,
        connection: Connection,
        exchange: Exchange,
    ) -> None:
        """Let an answer come."""
        body, is_chunked = message.body, message.is_chunked
        arrivals, came, due = _travel(
            answered, message, exchange, _first_byte(answered.late, connection, exchange)
        )
        cut = answered.cut if came < len(body) or is_chunked else None
        end, is_whole, rest = _ending(cut, body[came:], is_chunked=is_chunked)
        if cut is not None:
            exchange.decision.acted(cut.by)
        if is_chunked and is_whole:
            arrivals.append((due, LAST_CHUNK))
        if is_whole and message.closes:
            end = "closed"
        course = Course(arrivals=tuple(arrivals), rest=rest, end=end, end_due=due)
        source = self.source(course, answered, sent, connection)
        told = message.told(body[:came])
        for number, (arrival_due, data) in enumerate(course.arrivals):
            if data:
                connection.send(source.arrival(data), arrival_due)
            if not number:
                connection.send(Mark(lambda: exchange.began(told)), arrival_due)
        if is_whole:

            def taken() -> None:
                connection.close(exchange)
                exchange.complete(told)

            connection.send(Mark(taken), due)
        self._end(course, source, connection)

    def _end(self, course: Course, source: ByteSource, connection: Connection) -> None:
        connection.on_give_up = source.given_up
        match course.end:
            case "open" | "silent":
                pass
            case "closed":
                # Of an answer that is whole, nothing is left that could fail.
                end = source.end(lambda: connection.fail("RemoteProtocolError"), is_reset=False)
                connection.finish_with(end, course.end_due)
            case "reset":
                end = source.end(lambda: connection.fail("ReadError"), is_reset=True)
                connection.finish_with(end, course.end_due)
            case _:
                assert_never(course.end)


def _first_byte(late: tuple[Late, ...], connection: Connection, exchange: Exchange) -> int:
    """Ticks at which the first byte arrives."""
    for each in late:
        exchange.decision.acted(each.by)
    return connection.clock.ticks + to_ticks(sum(each.seconds for each in late))


def _travel(
    answered: Answered, message: Message, exchange: Exchange, due: int
) -> tuple[list[tuple[int, bytes]], int, int]:
    """What arrives at which ticks, how much of the body that is, and when the last of it comes."""
    body = message.body
    arrivals = [(due, message.head)] if message.head else []
    came = 0
    for number, piece in enumerate(pieces(answered, len(body))):
        if piece.wait_s:
            if number and answered.slices is not None:
                exchange.decision.acted(answered.slices.by)
            if answered.rate is not None:
                exchange.decision.acted(answered.rate.by)
            # In ticks: floats that are added up would differ from what a client has waited.
            due += to_ticks(piece.wait_s)
        data = body[came : came + piece.size]
        came += piece.size
        arrivals.append((due, chunk(data) if message.is_chunked else data))
    return arrivals, came, due


def _ending(cut: Cut | None, rest: bytes, *, is_chunked: bool) -> tuple[HowItEnds, bool, bytes]:
    """How an answer ends, whether it looks whole, and what of it never arrives."""
    if cut is None:
        return "open", True, b""
    missing = chunk(rest) + LAST_CHUNK if is_chunked else rest
    match cut.how:
        case "fin" if is_chunked:
            # A stream that is closed in order looks finished.
            return "open", True, b""
        case "fin" | "abort":
            return "closed", False, missing
        case "reset":
            return "reset", False, missing
        case "stall":
            return "silent", False, missing
        case _:
            assert_never(cut.how)
