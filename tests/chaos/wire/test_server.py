"""The stand-in server: the bytes on the wire, and the requests it does not believe."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import freezegun
import pytest

from chaos.http import Request, Response
from chaos.tiers.wire.head import head_of
from chaos.tiers.wire.server import Expected, StandInServer

REQUEST = Request(
    method="POST", url="https://api.test/a%2Fb?c=d%20e", headers={"host": "api.test"}, body=b"hi"
)


@pytest.fixture(scope="module")
def server() -> Iterator[StandInServer]:
    """A server on a port of its own."""
    with StandInServer() as server:
        yield server


def raw(request: Request, number: str) -> bytes:
    """A request as it goes over the wire."""
    path = request.url.removeprefix("https://api.test")
    lines = [
        f"{request.method} {path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in request.headers.items()),
        f"x-chaos-call: {number}",
        f"content-length: {len(request.body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + request.body


def sent(server: StandInServer, data: bytes, length: int) -> bytes:
    """What the server sends: so many bytes, or fewer if it closes."""
    received = b""
    with socket.create_connection(server.address, timeout=5.0) as connection:
        connection.sendall(data)
        while len(received) < length and (more := connection.recv(length - len(received))):
            received += more
    return received


def exchange(server: StandInServer, arriving: Request, response: Response) -> Expected:
    """Expect ``REQUEST``, and let another arrive."""
    number, expected = server.expect(REQUEST, response)
    sent(server, raw(arriving, number), 1)
    server.forget(number)
    return expected


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(Response(status=200, body=b"hello"), id="whole"),
        pytest.param(Response(status=404, headers=(("X-A", "1"), ("x-a", "2"))), id="repeated"),
        pytest.param(
            Response(status=200, headers=(("content-length", "99"),), body=b"hello"), id="length"
        ),
        pytest.param(Response(status=529, body=b"busy"), id="status without a phrase"),
        pytest.param(Response(status=204), id="no content"),
        pytest.param(
            Response(
                status=200, headers=(("content-type", "text/event-stream"),), body=b"data: 1\n\n"
            ),
            id="stream",
        ),
    ],
)
def test_response_is_sent_to_the_byte(server: StandInServer, response: Response) -> None:
    """Toxics count bytes, so the length of the head has to be known before it is sent."""
    number, _ = server.expect(REQUEST, response)
    whole = head_of(response) + response.body

    assert sent(server, raw(REQUEST, number), len(whole)) == whole


def test_stream_ends_with_its_connection(server: StandInServer) -> None:
    """Without length and chunks, a stream that is cut looks like one that is over."""
    response = Response(
        status=200, headers=(("content-type", "text/event-stream"),), body=b"data: 1\n\n"
    )
    number, _ = server.expect(REQUEST, response)

    received = sent(server, raw(REQUEST, number), 10_000)

    assert b"chunked" not in received
    assert received.endswith(b"\r\n\r\ndata: 1\n\n")


def test_request_that_arrives_as_sent_is_no_problem(server: StandInServer) -> None:
    """Percent escapes, query and body are compared as they are."""
    expected = exchange(server, REQUEST, Response(status=200))

    assert expected.arrived
    assert expected.problem is None


@pytest.mark.parametrize(
    ("arriving", "what"),
    [
        (replace(REQUEST, method="PUT"), "method"),
        (replace(REQUEST, url="https://api.test/a/b?c=d%20e"), "target"),
        (replace(REQUEST, url="https://api.test/a%2Fb?c=d"), "target"),
        (replace(REQUEST, headers={"host": "other"}), "headers"),
        (replace(REQUEST, body=b"ho"), "body"),
    ],
)
def test_request_that_changed_on_its_way_is_a_problem(
    server: StandInServer, arriving: Request, what: str
) -> None:
    """What was answered is what was intercepted; the wire must have carried the same."""
    expected = exchange(server, arriving, Response(status=200))

    assert expected.problem is not None
    assert expected.problem.startswith(f"the {what} of a request changed on its way")


@pytest.mark.parametrize("number", ["", "4711"])
def test_request_of_no_call_is_not_answered_as_a_provider_would(
    server: StandInServer, number: str
) -> None:
    """A straggler of an earlier run, or a stranger."""
    assert sent(server, raw(REQUEST, number), 12) == b"HTTP/1.1 421"


def test_server_answers_while_time_is_frozen(server: StandInServer) -> None:
    """Its loop runs on the real clock."""
    with freezegun.freeze_time("2026-01-01"):
        expected = exchange(server, REQUEST, Response(status=200))

    assert expected.arrived


def test_server_starts_and_ends_while_time_freezes_and_thaws() -> None:
    """Asking freezegun for the time in that moment would end the server's thread."""
    for _ in range(3):
        with StandInServer() as server:
            for _ in range(3):
                with freezegun.freeze_time("2026-01-01"):
                    pass
            assert exchange(server, REQUEST, Response(status=200)).arrived
