"""Carries answers to clients: which bytes arrive when, and how that ends.

What a delivery means for the client is the same in every tier, and said here. What differs is
where the bytes come from: a tier has a `Source` for each answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol, assert_never

from chaos.faults.delivery import Answered, Cut, Delivery, Late, Lost
from chaos.http import Response
from chaos.simulation.http.connection import Arrived, HttpConnection
from chaos.simulation.http.exchange import Exchange
from chaos.simulation.http.head import LAST_CHUNK, chunk, has_body, head_of, is_stream
from chaos.simulation.http.schedule import pieces
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


class Source(Protocol):
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
    def _source(
        self, course: Course, delivery: Delivery, arrived: Arrived, connection: HttpConnection
    ) -> Source:
        """Where the bytes of an answer are to come from."""

    def lose(
        self, lost: Lost, arrived: Arrived, connection: HttpConnection, exchange: Exchange
    ) -> None:
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
        source = self._source(course, lost, arrived, connection)
        self._end(course, source, connection)

    def carry(
        self,
        answered: Answered,
        response: Response,
        arrived: Arrived,
        connection: HttpConnection,
        exchange: Exchange,
    ) -> None:
        """Let an answer come."""
        has_one = has_body(response, arrived.request.method)
        body = response.body if has_one else b""
        streams = has_one and is_stream(response)
        due = _first_byte(answered.late, connection, exchange)
        head = head_of(response, keeps_alive=arrived.keeps_alive)
        arrivals = [(due, head)]
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
            arrivals.append((due, chunk(data) if streams else data))
        cut = answered.cut if came < len(body) or streams else None
        end, is_whole, rest = _ending(cut, body[came:], streams=streams)
        if cut is not None:
            exchange.decision.acted(cut.by)
        if streams and is_whole:
            arrivals.append((due, LAST_CHUNK))
        if is_whole and not arrived.keeps_alive:
            end = "closed"
        course = Course(arrivals=tuple(arrivals), rest=rest, end=end, end_due=due)
        source = self._source(course, answered, arrived, connection)
        self._deliver(course, source, response, connection, exchange)
        if is_whole:
            complete = replace(response, body=body[:came])

            def taken() -> None:
                connection.close(exchange)
                exchange.complete(complete)

            connection.send(Mark(taken), due)
        self._end(course, source, connection)

    def _deliver(
        self,
        course: Course,
        source: Source,
        response: Response,
        connection: HttpConnection,
        exchange: Exchange,
    ) -> None:
        (due, head), *others = course.arrivals
        connection.send(source.arrival(head), due)
        connection.send(Mark(lambda: exchange.head_came(response)), due)
        for due, data in others:
            if data:
                connection.send(source.arrival(data), due)

    def _end(self, course: Course, source: Source, connection: HttpConnection) -> None:
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


def _first_byte(late: tuple[Late, ...], connection: HttpConnection, exchange: Exchange) -> int:
    """Ticks at which the first byte arrives."""
    for each in late:
        exchange.decision.acted(each.by)
    return connection.clock.ticks + to_ticks(sum(each.seconds for each in late))


def _ending(cut: Cut | None, rest: bytes, *, streams: bool) -> tuple[HowItEnds, bool, bytes]:
    """How an answer ends, whether it looks whole, and what of it never arrives."""
    if cut is None:
        return "open", True, b""
    missing = chunk(rest) + LAST_CHUNK if streams else rest
    match cut.how:
        case "fin" if streams:
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
