"""The stand-in server: the bytes on the wire, and the requests it does not believe."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import freezegun
import pytest

from chaos.tiers.wire.server import Expected, StandInServer

REQUEST = (
    b"POST /a%2Fb?c=d%20e HTTP/1.1\r\nhost: api.test\r\ncontent-length: 2\r\nx-twice: 1\r\n"
    b"X-Twice: 2\r\n\r\nhi"
)
REPLY = b"HTTP/1.1 529 Busy\r\nContent-Length: 4\r\nX-A: 1\r\nx-a: 2\r\n\r\nbusy"


@pytest.fixture(scope="module")
def server() -> Iterator[StandInServer]:
    """A server on a port of its own."""
    with StandInServer() as server:
        yield server


def sent(server: StandInServer, data: bytes, length: int) -> bytes:
    """What the server sends: so many bytes, or fewer if it closes."""
    received = b""
    with socket.create_connection(server.address, timeout=5.0) as connection:
        connection.sendall(data)
        while len(received) < length and (more := connection.recv(length - len(received))):
            received += more
    return received


def exchange(server: StandInServer, changed: tuple[bytes, bytes] = (b"", b"")) -> Expected:
    """Expect ``REQUEST``, and let it arrive with something changed."""
    number, expected = server.expect(REQUEST, REPLY)
    sent(server, expected.request.replace(*changed), 1)
    server.forget(number)
    return expected


def test_reply_is_sent_to_the_byte(server: StandInServer) -> None:
    """Toxics count bytes, so what is sent is exactly what was worked out."""
    _, expected = server.expect(REQUEST, REPLY)

    assert sent(server, expected.request, len(REPLY)) == REPLY


def test_connection_carries_one_request_after_the_other(server: StandInServer) -> None:
    """Clients keep their connections, and so does whoever stands in for the provider."""
    _, first = server.expect(REQUEST, REPLY)
    _, second = server.expect(REQUEST, REPLY[:-1] + b"?")

    received = sent(server, first.request + second.request, 2 * len(REPLY))

    assert received == REPLY + REPLY[:-1] + b"?"


def test_request_that_arrives_as_sent_is_no_problem(server: StandInServer) -> None:
    """Percent escapes, repeated headers and the body are compared as they are."""
    expected = exchange(server)

    assert expected.arrived
    assert expected.problem is None


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param((b"POST", b"QUUX"), id="method"),
        pytest.param((b"%20", b"+20"), id="target"),
        pytest.param((b"x-twice", b"X-twice"), id="header"),
        pytest.param((b"\r\n\r\nhi", b"\r\n\r\nho"), id="body"),
    ],
)
def test_request_that_changed_on_its_way_is_a_problem(
    server: StandInServer, changed: tuple[bytes, bytes]
) -> None:
    """What was answered is what was sent; the wire must have carried the same."""
    expected = exchange(server, changed)

    assert expected.problem is not None
    assert expected.problem.startswith("the request changed on its way")


@pytest.mark.parametrize("number", [b"", b"X-Chaos-Call: 4711\r\n"])
def test_request_of_no_call_is_not_answered_as_a_provider_would(
    server: StandInServer, number: bytes
) -> None:
    """A straggler of an earlier run, or a stranger."""
    request = b"GET / HTTP/1.1\r\n" + number + b"\r\n"

    assert sent(server, request, 12) == b"HTTP/1.1 421"


def test_server_answers_while_time_is_frozen(server: StandInServer) -> None:
    """Its threads run on the real clock."""
    with freezegun.freeze_time("2026-01-01"):
        expected = exchange(server)

    assert expected.arrived


def test_server_starts_and_ends_while_time_freezes_and_thaws() -> None:
    """Asking freezegun for the time in that moment would end the server's thread."""
    for _ in range(3):
        with StandInServer() as server:
            for _ in range(3):
                with freezegun.freeze_time("2026-01-01"):
                    pass
            assert exchange(server).arrived
