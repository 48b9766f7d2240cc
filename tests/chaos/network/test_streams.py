"""Upstreams that do not speak HTTP: bytes in, bytes out, and the faults between."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chaos.authoring.starters import starter
from chaos.errors import ChaosError, SimulationError
from chaos.ports import Command, Operation, Reply, StreamUpstream
from chaos.scenario.faults import FAULTS
from chaos.testing import SimulatedWorld
from chaos.trace.events import NO_STATUS, RequestEvent, ResponseEvent

HOST = "shout.test"


class Shouting(StreamUpstream):
    """Says in capitals what it is told, a line at a time; greets, counts, and hangs up."""

    name = "shout"
    hosts = (HOST,)
    ports = (7,)
    tls_ports = (77,)
    operations = ("line", "quiet", "bye", "no", "count")

    def greet(self, session: dict[str, Any]) -> bytes:
        """Before the first line."""
        session["lines"] = 0
        return b"HELLO\n"

    def next_command(self, data: bytes) -> Command | None:
        """A line."""
        if data.startswith(b"\0"):
            raise ValueError("zeros are not lines")
        line, end, _ = data.partition(b"\n")
        word = line.decode()
        known = Operation(word if word in self.operations else "line", word)
        operation = None if word == "what" else known
        return Command(operation=operation, raw=line + end) if end else None

    def handle(self, command: Command, session: dict[str, Any]) -> Reply:
        """The same in capitals, but for some words."""
        session["lines"] += 1
        assert command.operation is not None
        match command.operation.name:
            case "quiet":
                return Reply()
            case "bye":
                return Reply(data=b"BYE\n", closes=True)
            case "no":
                return Reply(data=b"NO\n", error="NO")
            case "count":
                return Reply(data=b"%d\n" % session["lines"])
        return Reply(data=command.raw.upper())


@pytest.fixture
def world() -> Iterator[SimulatedWorld]:
    """A world with one such server."""
    with SimulatedWorld() as world:
        world.serve(Shouting())
        yield world


def connected(port: int = 7, timeout_s: float | None = 2.0) -> socket.socket:
    """A connection that has been greeted."""
    made = socket.create_connection((HOST, port), timeout=timeout_s)
    if port == 7:
        assert made.recv(99) == b"HELLO\n"
    return made


def say(line: bytes, size: int = 99) -> bytes:
    """What the server says to one line on a new connection."""
    with connected() as made:
        made.sendall(line)
        return made.recv(size)


def responses(world: SimulatedWorld) -> list[ResponseEvent]:
    """How calls ended."""
    return world.trace.of(ResponseEvent)


def test_a_reply_comes_at_once(world: SimulatedWorld) -> None:
    """Nothing in the way: bytes in, bytes out, in no time, and the trace tells of it."""
    assert say(b"one\n") == b"ONE\n"
    (request,) = world.trace.of(RequestEvent)
    (response,) = responses(world)
    assert (request.upstream, request.operation, request.object) == ("shout", "line", "one")
    assert (response.status, response.error, world.now_s) == (NO_STATUS, None, 0)


def test_commands_come_in_pieces_and_together(world: SimulatedWorld) -> None:
    """Where the packets end does not matter; answers come in the order of the commands."""
    with connected() as made:
        made.sendall(b"o")
        made.sendall(b"ne\ntwo\nthr")
        made.sendall(b"ee\n")
        assert made.recv(99) == b"ONE\nTWO\nTHREE\n"
    assert len(responses(world)) == 3


def test_a_session_belongs_to_its_connection(world: SimulatedWorld) -> None:
    """What a stand-in remembers of one connection, another does not have."""
    with connected() as first, connected() as second:
        first.sendall(b"one\ntwo\ncount\n")
        second.sendall(b"count\n")
        assert (first.recv(99), second.recv(99)) == (b"ONE\nTWO\n3\n", b"1\n")


def test_a_command_without_an_answer_is_over_at_once(world: SimulatedWorld) -> None:
    """Nobody waits for what never comes."""
    with connected() as made:
        made.sendall(b"quiet\n")
        assert [each.error for each in responses(world)] == [None]


def test_a_reply_can_close_the_connection(world: SimulatedWorld) -> None:
    """The last word is read before the end."""
    with connected() as made:
        made.sendall(b"bye\n")
        assert made.recv(99) == b"BYE\n"
        assert made.recv(99) == b""
    assert [each.error for each in responses(world)] == [None]


def test_a_refusal_is_told(world: SimulatedWorld) -> None:
    """A provider without statuses says no with a word of its own."""
    assert say(b"no\n") == b"NO\n"
    assert [each.error for each in responses(world)] == ["NO"]


def test_tls_ports_shake_hands_first(world: SimulatedWorld) -> None:
    """The greeting comes when hands have been shaken."""
    context = ssl.create_default_context()
    with connected(77) as plain, context.wrap_socket(plain, server_hostname=HOST) as made:
        assert made.recv(99) == b"HELLO\n"
        made.sendall(b"one\n")
        assert made.recv(99) == b"ONE\n"


def refused() -> None:
    """Connect, and be refused."""
    with pytest.raises(ConnectionRefusedError):
        connected()


def silent_connect() -> None:
    """Connect, and wait in vain."""
    with pytest.raises(TimeoutError):
        connected()


def unknown() -> None:
    """Look a name up in vain."""
    with pytest.raises(socket.gaierror):
        connected()


def silent() -> None:
    """Ask, and wait in vain; what is asked after that is not answered either."""
    with connected() as made:
        made.sendall(b"one\n")
        made.sendall(b"two\n")
        with pytest.raises(TimeoutError):
            made.recv(99)


def reset() -> None:
    """Ask, and be reset."""
    with pytest.raises(ConnectionResetError):
        say(b"one\n")


def cut() -> None:
    """Ask, get two bytes, and be reset."""
    with connected() as made:
        made.sendall(b"one\n")
        assert made.recv(99) == b"ON"
        with pytest.raises(ConnectionResetError):
            made.recv(99)


def ended() -> None:
    """Ask, get two bytes, and an end."""
    with connected() as made:
        made.sendall(b"one\n")
        assert (made.recv(99), made.recv(99)) == (b"ON", b"")


def late() -> None:
    """Ask, and wait."""
    assert say(b"one\n") == b"ONE\n"


def slow() -> None:
    """Ask, and get it byte by byte."""
    with connected() as made:
        made.sendall(b"one\n")
        assert [made.recv(99) for _ in range(4)] == [b"O", b"N", b"E", b"\n"]


def distrusted() -> None:
    """Look at a certificate, and trust it not."""
    context = ssl.create_default_context()
    with connected(77) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname=HOST)


@pytest.mark.parametrize(
    ("fault", "meets", "seconds"),
    [
        pytest.param({"fault": "connection_refused"}, refused, 0.0, id="refused"),
        pytest.param({"fault": "connect_timeout"}, silent_connect, 2.0, id="black hole"),
        pytest.param({"fault": "dns_failure"}, unknown, 0.0, id="no name"),
        pytest.param({"fault": "tls_failure"}, distrusted, 0.0, id="bad certificate"),
        pytest.param({"fault": "timeout"}, silent, 2.0, id="silent"),
        pytest.param(
            {"fault": "timeout", "takes_effect": False}, silent, 2.0, id="lost in silence"
        ),
        pytest.param({"fault": "reset_peer"}, reset, 0.0, id="reset"),
        pytest.param({"fault": "reset_peer", "after": "2B"}, cut, 0.0, id="cut by a reset"),
        pytest.param({"fault": "limit_data", "bytes": "2B"}, ended, 0.0, id="cut by an end"),
        pytest.param({"fault": "latency", "latency": "1s"}, late, 1.0, id="late"),
        pytest.param({"fault": "slicer", "size": "1B", "delay": "1s"}, slow, 3.0, id="in slices"),
    ],
)
def test_a_fault_is_met_by_the_client(
    world: SimulatedWorld, fault: dict[str, Any], meets: Callable[[], None], seconds: float
) -> None:
    """Each fault of the connection is what the socket of a client would see, and no more."""
    world.inject(upstream="shout", **fault)

    meets()

    assert world.now_s == seconds


def test_only_what_takes_effect_reaches_the_stand_in(world: SimulatedWorld) -> None:
    """A command that is lost on its way is not carried out; one whose answer is lost, is."""
    with connected() as made:
        for takes_effect in (False, True):
            fault = world.inject(
                upstream="shout", fault="timeout", takes_effect=takes_effect, calls=1
            )
            with connected() as other:
                other.sendall(b"one\n")
                with pytest.raises(TimeoutError):
                    other.recv(1)
            world.heal(fault)
        made.sendall(b"count\n")
        assert made.recv(99) == b"1\n"


def test_idle_connections_are_dropped(world: SimulatedWorld) -> None:
    """What nobody uses can end, as with HTTP."""
    with connected() as made:
        made.sendall(b"one\n")
        assert made.recv(99) == b"ONE\n"
        world.inject(upstream="shout", fault="drop_connections", how="reset")
        with pytest.raises(OSError, match="reset") as caught:
            made.recv(99)
    assert caught.value.errno == errno.ECONNRESET


@pytest.mark.parametrize(
    "kind", [kind for kind, model in FAULTS.items() if model.needs_http and kind != "cut_stream"]
)
def test_faults_of_http_servers_are_refused(kind: str) -> None:
    """A 503 means nothing to a client of another protocol; the run says so and proves nothing."""
    with pytest.raises(SimulationError, match=f"fault '{kind}' is an HTTP response"):  # noqa: PT012, SIM117
        with SimulatedWorld() as world:
            world.serve(Shouting())
            world.inject(**starter(kind, "shout", {}))
            say(b"one\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(b"what\n", "shout has no operation for b'what", id="unknown command"),
        pytest.param(b"\0", "the stand-in for shout is broken: ValueError", id="no protocol"),
    ],
)
def test_what_the_stand_in_cannot_do_is_no_providers_fault(line: bytes, message: str) -> None:
    """The service sees a reset, and the run ends inconclusive, in words that help."""
    with pytest.raises(ChaosError, match=message):  # noqa: PT012, SIM117
        with SimulatedWorld() as world:
            world.serve(Shouting())
            with pytest.raises(ConnectionResetError):
                say(line)
