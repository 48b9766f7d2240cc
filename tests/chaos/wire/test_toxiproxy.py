"""Toxiproxy as a process: it comes up, it is noticed when it dies, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from chaos.errors import MissingComponentError
from chaos.faults.connecting import ConnectionRefusal
from chaos.faults.delivery import PERFECT, Delivery
from chaos.tiers.wire import carrier, trip
from chaos.tiers.wire import toxiproxy as module
from chaos.tiers.wire.locate import URL_VARIABLE, LocatedToxiproxy
from chaos.tiers.wire.toxiproxy import PREFIX, Toxiproxy
from chaos.tiers.wire.world import WireTier
from tests.chaos.simulation.toys import REFUSED, World, chat

pytestmark = pytest.mark.wire

_SOON_S = 10.0


def is_alive(pid: int) -> bool:
    """Whether there is such a process, other than as a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # Gone before it was opened, or read.
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def ends_soon(pid: int) -> bool:
    """Whether the process is gone within some seconds of real time."""
    ends_at_s = time.monotonic() + _SOON_S
    while is_alive(pid):
        if time.monotonic() > ends_at_s:
            return False
        os.sched_yield()
    return True


@pytest.fixture
def shared(location: LocatedToxiproxy) -> Iterator[Toxiproxy]:
    """A server that somebody else runs."""
    with Toxiproxy(location) as somebody:
        yield somebody


def test_server_ends_with_its_block(location: LocatedToxiproxy) -> None:
    """Nothing is left behind, whatever happened inside."""

    def fail() -> None:
        with Toxiproxy(location) as toxiproxy:
            pids.append(toxiproxy.pid)
            toxiproxy.open("openai", upstream="127.0.0.1:9")
            raise ZeroDivisionError

    pids: list[int | None] = []
    with pytest.raises(ZeroDivisionError):
        fail()

    (pid,) = pids
    assert pid is not None
    assert not is_alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only a normal end is covered")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_server_ends_with_a_process_that_is_killed(
    location: LocatedToxiproxy, end: signal.Signals
) -> None:
    """Not even a crash leaves a server behind."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from chaos.tiers.wire.locate import LocatedToxiproxy\n"
        "from chaos.tiers.wire.toxiproxy import Toxiproxy\n"
        "with Toxiproxy(LocatedToxiproxy(how='test', binary=Path(sys.argv[1]))) as toxiproxy:\n"
        "    print(toxiproxy.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(location.binary)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert is_alive(pid)

        process.send_signal(end)

        assert ends_soon(pid)


def test_port_taken_by_somebody_is_not_used(
    location: LocatedToxiproxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server goes on without its API when its port is taken, so another port is tried."""
    honest = module._free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr(module, "_free_port", lambda: next(ports, None) or honest())

        with Toxiproxy(location) as toxiproxy:
            assert toxiproxy.client.address[1] != taken.getsockname()[1]
            toxiproxy.check()


def test_port_taken_by_another_toxiproxy_is_not_used(
    location: LocatedToxiproxy, shared: Toxiproxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Toxiproxy that answers is not necessarily ours."""
    honest = module._free_port
    ports = iter([shared.client.address[1]])
    monkeypatch.setattr(module, "_free_port", lambda: next(ports, None) or honest())

    with Toxiproxy(location) as toxiproxy:
        assert toxiproxy.client.address != shared.client.address


def test_port_taken_again_and_again_is_said(
    location: LocatedToxiproxy, shared: Toxiproxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not tried for ever."""
    monkeypatch.setattr(module, "_free_port", lambda: shared.client.address[1])

    with pytest.raises(MissingComponentError, match="port taken 3 times"), Toxiproxy(location):
        pass


def test_program_that_ends_at_once_is_shown_with_its_last_words(tmp_path: Path) -> None:
    """A binary for another machine, a missing library: its own message says most."""
    program = tmp_path / "toxiproxy-server"
    program.write_text("#!/bin/sh\necho wrong machine >&2\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)

    with (
        pytest.raises(MissingComponentError, match="ended at once, with status 3: wrong machine"),
        Toxiproxy(LocatedToxiproxy(how="test", binary=program)),
    ):
        pass


def test_program_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    """With the three ways to get another."""
    program = tmp_path / "toxiproxy-server"
    program.write_text("", encoding="utf-8")

    with (
        pytest.raises(MissingComponentError, match=r"cannot be started: .*CHAOS_TOXIPROXY_URL"),
        Toxiproxy(LocatedToxiproxy(how="test", binary=program)),
    ):
        pass


def test_shared_server_survives_and_only_loses_our_proxies(shared: Toxiproxy) -> None:
    """It is not ours to stop, nor to clear."""
    theirs = shared.client.create_proxy("theirs", upstream="127.0.0.1:9")
    with Toxiproxy(LocatedToxiproxy(how=URL_VARIABLE, url=shared.client.url)) as toxiproxy:
        toxiproxy.open("openai", upstream="127.0.0.1:9")
        assert toxiproxy.pid is None

    assert list(shared.client.proxies()) == [theirs.name]


def test_stale_proxies_of_an_earlier_run_are_removed(shared: Toxiproxy) -> None:
    """Ours whose stand-ins are gone; a run beside this one, and others' proxies, are left."""
    with socket.create_server(("127.0.0.1", 0)) as stand_in:
        alive = "{}:{}".format(*stand_in.getsockname())
        shared.client.create_proxy(f"{PREFIX}1-gcs-1", upstream="127.0.0.1:1")
        shared.client.create_proxy(f"{PREFIX}2-gcs-1", upstream=alive)
        shared.client.create_proxy("theirs", upstream="127.0.0.1:1")

        with Toxiproxy(LocatedToxiproxy(how=URL_VARIABLE, url=shared.client.url)):
            left = set(shared.client.proxies())

    assert left == {f"{PREFIX}2-gcs-1", "theirs"}


def test_url_where_nobody_answers_is_said_with_the_variable() -> None:
    """The user has set something, and is told what."""
    with (
        pytest.raises(MissingComponentError, match=f"{URL_VARIABLE} is http://127.0.0.1:1, but"),
        Toxiproxy(LocatedToxiproxy(how=URL_VARIABLE, url="http://127.0.0.1:1")),
    ):
        pass


@pytest.mark.parametrize(
    "delivery",
    [
        pytest.param(PERFECT, id="all was well"),
        pytest.param(REFUSED, id="a refusal was due"),
    ],
)
def test_killed_server_makes_the_run_inconclusive(
    location: LocatedToxiproxy, delivery: Delivery | ConnectionRefusal
) -> None:
    """What the service sees is a refused connection, but it is nobody's fault but ours."""
    with WireTier(Toxiproxy(location)) as simulation:
        world = World(simulation)
        world.result(chat)
        assert simulation.toxiproxy.pid is not None

        os.kill(simulation.toxiproxy.pid, signal.SIGKILL)
        world.injector.travel(delivery)
        world.error(chat)

        assert "Toxiproxy" in world.run.violations[0]
        world.run.close()


def test_server_that_hangs_makes_the_run_inconclusive(
    location: LocatedToxiproxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are still taken, by the operating system, and then nothing happens."""
    monkeypatch.setattr(carrier, "PATIENCE_S", 0.2)
    monkeypatch.setattr(trip, "PATIENCE_S", 0.2)
    with WireTier(Toxiproxy(location)) as simulation:
        world = World(simulation)
        world.result(chat)
        pid = simulation.toxiproxy.pid
        assert pid is not None
        simulation.toxiproxy.client._consumer._pool.timeout = urllib3.Timeout(0.2)

        os.kill(pid, signal.SIGSTOP)
        try:
            world.error(chat)
        finally:
            os.kill(pid, signal.SIGCONT)

        assert "is it overloaded?" in world.run.violations[0]
        world.run.close()


def test_world_can_be_entered_again(location: LocatedToxiproxy) -> None:
    """With new servers and new proxies."""
    simulation = WireTier(Toxiproxy(location))
    for _ in range(2):
        with simulation:
            world = World(simulation)
            world.result(chat)
            world.run.finish()
