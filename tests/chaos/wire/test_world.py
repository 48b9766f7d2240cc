"""The world of the wire tier: which sockets there are, and what is left of them."""

from __future__ import annotations

import _socket
import ctypes
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from chaos.faults.delivery import Delivery
from chaos.simulation.outside.sealing.launcher import launcher
from chaos.simulation.tasks.baton import outside
from chaos.simulation.timing import real
from chaos.tiers.wire.world import WireTier
from tests.chaos.simulation.toys import ANSWER, SILENT, World, chat, travels

LONG_BEFORE_S = 10.0
"""Real seconds: fifteen would be the nominal time, and a tenth is usual."""

URL = "https://api.openai.com/v1/chat/completions"


@pytest.fixture
def world(simulation: WireTier) -> Iterator[World]:
    """A run that may have violations."""
    world = World(simulation)
    yield world
    world.run.close()


@pytest.mark.wire
def test_loopback_of_the_machine_is_out_of_reach(world: World) -> None:
    """The sockets of the run are virtual here, too: nobody listens in their world."""
    with ExitStack() as undo:
        with outside():
            somebody = undo.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = somebody.getsockname()
        error = world.error(lambda: socket.create_connection(address))

    assert isinstance(error, ConnectionRefusedError)


@pytest.mark.wire
def test_body_that_is_never_read_leaves_no_proxy(world: World, simulation: WireTier) -> None:
    """The end of the run is the end of its connections."""
    world.injector.travels = travels(slice_bytes=10, slice_delay_s=1.0)
    client = httpx2.Client()
    standing = set(simulation.toxiproxy.client.proxies())
    unread = []

    def call() -> None:
        unread.append(client.send(client.build_request("POST", URL, json={}), stream=True))

    world.result(call)
    assert len(simulation.toxiproxy.client.proxies()) == len(standing) + 1
    world.run.close()

    assert set(simulation.toxiproxy.client.proxies()) == standing
    client.close()


@pytest.mark.wire
def test_body_that_is_abandoned_leaves_no_proxy(world: World, simulation: WireTier) -> None:
    """A client that does not want the rest ends the way it came on."""
    world.injector.travels = travels(slice_bytes=10, slice_delay_s=1.0)
    standing = set(simulation.toxiproxy.client.proxies())

    def call() -> None:
        with httpx2.Client() as client, client.stream("POST", URL, json={}) as response:
            next(response.iter_raw())

    world.result(call)

    assert set(simulation.toxiproxy.client.proxies()) == standing
    assert world.run.violations == []


@pytest.mark.wire
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_c_code_gets_no_socket_here_either(world: World, family: int) -> None:
    """The kernel refuses it, and the run knows; the answers of stand-ins come all the same."""
    if launcher() is None:
        pytest.skip("the kernel here does not refuse sockets to a thread")
    libc = ctypes.CDLL(None, use_errno=True)

    def act() -> tuple[str | None, int, str | None]:
        return chat(), libc.socket(family, socket.SOCK_STREAM, 0), chat()

    assert world.result(act) == (ANSWER, -1, ANSWER)
    world.run.close()

    assert any(
        "C code in user-1 tried to open a real socket" in each for each in world.run.violations
    )


@pytest.mark.wire
@pytest.mark.parametrize(
    ("leave", "told"),
    [
        pytest.param(
            lambda: httpx2.get("https://elsewhere.test/"),
            "unknown host 'elsewhere.test'",
            id="name",
        ),
        pytest.param(
            lambda: socket.create_connection(("93.184.215.14", 80), timeout=1),
            "unknown host '93.184.215.14:80'",
            id="address",
        ),
        pytest.param(
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), "SOCK_DGRAM", id="UDP"
        ),
        pytest.param(
            lambda: _socket.socket(socket.AF_INET, socket.SOCK_STREAM),
            "a real socket was opened",
            id="raw",
        ),
        pytest.param(
            lambda: subprocess.run(["true"], check=False), "another process", id="process"
        ),
    ],
)
def test_ways_out_are_closed_as_in_the_simulated_tier(
    world: World, leave: Callable[[], object], told: str
) -> None:
    """That there are real sockets behind the world opens none of them."""
    world.error(leave)

    assert any(told in each for each in world.run.violations), world.run.violations


@pytest.mark.wire
def test_users_take_turns_as_in_the_simulated_tier(world: World) -> None:
    """Five users wait for the same twelve seconds, each for a socket of their own."""
    world.injector.travels = travels(latency_s=12.0)

    tasks = world.play(*[chat] * 5)

    assert [task.error for task in tasks] == [None] * 5
    assert world.now_s == 12.0


@pytest.mark.wire
@pytest.mark.parametrize(
    "delivery",
    [
        pytest.param(SILENT, id="silence"),
        pytest.param(travels(latency_s=3600.0), id="a latency beyond every timeout"),
    ],
)
def test_waiting_for_nothing_is_short_in_reality(world: World, delivery: Delivery) -> None:
    """An hour of outage is many timeouts; each charges its nominal time, and takes a moment."""
    world.injector.travels = delivery
    began_s = real.monotonic()

    world.error(chat)

    assert world.now_s == 15.0
    assert real.monotonic() - began_s < LONG_BEFORE_S
