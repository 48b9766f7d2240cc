"""What a service does decides its verdict: not the machine, and not what was played before."""

from __future__ import annotations

import _socket
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from tests.chaos.promises.town import URL, Opens, inconclusive, lived

LOCK = threading.Lock()


def test_a_lock_of_a_module_is_waited_for(town: Opens) -> None:
    """It was made at import, and is held over a call: the third of three waits six seconds."""

    def service() -> float:
        began_s = time.monotonic()
        with LOCK:
            httpx.get(URL, timeout=9)
        return time.monotonic() - began_s

    with town(fault="latency", latency="2s") as world:
        assert sorted(world.users(3, service)) == [2.0, 4.0, 6.0]


def test_a_machine_that_stands_still_changes_no_verdict(town: Opens) -> None:
    """The process is stopped for longer than a service may be stuck, while that computes."""
    stops = "sleep 0.3; kill -STOP {0}; sleep 3; kill -CONT {0}".format(os.getpid())

    def service() -> str:
        sum(1 for _ in range(20_000_000))
        return "done"

    with subprocess.Popen(["sh", "-c", stops]) as stopping, town() as world:
        assert lived(world, service) == ("done", 0.0)
    assert stopping.returncode == 0


def test_a_pool_works_in_the_tests_own_thread(town: Opens) -> None:
    """The test asks the service itself, without any user."""
    with town() as world:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(time.sleep, [1, 2]))
        assert world.now_s == 2.0


WAYS_OUT: dict[str, tuple[Callable[[], object], str]] = {
    "process": (lambda: subprocess.run(["true"], check=False), "another process"),
    "raw socket": (_socket.socket, "a real socket was opened"),
    "UDP": (lambda: socket.socket(type=socket.SOCK_DGRAM), "expected TCP"),
    "host": (lambda: httpx.get("https://api.village.test/"), "api.village.test"),
    "end": (lambda: os._exit(3), "tried to end the process"),
    "signal": (lambda: os.kill(os.getpid(), signal.SIGKILL), "tried to end the process"),
    "alarm": (lambda: signal.alarm(5), "real time"),
}


@pytest.mark.parametrize(("leave", "words"), WAYS_OUT.values(), ids=WAYS_OUT)
def test_a_refusal_that_is_swallowed_in_the_tests_own_thread_is_kept(
    town: Opens, leave: Callable[[], object], words: str
) -> None:
    """The service gets by without the answer, and the test does not."""
    with inconclusive(words), town(), suppress(Exception):
        leave()


@pytest.mark.parametrize("first", ["calm", "storm"])
def test_a_run_knows_nothing_of_the_one_before(town: Opens, first: str) -> None:
    """Clients, pools and clocks of one run are over with it."""
    client = httpx.Client(timeout=5)
    seen = []
    for weather in (first, "calm", "storm"):
        fault = {"fault": "reset_peer"} if weather == "storm" else {}
        with town(**fault) as world:
            try:
                lived(world, lambda: client.get(URL))
                got = "fine"
            except httpx.HTTPError as error:
                got = type(error).__name__
            seen.append((weather, got, world.now_s, world.seen("calls.town")))

    expected = {"calm": ("calm", "fine", 0.0, 1), "storm": ("storm", "ReadError", 0.0, 1)}
    assert seen == [expected[first], expected["calm"], expected["storm"]]
