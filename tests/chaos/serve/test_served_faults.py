"""Every fault of the language, as a client meets it at a real socket."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from chaos.choices import Seeded
from chaos.faults.registry import BEHAVIOURS, kind_of
from chaos.scenario.faults import AnyFault, Fault
from chaos.serve.meaning import UNMEANT_FAULTS
from chaos.tiers.served.world import ServedWorld
from chaos.trace.events import ResponseEvent
from chaos.upstreams.openai import OpenAIUpstream

_READ: TypeAdapter[Fault] = TypeAdapter(AnyFault)
_BODY = b'{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello?"}]%b}'
_STREAM = b', "stream": true'
_PATIENCE_S = 30.0
"""How long a client waits for what has to come."""
_SILENCE_S = 0.2
"""How long it waits where nothing may come."""

Check = Callable[[bytes], bool]


def asked(connection: socket.socket, *, streamed: bool = False, first: bytes = b"") -> bytes:
    """Send a question, and read until the answer is whole, or its connection has ended.

    Args:
        connection: Where to.
        streamed: Whether the answer is to be a stream.
        first: Where an answer falls silent, what comes before that.

    Returns:
        What came, and behind it how that ended.
    """
    body = _BODY % (_STREAM if streamed else b"")
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-x\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    came = b""
    try:
        connection.sendall(head + body)
        while not is_whole(came):
            is_silent = first in came if first else False
            connection.settimeout(_SILENCE_S if is_silent else _PATIENCE_S)
            more = connection.recv(65_536)
            if not more:
                return came + b"<end>"
            came += more
    except TimeoutError:
        return came + b"<silence>"
    except OSError:
        return came + b"<reset>"
    return came + b"<whole>"


def is_whole(came: bytes) -> bool:
    """Whether all that the head announces has come."""
    head, _, body = came.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    if length is not None:
        return len(body) >= int(length[1])
    return b"chunked" in head and body.endswith(b"0\r\n\r\n")


def has(*parts: bytes) -> Check:
    """All of these, in this order."""

    def check(came: bytes) -> bool:
        at = 0
        for part in parts:
            at = came.find(part, at) + 1
            if not at:
                return False
        return True

    return check


def exactly(expected: bytes) -> Check:
    """This and no more."""
    return lambda came: came == expected


ANSWERED = has(b" 200 OK", b'"finish_reason"', b"<whole>")
CASES: list[tuple[dict[str, Any], Check]] = [
    ({"fault": "rate_limit", "retry_after": "7s"}, has(b" 429 ", b"retry-after: 7", b"<whole>")),
    ({"fault": "http_error", "status": 503}, has(b" 503 ", b"<whole>")),
    ({"fault": "quota", "requests": 1, "per": "1h"}, has(b" 200 OK", b"x-ratelimit-")),
    ({"fault": "latency", "latency": "50ms"}, ANSWERED),
    ({"fault": "connection_refused"}, exactly(b"<reset>")),
    ({"fault": "reset_peer"}, exactly(b"<reset>")),
    ({"fault": "reset_peer", "after": "30B"}, has(b" 200 OK", b"{", b"<reset>")),
    ({"fault": "limit_data", "bytes": "30B"}, has(b" 200 OK", b"{", b"<end>")),
    ({"fault": "bandwidth", "rate": "4KB"}, ANSWERED),
    ({"fault": "slicer", "size": "100B", "delay": "5ms"}, ANSWERED),
    ({"fault": "corrupt"}, has(b" 200 OK", b"<whole>")),
    ({"fault": "malformed", "as": "html"}, has(b" 200 OK", b"<html", b"<whole>")),
    ({"fault": "encoding", "as": "gzip"}, has(b" 200 OK", b"gzip", b"\x1f\x8b", b"<whole>")),
    ({"fault": "completion", "finish_reason": "length"}, has(b'"length"', b"<whole>")),
    ({"fault": "stream", "as": "comments"}, has(b"\r\n:", b"data: [DONE]", b"<whole>")),
    ({"fault": "cut_stream", "after": 2, "how": "fin"}, has(b"data:", b"0\r\n\r\n<whole>")),
    ({"fault": "cut_stream", "after": 2, "how": "abort"}, has(b"data:", b"<end>")),
    ({"fault": "cut_stream", "after": 2, "how": "reset"}, has(b"data:", b"<reset>")),
    ({"fault": "cut_stream", "after": 2, "how": "stall"}, has(b"data:", b"<silence>")),
]
OTHERS = {"timeout", "connect_timeout", "overload", "idle_close", "drop_connections"}
"""They are met in tests of their own."""


@pytest.mark.parametrize(
    ("said", "check"), CASES, ids=[" ".join(map(str, each.values())) for each, _ in CASES]
)
def test_fault_is_met_at_a_real_socket(said: dict[str, Any], check: Check) -> None:
    """What the client reads is what the fault says, and the trace knows of it."""
    fault = _READ.validate_python({"upstream": "openai", **said})
    with ServedWorld([OpenAIUpstream()], Seeded(7)) as world:
        world.injector.inject(fault, now_s=0.0)
        with socket.create_connection(("127.0.0.1", world.ports["openai"])) as connection:
            stalls = said.get("how") == "stall"
            first = b"data:" if stalls else b""
            came = asked(connection, streamed="stream" in said["fault"], first=first)

    assert check(came), came
    assert world.injector.untouched() == ()
    assert world.violations == []


@pytest.mark.parametrize("kind", ["timeout", "connect_timeout"])
def test_nothing_ever_comes(kind: str) -> None:
    """The client is let in, and then there is silence."""
    fault = _READ.validate_python({"upstream": "openai", "fault": kind})
    with ServedWorld([OpenAIUpstream()], Seeded(7)) as world:
        world.injector.inject(fault, now_s=0.0)
        with socket.create_connection(("127.0.0.1", world.ports["openai"])) as connection:
            connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            connection.settimeout(_SILENCE_S)
            with pytest.raises(TimeoutError):
                connection.recv(1)

    assert world.injector.untouched() == ()


def test_overload_slows_the_second_call() -> None:
    """It keeps count of calls over real time."""
    said = {"fault": "overload", "capacity": 1, "per_call": "100ms", "memory": "1h"}
    fault = _READ.validate_python({"upstream": "openai", **said})
    with ServedWorld([OpenAIUpstream()], Seeded(7)) as world:
        world.injector.inject(fault, now_s=0.0)
        with socket.create_connection(("127.0.0.1", world.ports["openai"])) as connection:
            asked(connection)
            asked(connection)

        _, second = world.trace.of(ResponseEvent)
    assert second.elapsed_s >= 0.1


def test_answer_that_is_late_takes_at_least_as_long_as_the_fault_says() -> None:
    """Time is real: no less than the latency passes before the first byte."""
    fault = _READ.validate_python({"upstream": "openai", "fault": "latency", "latency": "150ms"})
    with ServedWorld([OpenAIUpstream()], Seeded(7)) as world:
        world.injector.inject(fault, now_s=0.0)
        with socket.create_connection(("127.0.0.1", world.ports["openai"])) as connection:
            began_s = time.monotonic()
            asked(connection)
            took_s = time.monotonic() - began_s

        (response,) = world.trace.of(ResponseEvent)
    assert took_s >= 0.15
    assert 0.15 <= response.elapsed_s <= took_s


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ({"fault": "drop_connections", "how": "fin"}, b""),
        ({"fault": "drop_connections", "how": "reset"}, b"<reset>"),
        ({"fault": "idle_close", "after": "20ms"}, b""),
    ],
    ids=["closed", "reset", "closed for being idle"],
)
def test_idle_connection_ends(said: dict[str, Any], end: bytes) -> None:
    """The provider ends a connection between two requests, and the client can see it."""
    fault = _READ.validate_python({"upstream": "openai", **said})
    is_early = said["fault"] == "idle_close"
    with (
        ServedWorld([OpenAIUpstream()], Seeded(7)) as world,
        socket.create_connection(("127.0.0.1", world.ports["openai"])) as connection,
    ):
        if is_early:
            world.injector.inject(fault, now_s=0.0)
        came = asked(connection)
        if not is_early:
            world.injector.inject(fault, now_s=0.0)
        seen = rest(connection)

    assert came.endswith(b"<whole>")
    assert seen == end
    assert world.injector.untouched() == ()


def test_end_that_crosses_a_request_loses_it() -> None:
    """The client cannot see it coming; its request is lost, and the fault was felt."""
    fault = _READ.validate_python(
        {"upstream": "openai", "fault": "drop_connections", "how": "race"}
    )
    with (
        ServedWorld([OpenAIUpstream()], Seeded(7)) as world,
        socket.create_connection(("127.0.0.1", world.ports["openai"])) as connection,
    ):
        asked(connection)
        world.injector.inject(fault, now_s=0.0)
        came = asked(connection)

    assert came == b"<reset>"
    assert world.injector.untouched() == ()


def test_no_fault_of_the_language_is_left_out() -> None:
    """A new one is met here, or it is refused with a reason."""
    met = {said["fault"] for said, _ in CASES} | OTHERS

    assert met | UNMEANT_FAULTS.keys() == {kind_of(fault) for fault in BEHAVIOURS}


def rest(connection: socket.socket) -> bytes:
    """What comes on a connection on which nothing was sent."""
    connection.settimeout(_PATIENCE_S)
    try:
        return connection.recv(1)
    except OSError:
        return b"<reset>"
