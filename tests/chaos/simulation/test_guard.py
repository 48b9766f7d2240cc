"""Nobody leaves the simulated world unnoticed."""

from __future__ import annotations

import _thread
import socket
import threading

import httpx2
import pytest
import requests.adapters

from chaos.errors import SimulationError
from chaos.simulation.guard import Guard
from chaos.simulation.world import Simulation
from tests.chaos.simulation.toys import World, nap


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(lambda: socket.create_connection(("127.0.0.1", 9)), id="create_connection"),
        pytest.param(lambda: socket.socket().connect(("127.0.0.1", 9)), id="connect"),
        pytest.param(lambda: socket.socket().connect_ex(("127.0.0.1", 9)), id="connect_ex"),
        pytest.param(lambda: socket.getaddrinfo("localhost", 9), id="getaddrinfo"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_real_socket_is_refused_and_kept(world: World, leave: object) -> None:
    """Loopback too; and swallowing the error does not help."""
    assert callable(leave)

    with pytest.raises(SimulationError, match="a real socket was asked for"):
        leave()

    assert len(world.run.violations) == 1


def test_socket_that_is_allowed_passes() -> None:
    """A tier that has its upstreams on loopback says so."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    with Guard(allows=lambda address: address == ("127.0.0.1", port)) as guard:
        violations: list[str] = []
        guard.watch(violations)
        with socket.socket() as connection:
            connection.connect(("127.0.0.1", port))
        with socket.socket() as connection, pytest.raises(SimulationError):
            connection.connect(("127.0.0.1", port + 1))
    listener.close()

    assert len(violations) == 1


def in_foreign_thread(body: object) -> None:
    """Run something in a thread that the simulation knows nothing of."""
    done = _thread.allocate_lock()
    done.acquire()

    def carry_out() -> None:
        assert callable(body)
        try:
            body()
        except SimulationError:
            pass
        finally:
            done.release()

    _thread.start_new_thread(carry_out, ())
    assert done.acquire(timeout=5.0)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        pytest.param(lambda: nap(1.0), "slept for 1 s", id="sleeps"),
        pytest.param(
            lambda: httpx2.get("https://api.openai.com/"),
            "sent a request to api.openai.com",
            id="sends",
        ),
    ],
)
def test_foreign_thread_is_kept(world: World, body: object, what: str) -> None:
    """It would act at a real, not at a virtual time: no two runs would be alike."""
    in_foreign_thread(body)

    (violation,) = world.run.violations
    assert what in violation
    assert world.now_s == 0


def test_foreign_thread_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which thread it was."""
    ident = threading.get_ident()
    monkeypatch.setattr(threading.main_thread(), "_name", "the-one")

    world.play(lambda: None)
    guard = Guard()

    assert threading.main_thread().ident == ident
    assert "thread 'the-one' slept" in str(guard.foreign_thread("slept"))


def test_canary_needs_less_than_a_millisecond(simulation: Simulation, world: World) -> None:
    """It flies before every run, so it must be cheap: three requests, no connection."""
    simulation.canary()

    assert world.events == []
    assert world.run.violations == []


def test_canary_that_escapes_is_an_error(
    simulation: Simulation, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library whose transport was replaced again is named."""
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda *_, **__: None)

    with pytest.raises(SimulationError, match="through requests was not intercepted"):
        simulation.canary()


def test_run_does_not_begin_when_a_canary_escapes(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the simulation stays usable once the transport is back."""
    with monkeypatch.context() as patch:
        patch.setattr(httpx2.HTTPTransport, "handle_request", lambda *_: None)
        with pytest.raises(SimulationError, match="through httpx2 was not intercepted"):
            World(simulation)

    World(simulation).run.finish()
