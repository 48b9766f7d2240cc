"""Sockets of a run, used without a client library: what Linux does, seen on loopback."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.errors import SimulationError
from tests.chaos.simulation.toys import World, travels

AT_ONCE = struct.pack("ii", 1, 0)
HELLO = b"GET / HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"


def listening(host: str = "127.0.0.1", family: int = socket.AF_INET) -> socket.socket:
    """A server of the service itself."""
    server = socket.socket(family)
    server.bind((host, 0))
    server.listen()
    return server


def connected() -> tuple[socket.socket, socket.socket]:
    """A client and the server's end, both with a little patience."""
    server = listening()
    client = socket.create_connection(server.getsockname(), timeout=5)
    accepted, _ = server.accept()
    accepted.settimeout(5)
    return client, accepted


def comes_of(act: Callable[[], Any]) -> Any:
    """What somebody gets: a result, or the number of an error."""
    try:
        return act()
    except OSError as error:
        return error.errno


def test_answer_is_read_through_a_file_of_a_closed_socket(world: World) -> None:
    """As `urllib.request` does: it closes its socket, and reads on from what it has made of it."""
    world.injector.travel(travels(rate=64.0))

    def call() -> bytes:
        request = urllib.request.Request(
            "https://api.openai.com/v1/chat/completions", data=b"{}", method="POST"
        )
        with urllib.request.urlopen(request, timeout=5) as response:
            return bytes(response.read())

    assert b"button" in world.result(call)


def test_whoever_writes_to_one_who_has_closed_is_told(world: World) -> None:
    """The first bytes are lost without a word, and the next ones are an error."""

    def call() -> list[Any]:
        client, accepted = connected()
        client.close()
        return [comes_of(lambda: accepted.send(b"x")) for _ in range(3)]

    assert world.result(call) == [1, errno.EPIPE, errno.EPIPE]


@pytest.mark.parametrize("why", ["unread", "linger"])
def test_close_that_is_a_reset(world: World, why: str) -> None:
    """Of a socket with unread bytes, and of one that lingers for no time."""

    def call() -> tuple[Any, ...]:
        client, accepted = connected()
        if why == "unread":
            client.sendall(b"never read")
        else:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        accepted.sendall(b"bye")
        accepted.close()
        reads = [comes_of(lambda: client.recv(9)) for _ in range(3)]
        return (*reads, comes_of(lambda: client.send(b"x")))

    assert world.result(call) == (b"bye", errno.ECONNRESET, b"", errno.EPIPE)


def test_writer_meets_a_reset_that_nobody_has_read(world: World) -> None:
    """It is told of once; then the connection is just gone."""

    def call() -> list[Any]:
        client, accepted = connected()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        accepted.close()
        return [comes_of(lambda: client.send(b"x")) for _ in range(2)]

    assert world.result(call) == [errno.ECONNRESET, errno.EPIPE]


def test_server_that_closes_resets_whom_it_has_not_accepted(world: World) -> None:
    """They are in its queue, and wait for an answer."""

    def call() -> Any:
        server = listening()
        client = socket.create_connection(server.getsockname(), timeout=5)
        server.close()
        return comes_of(lambda: client.recv(9))

    assert world.result(call) == errno.ECONNRESET


def test_server_that_is_shut_down_accepts_nobody(world: World) -> None:
    """Whoever waits for a connection in another thread is told, and clients are refused."""

    def call() -> list[Any]:
        server = listening()
        seen: list[Any] = []
        waiting = threading.Thread(target=lambda: seen.append(comes_of(server.accept)))
        waiting.start()
        threading.Event().wait(1)
        server.shutdown(socket.SHUT_RDWR)
        waiting.join()
        where = server.getsockname()
        return [*seen, comes_of(lambda: socket.create_connection(where, timeout=5))]

    assert world.result(call) == [errno.EINVAL, errno.ECONNREFUSED]


def test_nothing_is_sent_behind_the_end(world: World) -> None:
    """One direction is over; the other one goes on."""

    def call() -> tuple[Any, ...]:
        client, accepted = connected()
        client.shutdown(socket.SHUT_WR)
        accepted.sendall(b"still here")
        return comes_of(lambda: client.send(b"x")), accepted.recv(9), client.recv(99)

    assert world.result(call) == (errno.EPIPE, b"", b"still here")


def test_provider_ends_when_it_has_answered_who_sends_no_more(world: World) -> None:
    """Whoever reads to the end gets there."""

    def call() -> bytes:
        client = socket.create_connection(("api.openai.com", 80), timeout=5)
        client.sendall(
            HELLO.replace(b"GET /", b"POST /v1/chat/completions").replace(
                b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n{}"
            )
        )
        client.shutdown(socket.SHUT_WR)
        came = b""
        while more := client.recv(64):
            came += more
        return came

    assert b"button" in world.result(call)
    assert world.now_s == 0


def test_nothing_is_no_end(world: World) -> None:
    """An empty send is none."""

    def call() -> bytes:
        client, accepted = connected()
        client.send(b"")
        client.sendmsg([b"", b"some", bytearray(b"thing")])
        return accepted.recv(99)

    assert world.result(call) == b"something"


def test_closed_socket_is_good_for_nothing(world: World) -> None:
    """Not even for what has come already."""

    def call() -> list[Any]:
        client, accepted = connected()
        accepted.sendall(b"too late")
        client.close()
        uses: list[Callable[[], Any]] = [
            lambda: client.recv(9),
            lambda: client.send(b"x"),
            lambda: client.settimeout(1),
            client.getpeername,
            client.getsockname,
        ]
        return [comes_of(use) for use in uses]

    assert world.result(call) == [errno.EBADF] * 5


def test_peek_sees_all_that_has_come(world: World) -> None:
    """However many pieces it came in."""

    def call() -> tuple[bytes, bytes, bytes]:
        client, accepted = connected()
        accepted.sendall(b"hello")
        accepted.sendall(b" world")
        return client.recv(99, socket.MSG_PEEK), client.recv(8), client.recv(99, socket.MSG_PEEK)

    assert world.result(call) == (b"hello world", b"hello wo", b"rld")


def test_wait_for_all_waits_for_all(world: World) -> None:
    """Of a socket without a timeout; and one that must not wait does not."""

    def call() -> tuple[Any, bytes]:
        client, accepted = connected()
        client.settimeout(None)
        nothing = comes_of(lambda: client.recv(6, socket.MSG_DONTWAIT))
        accepted.sendall(b"abc")
        threading.Timer(2, lambda: accepted.sendall(b"defghi")).start()
        return nothing, client.recv(6, socket.MSG_WAITALL)

    assert world.result(call) == (errno.EAGAIN, b"abcdef")
    assert world.now_s == 2


def test_timeout_of_the_system_holds_without_one_of_python(world: World) -> None:
    """What `SO_RCVTIMEO` says."""

    def call() -> Any:
        client, _accepted = connected()
        client.settimeout(None)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 3, 0))
        return comes_of(lambda: client.recv(1))

    assert world.result(call) == errno.EAGAIN
    assert world.now_s == 3


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda client: client.recv(-1), ValueError("negative buffersize in recv")),
        (
            lambda client: client.recv_into(bytearray(3), 5),
            ValueError("buffer too small for requested bytes"),
        ),
        (
            lambda client: client.send(5),
            TypeError("a bytes-like object is required, not 'int'"),
        ),
        (
            lambda client: client.sendall("text"),
            TypeError("a bytes-like object is required, not 'str'"),
        ),
        (
            lambda _: socket.socket().connect(("127.0.0.1", 70000)),
            OverflowError("connect(): port must be 0-65535."),
        ),
        (
            lambda _: socket.socket().connect(("127.0.0.1", "80")),
            TypeError("'str' object cannot be interpreted as an integer"),
        ),
        (
            lambda _: socket.socket().bind("127.0.0.1:80"),
            TypeError("bind(): AF_INET address must be tuple, not str"),
        ),
    ],
)
def test_nonsense_is_refused_in_python_s_words(
    world: World, act: Callable[[socket.socket], object], error: Exception
) -> None:
    """The world is no milder than the real thing."""
    met = world.error(lambda: act(connected()[0]))

    assert (type(met), str(met)) == (type(error), str(error))


def test_attempt_that_nobody_waits_for_is_in_progress(world: World) -> None:
    """Even if the answer is there at once: it is asked for later."""

    def call() -> list[Any]:
        server = listening()
        where = server.getsockname()
        client = socket.socket()
        client.settimeout(0)
        begun = client.connect_ex(where)
        select.select([], [client], [], 5)
        done = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        server.close()
        late = socket.socket()
        late.settimeout(0)
        refused = late.connect_ex(where)
        return [begun, done, refused, late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]

    assert world.result(call) == [errno.EINPROGRESS, 0, errno.EINPROGRESS, errno.ECONNREFUSED]


# -- addresses


@pytest.mark.parametrize(
    ("bound", "asked"),
    [
        ("localhost", "localhost"),
        ("localhost", "127.0.0.1"),
        ("", "localhost"),
        ("", "127.0.0.2"),
        ("0.0.0.0", "0.0.0.0"),
        ("127.0.0.1", "0.0.0.0"),
        ("", socket.gethostname()),
        (socket.gethostname(), socket.gethostname()),
    ],
)
def test_server_is_met_under_every_name_of_its_host(world: World, bound: str, asked: str) -> None:
    """Whatever it was bound to, and whatever the client calls it."""

    def call() -> bytes:
        server = listening(bound)
        client = socket.create_connection((asked, server.getsockname()[1]), timeout=5)
        accepted, _ = server.accept()
        client.sendall(b"met")
        return accepted.recv(9)

    assert world.result(call) == b"met"
    assert world.run.violations == []


def test_addresses_are_told_as_on_loopback(world: World) -> None:
    """Who listens everywhere is met at one place; who connects from here is here."""

    def call() -> list[str]:
        server = listening("")
        client = socket.create_connection(("127.0.0.1", server.getsockname()[1]), timeout=5)
        accepted, peer = server.accept()
        assert peer == client.getsockname()
        return [server.getsockname()[0], accepted.getsockname()[0], peer[0]]

    assert world.result(call) == ["0.0.0.0", "127.0.0.1", "127.0.0.1"]


def test_addresses_of_ipv6_have_four_parts(world: World) -> None:
    """Of a server, and of whoever connects."""

    def call() -> list[tuple[Any, ...]]:
        server = listening("::1", socket.AF_INET6)
        client = socket.create_connection(server.getsockname()[:2], timeout=5)
        _accepted, peer = server.accept()
        return [server.getsockname(), client.getpeername(), peer]

    assert [(host, *rest) for host, _, *rest in world.result(call)] == [("::1", 0, 0)] * 3


def test_host_knows_its_own_name(world: World) -> None:
    """Many services ask for it, to say who they are; nobody else is meant."""

    def call() -> tuple[str, str, str]:
        name = socket.gethostname()
        return socket.gethostbyname(name), socket.getfqdn(), socket.getfqdn("127.0.0.1")

    assert world.result(call) == ("192.0.2.254", socket.gethostname(), "localhost")
    assert world.run.violations == []


def test_address_is_taken_when_it_is_bound(world: World) -> None:
    """Not only when somebody listens; and it is free again after the end."""

    def call() -> list[Any]:
        one, other = socket.socket(), socket.socket()
        one.bind(("127.0.0.1", 0))
        where = one.getsockname()
        found = [comes_of(lambda: other.bind(where)), comes_of(lambda: one.bind(where))]
        found.append(comes_of(lambda: socket.create_connection(where, timeout=5)))
        one.close()
        other.bind(where)
        return found

    assert world.result(call) == [errno.EADDRINUSE, errno.EINVAL, errno.ECONNREFUSED]


def test_address_of_a_client_that_has_closed_is_free(world: World) -> None:
    """Although somebody still has the socket."""

    def call() -> tuple[Any, ...]:
        server, client, next_one = listening(), socket.socket(), socket.socket()
        client.bind(("127.0.0.1", 0))
        client.connect(server.getsockname())
        where = client.getsockname()
        client.close()
        next_one.bind(where)
        return where, next_one.getsockname()

    before, after = world.result(call)
    assert before == after


# -- polls, and descriptors


def test_poll_tells_of_ends(world: World) -> None:
    """Asked for or not: an error, and that nothing goes either way; if asked, half an end."""

    def told(*, reset: bool, both: bool, asked: int) -> int:
        client, accepted = connected()
        poll = select.poll()
        poll.register(client, asked)
        if reset:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        accepted.close()
        if both:
            client.shutdown(socket.SHUT_WR)
        ((_, events),) = poll.poll(100)
        return int(events)

    came = select.POLLIN
    assert world.result(
        lambda: [
            told(reset=True, both=False, asked=came),
            told(reset=False, both=True, asked=came),
            told(reset=False, both=False, asked=came | select.POLLRDHUP),
        ]
    ) == [came | select.POLLERR | select.POLLHUP, came | select.POLLHUP, came | select.POLLRDHUP]


def test_epoll_is_as_strict_as_the_system_s(world: World) -> None:
    """So many events at a time, each descriptor once."""

    def call() -> tuple[int, Any]:
        epoll = select.epoll()
        pairs = [connected() for _ in range(3)]
        for client, accepted in pairs:
            epoll.register(client, select.EPOLLIN)
            accepted.sendall(b"x")
        again = comes_of(lambda: epoll.register(pairs[0][0], select.EPOLLIN))
        return len(epoll.poll(1, 2)), again

    assert world.result(call) == (2, errno.EEXIST)


@pytest.mark.parametrize(
    "act",
    [
        lambda: select.epoll().register(connected()[0], select.EPOLLIN | select.EPOLLET),
        lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    ],
    ids=["poll for edges", "pair of datagrams"],
)
def test_what_would_be_something_else_is_refused(world: World, act: Callable[[], object]) -> None:
    """Rather than played as something similar."""
    assert isinstance(world.error(act), SimulationError)
    assert len(world.run.violations) == 1


def test_descriptor_leads_to_the_connection(world: World, tmp_path: Path) -> None:
    """For `os.write`, `os.read` and `os.sendfile`, which know nothing of sockets."""
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")

    def call() -> list[bytes]:
        client, accepted = connected()
        os.write(client.fileno(), b"raw")
        with file.open("rb") as opened:
            os.sendfile(client.fileno(), opened.fileno(), 2, 5)
        accepted.sendall(b"back")
        return [accepted.recv(99), os.read(client.fileno(), 99)]

    assert world.result(call) == [b"raw23456", b"back"]


def test_file_is_sent_by_a_loop(world: World, tmp_path: Path) -> None:
    """Whole, although the loop asks the system to do it."""
    import asyncio  # noqa: PLC0415 - the only test that needs it

    file = tmp_path / "file"
    file.write_bytes(b"z" * 5000)

    async def main() -> int:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with file.open("rb") as opened:
                await asyncio.get_running_loop().sendfile(writer.transport, opened)
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        came = len(await reader.read())
        writer.close()
        return came

    assert world.result(lambda: asyncio.run(main())) == 5000
