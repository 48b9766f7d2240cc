"""The world in real time: the stand-ins of a run, each behind a port of its own.

What happens to a call is worked out by the same code as in virtual time: providers, faults,
deliveries and the trace are those of `chaos.simulation`. Only two things are different. The clock
follows real time, and the bytes that are due go to a real socket.
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from types import TracebackType
from typing import Any, Self

from chaos.choices import Choices
from chaos.errors import ChaosError
from chaos.faults.injector import Injector
from chaos.http import Request
from chaos.ports import StandIn, StreamUpstream, Upstream
from chaos.scenario.faults import Fault
from chaos.simulation.calls.calls import Calls
from chaos.simulation.calls.open_connections import OpenConnections
from chaos.simulation.calls.provider import Provider
from chaos.simulation.http.connection import Arrived, HttpConnection
from chaos.simulation.http.provider import HttpProvider
from chaos.simulation.http.router import Router
from chaos.simulation.outside.guard import Guard
from chaos.simulation.streams.provider import StreamProvider
from chaos.simulation.tasks.behalf import Behalf, acting_for, behalf_here
from chaos.simulation.tasks.scheduler import HARNESS
from chaos.simulation.timing import real
from chaos.simulation.timing.clock import TICKS_PER_S, Clock
from chaos.tiers.loopback import LoopbackServer
from chaos.tiers.served.line import Line
from chaos.tiers.simulated.carrier import SimulatedCarrier
from chaos.trace.events import Event
from chaos.trace.recorder import TraceRecorder
from chaos.trace.trace import Trace
from chaos.upstreams.proxy import ForwardProxy

Caller = Callable[[Request], Behalf | None]
"""Tells for whom a request was sent; None counts it for the connection that it came over."""

_HTTP_PORT = 80
_GOODBYE_S = 5.0
"""A connection that is hung up needs a moment to close its socket."""


def nobody_known(request: Request) -> None:
    """A service in another process does not show whose question a request belongs to."""
    del request


class ServedWorld:
    """Stand-ins that listen while the world is entered.

    Whoever touches what is shared does so in a `turn`: connections have threads of their own, and
    neither stand-ins nor faults are made for two at once.

    Args:
        upstreams: The stand-ins, new for this run.
        choices: Decides everything undecided.
        port: Where the first of them listens; the others follow. With 0, each takes a free one.
        caller: Tells for whom a request was sent.

    Attributes:
        clock: Real time since the world was made, as it was when the latest turn began.
        recorder: Writes the trace.
        injector: Holds the faults.
        violations: Everything that a stand-in could not answer; a run that has any proves
            nothing.
        ports: Where each stand-in listens, by its name.

    Example:
        >>> from urllib.request import urlopen
        >>> from chaos.choices import Seeded
        >>> from chaos.trace.events import ResponseEvent
        >>> from chaos.upstreams.simple import JsonUpstream
        >>> class Weather(JsonUpstream):
        ...     name = "weather"
        ...     hosts = ("api.weather.test",)
        ...     routes = {"now.get": ("GET", "/now/(?P<object>[^/]+)", {"text": "sunny"})}
        >>> with ServedWorld([Weather()], Seeded(7)) as world:
        ...     with urlopen(f"http://127.0.0.1:{world.ports['weather']}/now/oslo") as response:
        ...         response.read()
        ...     [each.operation for each in world.trace.of(ResponseEvent)]
        b'{"text": "sunny"}'
        ['now.get']
    """

    def __init__(
        self,
        upstreams: Sequence[StandIn],
        choices: Choices,
        *,
        port: int = 0,
        caller: Caller = nobody_known,
    ) -> None:
        self.clock = Clock()
        self.violations: list[str] = []
        self.ports: dict[str, int] = {}
        self._upstreams = tuple(upstreams)
        self._port = port
        self._turns = threading.RLock()
        self._depth = 0
        self._began_ns = real.monotonic_ns()
        self._lines: set[Line] = set()
        self._connected = itertools.count(1)
        self._listening = ExitStack()
        self.recorder = _Recorder(self)
        self.injector = _Injector(self, choices)
        self.injector.recorder = self.recorder
        self.injector.connections = self._connections = OpenConnections()
        self._guard = Guard()
        self._guard.watch(self.violations)
        self._calls = Calls(
            injector=self.injector,
            carrier=SimulatedCarrier(),
            recorder=self.recorder,
            callers=_Callers(self.clock),
            guard=self._guard,
            numbers=itertools.count(1),
        )
        self._providers = {each.name: self._provider(each, caller) for each in self._upstreams}

    def __enter__(self) -> Self:
        """Let every stand-in listen.

        Raises:
            ChaosError: A port is taken.
        """
        with ExitStack() as undo:
            for number, (name, provider) in enumerate(self._providers.items()):
                port = self._port and self._port + number
                server = undo.enter_context(LoopbackServer(self._conversing(provider), port))
                self.ports[name] = server.address[1]
            self._listening = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listening.close()
        with self.turn():
            lines = tuple(self._lines)
        for line in lines:
            line.hang_up()
        for line in lines:
            line.is_gone.wait(_GOODBYE_S)

    @property
    def trace(self) -> Trace:
        """Everything that has happened."""
        return self.recorder.trace

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be alone with what is shared; meanwhile the clock stands still."""
        with self._turns:
            if not self._depth:
                passed_ns = real.monotonic_ns() - self._began_ns
                self.clock.advance_to(passed_ns * TICKS_PER_S // 1_000_000_000)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def _conversing(self, provider: Provider) -> Callable[[socket.socket], None]:
        def converse(connection: socket.socket) -> None:
            line = Line(connection, provider, self)
            with self.turn():
                self._lines.add(line)
                number = next(self._connected)
            try:
                with acting_for(Behalf(f"connection-{number}")):
                    line.converse()
            except Exception as error:  # noqa: BLE001 - else nobody would ever hear of it
                self._guard.violation(f"a connection broke down: {type(error).__name__}: {error}")
            finally:
                with self.turn():
                    self._lines.discard(line)
                connection.close()
                line.is_gone.set()

        return converse

    def _provider(self, upstream: StandIn, caller: Caller) -> Provider:
        host = upstream.hosts[0]
        match upstream:
            case ForwardProxy():
                raise ChaosError(
                    f"{upstream.name} is a proxy, which leads to hosts by their names; expected "
                    "stand-ins that are asked themselves; leave it out of the target"
                )
            case Upstream():
                return _Provider(upstream, host, caller, self._calls, self._connections)
            case StreamUpstream():
                return StreamProvider(
                    upstream,
                    host,
                    is_tls=False,
                    calls=self._calls,
                    connections=self._connections,
                )
            case _:
                raise AssertionError("a stand-in speaks HTTP, or a protocol of its own")


class _Provider(HttpProvider):
    """A provider that is asked at a port of its own, whatever host the client names."""

    def __init__(
        self,
        upstream: Upstream,
        host: str,
        caller: Caller,
        calls: Calls,
        connections: OpenConnections,
    ) -> None:
        super().__init__(
            upstream,
            host,
            _HTTP_PORT,
            router=_OnlyOne(upstream),
            calls=calls,
            connections=connections,
        )
        self._caller = caller

    def answer(self, arrived: Arrived, connection: HttpConnection) -> None:
        behalf = self._caller(arrived.request)
        with nullcontext() if behalf is None else acting_for(behalf):
            super().answer(arrived, connection)


class _OnlyOne(Router):
    def __init__(self, upstream: Upstream) -> None:
        super().__init__([upstream])
        self._only = upstream

    def resolve(self, request: Request) -> Upstream:
        del request
        return self._only


class _Callers:
    """Whoever calls in real time; there is no telling who is stuck."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def behalf(self) -> Behalf | None:
        return behalf_here()

    def count_call(self, behalf: Behalf) -> None:
        behalf.calls += 1


class _Recorder(TraceRecorder):
    """Writes a trace from several threads."""

    def __init__(self, world: ServedWorld) -> None:
        super().__init__(self._now)
        self._world = world

    def record(self, kind: type[Event], /, **fields: Any) -> None:  # noqa: ANN401 - as in the base
        with self._world.turn():
            super().record(kind, **fields)

    def _now(self) -> tuple[float, str, int | None]:
        behalf = behalf_here()
        actor, ask = (HARNESS, None) if behalf is None else (behalf.actor, behalf.ask)
        return self._world.clock.now_s, actor, ask


class _Injector(Injector):
    """Faults that begin and end while calls are under way."""

    def __init__(self, world: ServedWorld, choices: Choices) -> None:
        super().__init__(choices)
        self._world = world

    def inject(self, fault: Fault, *, now_s: float) -> str:
        with self._world.turn():
            return super().inject(fault, now_s=now_s)

    def heal(self, id: str, *, by: str) -> None:  # noqa: A002 - the YAML word
        with self._world.turn():
            super().heal(id, by=by)

    def expire(self, id: str, fault: Fault) -> bool:  # noqa: A002 - the YAML word
        with self._world.turn():
            return super().expire(id, fault)
