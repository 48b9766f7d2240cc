"""The words of these tests: a client, the rows of ways to use it, and the cases of a row.

A case is a row under one fault; what came of it is kept as `Seen`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from chaos.ports import StandIn

TIMEOUT_S = 0.5
"""How long the clients wait for an answer. Waits are real on loopback, so all are short."""

TOO_LONG_S = 10.0
"""What takes longer than this in the world is not waited for on loopback; the page says so."""


class Fault(Enum):
    """What is in the provider's way; the value is how the page calls it."""

    NONE = "no fault"
    RATE_LIMIT = "429 once"
    UNAVAILABLE = "503"
    SILENCE = "timeout"
    RESET = "reset"
    CUT = "cut"


NO_HTTP = (Fault.NONE, Fault.SILENCE, Fault.RESET, Fault.CUT)
"""The faults that are no answers of an HTTP server."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One way to use one client.

    Attributes:
        name: How the page calls it.
        call: Makes the client and asks the provider, the same in both worlds; returns what came.
        upstream: Makes the provider's stand-in.
        answer: What comes while all is well.
        latency_s: How long the provider takes to answer, so that what is asked at the same time
            overlaps in both worlds.
        streams: Whether a stream of events is read; then the cut comes after two of them.
        refused: The words with which the world refuses the client; None for one that works.
        faults: Under which it is played.
    """

    name: str
    call: Callable[[], object]
    upstream: Callable[[], StandIn]
    answer: object = None
    latency_s: float = 0.0
    streams: bool = False
    refused: str | None = None
    faults: tuple[Fault, ...] = tuple(Fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client, with the ways to use it that are played.

    Attributes:
        name: How the page calls it.
        packages: What it is made of; the page says their versions.
        rows: The ways.
    """

    name: str
    packages: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A row under one fault."""

    row: Row
    fault: Fault

    def __str__(self) -> str:
        return f"{self.row.name}, {self.fault.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of a case.

    Attributes:
        outcome: The names of the error and of those behind it, the first one first; or ``answer``,
            if it was the expected one; or what came in its place.
        requests: How many reached the provider.
        connections: How many were opened.
        seconds: How long it took.
        late_s: By how much the machine was late with what it had to do meanwhile.
        refusals: With which words the world refused something.
    """

    outcome: tuple[str, ...]
    requests: int
    connections: int
    seconds: float
    late_s: float = 0.0
    refusals: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[tuple[str, ...], int, int]:
        """Everything that is equal to the digit in both worlds."""
        return self.outcome, self.requests, self.connections


def cases(client: Client) -> list[Case]:
    """Each row under each fault; what is refused needs no fault."""
    return [
        Case(row, fault)
        for row in client.rows
        for fault in (row.faults if row.refused is None else [Fault.NONE])
    ]


def answered(row: Row, came: object) -> tuple[str, ...]:
    """The outcome of a call that returned."""
    return ("answer" if came == row.answer else repr(came),)


def failed(error: BaseException) -> tuple[str, ...]:
    """The outcome of a call that raised: the names of the errors, by library.

    Example:
        >>> try:
        ...     {}["a"]
        ... except KeyError:
        ...     try:
        ...         raise ValueError
        ...     except ValueError as error:
        ...         failed(error)
        ('ValueError', 'KeyError')
    """
    names: list[str] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        library = type(at).__module__.partition(".")[0]
        name = type(at).__qualname__
        names.append(name if library == "builtins" else f"{library}.{name}")
        if isinstance(at, BaseExceptionGroup):
            at = at.exceptions[0]
        else:
            at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return tuple(names)
