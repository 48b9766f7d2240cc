"""Nobody leaves the simulated world unnoticed."""

from __future__ import annotations

import _socket
import _thread
import atexit
import multiprocessing
import os
import signal
import socket
import subprocess
import threading

import httpx2
import pytest

from chaos.errors import SimulationError
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.baton import outside
from chaos.simulation.tasks.gate import Gate
from tests.chaos.simulation.toys import World, chat, nap

_OLD = _socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
"""One that was made before any run."""

atexit.register(_OLD.close)


@pytest.mark.parametrize(
    ("leave", "what"),
    [
        pytest.param(_socket.socket, "a real socket was opened", id="raw socket"),
        pytest.param(
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "a socket of AF_INET and SOCK_DGRAM is not simulated",
            id="UDP",
        ),
        pytest.param(
            lambda: socket.socket(socket.AF_UNIX),
            "a socket of AF_UNIX and SOCK_STREAM is not simulated",
            id="unix socket",
        ),
        pytest.param(
            lambda: _OLD.connect(("127.0.0.1", 9)), "a real socket was used", id="old socket"
        ),
        pytest.param(
            lambda: _socket.getaddrinfo("localhost", 80), "socket.getaddrinfo", id="raw lookup"
        ),
        pytest.param(lambda: subprocess.run(["true"]), "another process", id="subprocess"),  # noqa: PLW1510
        pytest.param(lambda: os.system("true"), "another process", id="system"),
        pytest.param(os.fork, "another process", id="fork"),
        pytest.param(lambda: os.execv("/bin/true", ["true"]), "another process", id="exec"),
        pytest.param(
            lambda: multiprocessing.Process(target=print).start(), "another process", id="pool"
        ),
        pytest.param(lambda: os._exit(0), "tried to end the process: os._exit(0)", id="exit"),
        pytest.param(os.abort, "tried to end the process: os.abort()", id="abort"),
        pytest.param(
            lambda: os.kill(os.getpid(), signal.SIGKILL), "end the process with signal", id="kill"
        ),
    ],
)
@pytest.mark.parametrize("where", ["user", "test"])
def test_way_out_is_refused_and_kept(world: World, leave: object, what: str, where: str) -> None:
    """In every thread of the run; and swallowing the error does not help."""
    assert callable(leave)

    def careful() -> None:
        try:
            leave()
        except Exception:  # noqa: BLE001 - that is the point
            return

    if where == "user":
        world.result(careful)
    else:
        careful()

    with pytest.raises(SimulationError) as caught:
        world.run.finish()
    assert what in str(caught.value)


def test_raw_socket_that_exists_already_is_no_way_out() -> None:
    """What this process did before the run is its own business."""
    with _socket_of_before() as raw:
        assert raw.fileno() > 0


def _socket_of_before() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def in_foreign_thread(body: object) -> None:
    """Run something in a thread that the simulation knows nothing of."""
    done = Gate()

    def carry_out() -> None:
        assert callable(body)
        try:
            body()
        except Exception:  # noqa: BLE001 - what it raises is its own
            pass
        finally:
            done.open()

    with outside():
        _thread.start_new_thread(carry_out, ())
    assert done.pass_through(timeout_s=5.0)


def test_foreign_thread_has_the_real_world(world: World) -> None:
    """It is no part of the run: its clock is real, and it moves no virtual time."""
    seen: list[float] = []

    def act() -> None:
        nap(0.001)
        seen.append(world.run.clock.now_s)

    in_foreign_thread(act)

    assert seen == [0.0]
    assert world.run.violations == []


def test_foreign_thread_that_uses_a_connection_of_the_run_is_kept(world: World) -> None:
    """It would act at a real, not at a virtual time: no two runs would be alike."""
    connections: list[socket.socket] = []
    world.result(
        lambda: connections.append(socket.create_connection(("api.openai.com", 80), timeout=5))
    )

    in_foreign_thread(lambda: connections[0].recv(1))

    (violation,) = world.run.violations
    assert "a thread that is not part of the simulation waits" in violation


def test_foreign_thread_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which thread it was."""
    ident = threading.get_ident()
    monkeypatch.setattr(threading.main_thread(), "_name", "the-one")

    world.play(lambda: None)
    guard = Guard()

    assert threading.main_thread().ident == ident
    assert "thread 'the-one' slept" in str(guard.foreign_thread("slept"))


def test_client_without_a_run_meets_the_real_network() -> None:
    """Between runs nothing is intercepted: a name that cannot exist does not."""
    with pytest.raises(httpx2.ConnectError):
        httpx2.get("http://nowhere.invalid/", timeout=5)


def test_violation_does_not_end_the_run(world: World) -> None:
    """What comes after it is recorded as ever."""

    def user() -> None:
        with pytest.raises(SimulationError):
            _socket.socket()
        chat()

    world.result(user)

    assert world.response.status == 200
