"""What is sent and not read fills buffers, and whoever sends on has to wait."""

from __future__ import annotations

import asyncio
import errno
import select
import socket
import threading
import time
from collections.abc import Callable

import pytest

from chaos.errors import DeadlockError
from chaos.simulation.network.buffers import Buffers
from tests.chaos.simulation.toys import World

BIG = b"x" * 20_000_000
SHORT_S = 0.25


def connected(
    sends: int | None = None, receives: int | None = None
) -> tuple[socket.socket, socket.socket]:
    """A client and a server, with buffers of their own if they are given."""
    listening, client = socket.socket(), socket.socket()
    if receives is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    if sends is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sends)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    client.connect(listening.getsockname())
    server, _ = listening.accept()
    listening.close()
    return client, server


def reading(whom: socket.socket, after_s: float = SHORT_S) -> threading.Thread:
    """A thread that begins to read after a while, and goes on to the end."""

    def read() -> None:
        time.sleep(after_s)
        while whom.recv(65_536):
            """Nothing is made of it."""

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def blocking() -> tuple[object, ...]:
    """A socket without a timeout waits until all has been sent."""
    client, server = connected()
    reader, began_s = reading(server), time.monotonic()
    sent = client.send(BIG)
    waited = time.monotonic() - began_s >= SHORT_S
    client.close()
    reader.join()
    return sent, waited


def with_a_timeout() -> tuple[object, ...]:
    """One with a timeout sends what there is room for, and then waits in vain."""
    client, _server = connected()
    client.settimeout(SHORT_S)
    is_part = 0 < client.send(BIG) < len(BIG)
    try:
        client.sendall(BIG)
    except TimeoutError as error:
        return is_part, str(error)
    return (is_part,)


def without_waiting() -> tuple[object, ...]:
    """One that does not wait sends a part, and then raises."""
    client, _server = connected()
    client.settimeout(0)
    is_part = 0 < client.send(BIG) < len(BIG)
    try:
        client.send(BIG)
    except BlockingIOError as error:
        return is_part, error.errno == errno.EAGAIN
    return (is_part,)


def polled() -> tuple[object, ...]:
    """A poller knows when there is room again."""
    client, server = connected()
    client.settimeout(0)
    client.send(BIG)
    full = select.select([], [client], [], 0)[1]
    reader = reading(server)
    free = select.select([], [client], [], 5)[1]
    client.close()
    reader.join()
    return len(full), len(free)


def both_at_once() -> tuple[object, ...]:
    """Two who send and do not read stop each other."""
    client, server = connected()
    found = []

    def send(whom: socket.socket) -> None:
        whom.settimeout(SHORT_S)
        try:
            whom.sendall(BIG)
        except TimeoutError:
            found.append("timed out")

    other = threading.Thread(target=send, args=(server,))
    other.start()
    send(client)
    other.join()
    return tuple(found)


def reader_leaves() -> tuple[object, ...]:
    """Whoever waits for a reader learns that it has gone."""
    client, server = connected()
    leaving = threading.Timer(SHORT_S, server.close)
    leaving.start()
    try:
        client.sendall(BIG)
    except OSError as error:
        return (type(error).__name__,)
    finally:
        leaving.join()
    return ()


def drained() -> tuple[object, ...]:
    """A transport keeps what does not fit, and `drain` waits for it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(SHORT_S)
        while await reader.read(65_536):
            """Nothing is made of it."""
        writer.close()
        await writer.wait_closed()
        is_over.set()

    is_over = asyncio.Event()

    async def main() -> tuple[object, ...]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        began_s = time.monotonic()
        writer.write(BIG)
        is_kept = writer.transport.get_write_buffer_size() > 0
        await writer.drain()
        waited = time.monotonic() - began_s >= SHORT_S
        writer.close()
        await writer.wait_closed()
        await is_over.wait()
        server.close()
        return is_kept, waited

    return asyncio.run(main())


def a_pair() -> tuple[object, ...]:
    """A pair has little room, whatever it is used for."""
    one, _other = socket.socketpair()
    one.settimeout(0)
    return (150_000 < one.send(BIG) < 300_000,)


def small() -> tuple[object, ...]:
    """Who wants small buffers, gets them."""
    client, _server = connected(4096, 4096)
    client.settimeout(0)
    return client.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), client.send(BIG) < 40_000


def as_they_come() -> tuple[object, ...]:
    """What a new socket says of its buffers, and what it makes of a wish for almost nothing."""
    fresh = socket.socket()
    options = (socket.SO_SNDBUF, socket.SO_RCVBUF)
    before = [fresh.getsockopt(socket.SOL_SOCKET, each) for each in options]
    for each in options:
        fresh.setsockopt(socket.SOL_SOCKET, each, 1)
    return (*before, *(fresh.getsockopt(socket.SOL_SOCKET, each) for each in options))


@pytest.mark.parametrize(
    ("act", "result"),
    [
        (blocking, (len(BIG), True)),
        (with_a_timeout, (True, "timed out")),
        (without_waiting, (True, True)),
        (polled, (0, 1)),
        (both_at_once, ("timed out", "timed out")),
        (reader_leaves, ("ConnectionResetError",)),
        (drained, (True, True)),
        (a_pair, (True,)),
        (small, (8192, True)),
        (as_they_come, (16_384, 131_072, 4608, 2304)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_buffers_are_as_real_ones(
    world: World, act: Callable[[], tuple[object, ...]], result: tuple[object, ...]
) -> None:
    """What each comes to is what it comes to over the loopback interface of Linux."""
    assert world.result(act) == result


def test_a_deadlock_of_writers_is_named(world: World) -> None:
    """Without timeouts they wait for ever, and it is said for whom."""

    def act() -> None:
        client, _server = connected()
        client.sendall(BIG)

    with pytest.raises(
        DeadlockError, match=r"127\.0\.0\.1:\d+ to read what was sent, without a timeout"
    ):
        world.result(act)


def test_a_provider_reads_at_once(world: World) -> None:
    """Stand-ins have room for everything: what is sent to one arrives whole."""

    def act() -> int:
        client = socket.create_connection(("api.openai.com", 80))
        return client.send(BIG)

    assert world.result(act) == len(BIG)
    assert world.now_s == 0


def test_those_accepted_have_the_buffers_of_the_listening_one() -> None:
    """And a pair has none that could grow."""
    listening, accepted = Buffers(), Buffers()
    listening.set(socket.SO_RCVBUF, 8192)

    accepted.like(listening)

    assert Buffers().room_to(accepted) < Buffers().room_to(Buffers())
    assert Buffers(is_pair=True).room_to(Buffers(is_pair=True)) < 300_000
