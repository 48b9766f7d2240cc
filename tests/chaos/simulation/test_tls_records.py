"""Reads of TLS: a record at a time, and what is left of one is out of the sight of pollers."""

from __future__ import annotations

import select
import socket
import ssl

from chaos.http import Response
from tests.chaos.simulation.toys import World

BODY = b"x" * 100_000
RECORD = 16_384


def asked() -> ssl.SSLSocket:
    """A connection on which a long answer has come."""
    context = ssl.create_default_context()
    plain = socket.create_connection(("api.openai.com", 443))
    connection = context.wrap_socket(plain, server_hostname="api.openai.com")
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\ncontent-length: 0\r\n\r\n"
    )
    return connection


def is_readable(connection: ssl.SSLSocket) -> bool:
    """What a poller says."""
    return bool(select.select([connection], [], [], 0)[0])


def test_a_read_gives_one_record_at_most(world: World) -> None:
    """However much is wanted, and has come."""
    world.injector.answer = Response(status=200, headers=(), body=BODY)

    def act() -> tuple[int, int]:
        connection = asked()
        return len(connection.recv(1 << 20)), connection.pending()

    assert world.result(act) == (RECORD, 0)


def test_what_is_left_of_a_record_is_only_pending(world: World) -> None:
    """A service that polls after a small read waits for what it has already."""
    world.injector.answer = Response(status=200, headers=(), body=b"short")

    def act() -> tuple[int, bool, bool, int]:
        connection = asked()
        first = len(connection.recv(10))
        is_left = connection.pending() > 0
        seen = is_readable(connection)
        buffer = bytearray(RECORD)
        rest = connection.recv_into(buffer)
        assert rest > 0
        return first, is_left, seen, connection.pending()

    assert world.result(act) == (10, True, False, 0)


def test_nothing_is_read_for_nothing(world: World) -> None:
    """A read of no bytes takes no record from the socket."""
    world.injector.answer = Response(status=200, headers=(), body=b"short")

    def act() -> tuple[bytes, int, bool]:
        connection = asked()
        return connection.recv(0), connection.pending(), is_readable(connection)

    assert world.result(act) == (b"", 0, True)
