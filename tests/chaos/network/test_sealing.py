"""C code gets no real sockets in a run, and a run in which it wanted one proves nothing."""

from __future__ import annotations

import ctypes
import importlib
import socket
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos import session
from chaos.errors import SimulationError
from chaos.ports import Answer, Target
from chaos.simulation.outside.sealing.launcher import Launcher, launcher
from chaos.simulation.timing import real
from chaos.testing import SimulatedWorld
from chaos.verdict import Outcome

LIBC = ctypes.CDLL(None, use_errno=True)
EACCES = 13


def _launcher() -> Launcher:
    found = launcher()
    if found is None:
        pytest.skip("the kernel here does not refuse sockets to a thread")
    return found


def raw_socket(family: int = socket.AF_INET) -> int:
    """What C code does, past everything that Python could see; a descriptor, or an error."""
    descriptor: int = LIBC.socket(family, socket.SOCK_STREAM, 0)
    return descriptor if descriptor >= 0 else -ctypes.get_errno()


def in_a_thread_of_c() -> int:
    """The same in a thread that Python knows nothing of."""
    thread = ctypes.c_ulong()
    got = ctypes.c_void_p()
    LIBC.pthread_create(ctypes.byref(thread), None, LIBC.socket, ctypes.c_void_p(socket.AF_INET))
    LIBC.pthread_join(thread, ctypes.byref(got))
    return -EACCES if got.value in {0xFFFFFFFF, 2**64 - 1} else int(got.value or 0)


def in_a_worker() -> int:
    """The same in a thread that the service starts."""
    found: list[int] = []
    worker = threading.Thread(target=lambda: found.append(raw_socket()), name="worker-7")
    worker.start()
    worker.join()
    return found[0]


@pytest.mark.parametrize(
    ("wants", "who"),
    [
        pytest.param(
            raw_socket, "C code in user-1 tried to open a real socket .AF_INET.", id="user"
        ),
        pytest.param(
            lambda: raw_socket(socket.AF_INET6), r"in user-1 .* socket .AF_INET6.", id="IPv6"
        ),
        pytest.param(in_a_worker, "C code in worker-7", id="worker"),
        pytest.param(in_a_thread_of_c, "C code in a thread of its own", id="thread of C"),
    ],
)
def test_c_code_gets_no_socket_and_the_run_knows(wants: Callable[[], int], who: str) -> None:
    """Whatever thread it is in, it gets an error, and whoever swallows that is found."""
    _launcher()
    got: list[int] = []

    with pytest.raises(SimulationError, match=who):  # noqa: SIM117
        with SimulatedWorld() as world:
            got = world.users(1, wants)

    assert got == [-EACCES] or not got


def test_what_is_no_network_stays_allowed() -> None:
    """Sockets between processes of a machine are used by C libraries for harmless things."""
    _launcher()

    with SimulatedWorld() as world:
        (descriptor,) = world.users(1, lambda: raw_socket(socket.AF_UNIX))

    assert descriptor >= 0
    LIBC.close(descriptor)


def test_nobody_else_is_sealed() -> None:
    """The test's own threads have real sockets, also after a run."""
    _launcher()
    with SimulatedWorld() as world:
        world.users(1, lambda: None)
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(raw_socket()))
    thread.start()
    thread.join()

    assert found[0] >= 0
    LIBC.close(found[0])


def test_an_attempt_belongs_to_its_run() -> None:
    """The next run does not answer for what the one before has done."""
    _launcher()
    with pytest.raises(SimulationError), SimulatedWorld() as world:
        world.users(1, raw_socket)

    with SimulatedWorld() as world:
        assert world.users(1, lambda: 7) == [7]


def test_c_code_that_keeps_pythons_lock_stops_nobody() -> None:
    """Who refuses needs no lock of this process, or everything would stand still."""
    _launcher()
    holding = ctypes.PyDLL(None)
    began_s = real.monotonic()

    with (
        pytest.raises(SimulationError, match="tried to open a real socket"),
        SimulatedWorld() as world,
    ):
        world.users(1, lambda: holding.socket(socket.AF_INET, socket.SOCK_STREAM, 0))

    assert real.monotonic() - began_s < 60


def test_known_libraries_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel does not help, the list does; and outside of a run they work as ever."""
    library = types.ModuleType("pycurl")
    vars(library)["Curl"] = lambda: "a handle"
    monkeypatch.setitem(sys.modules, "pycurl", library)

    with pytest.raises(SimulationError, match=r"pycurl\.Curl was used, a client in C"):  # noqa: PT012, SIM117
        with SimulatedWorld() as world:
            world.serve()
            world.users(1, library.Curl)

    assert library.Curl() == "a handle"


LATE: dict[str, tuple[str, Callable[[Any], object]]] = {
    "gevent": ("def sleep(seconds):\n    return 'slept'\n", lambda library: library.sleep(1)),
    "time_machine": (
        "class travel:\n    def start(self):\n        return 'there'\n",
        lambda library: library.travel().start(),
    ),
}


@pytest.mark.parametrize("name", LATE)
def test_known_libraries_are_refused_whenever_they_are_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their loops wait in real time, and their clocks end the process: no socket shows that."""
    text, use = LATE[name]
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)

    def service() -> None:
        use(importlib.import_module(name))

    try:
        with pytest.raises(SimulationError, match=rf"{name}\.\S+ was used"):  # noqa: SIM117
            with SimulatedWorld() as world:
                world.users(1, service)
        service()
    finally:
        sys.modules.pop(name, None)


def test_a_process_whose_waits_are_those_of_another_loop_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A loop in C puts its own in the place of Python's, before any run."""
    library = types.ModuleType("gevent.monkey")
    vars(library)["saved"] = {"time": {"sleep": None}}
    monkeypatch.setitem(sys.modules, "gevent.monkey", library)

    with (
        pytest.raises(SimulationError, match=r"gevent\.monkey has replaced Python's waits"),
        SimulatedWorld() as world,
    ):
        world.serve()


def test_time_that_travels_already_is_not_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clocks in one process would fight over the same functions."""
    library = types.ModuleType("time_machine")
    vars(library)["traveller_stack"] = ["somebody"]
    monkeypatch.setitem(sys.modules, "time_machine", library)

    with (
        pytest.raises(SimulationError, match=r"outside time_machine\.travel"),
        SimulatedWorld(),
    ):
        """Nobody comes here."""


class WantsASocket(Target):
    """A service whose C code wants one, and that goes on without."""

    name = "wants-a-socket"

    def ask(self, question: str) -> Answer:
        """Try, and answer."""
        raw_socket()
        return Answer(mode="llm")


def test_a_process_that_is_forked_for_a_scenario_is_sealed_too(tmp_path: Path) -> None:
    """The simulation may have been entered before the fork; nobody hangs, and nobody gets out."""
    _launcher()
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(
            f"version: 1\nname: {name}\nhypothesis: It is.\ntarget: {__name__}:WantsASocket\n"
            "method:\n  - ask: Well?\n    expect: {answer.mode: llm}\n"
        )

    suite = session.run(session.load([tmp_path]))

    reasons = [problem.reason for result in suite.results for problem in result.problems]
    assert reasons
    assert [result.outcome for result in suite.results] == [Outcome.INCONCLUSIVE] * 2
    assert all("tried to open a real socket" in reason for reason in reasons)
