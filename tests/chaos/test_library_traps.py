"""One canary for each trap: behaviour of libraries that the harness relies on, or works round.

Some of it is private to them. When an upgrade changes it, this page says so, and what it was for.
"""

from __future__ import annotations

import _thread
import asyncio
import asyncio.sslproto
import datetime as dt
import gc
import inspect
import queue
import selectors
import threading
import time
from collections.abc import Iterator

import _pytest.timing
import freezegun.api
import google.auth.credentials
import httpcore._backends.sync
import httpcore2._backends.sync
import httpx2
import openai
import pytest
import respx
import tenacity
import urllib3.util.connection
from google.cloud import storage
from google.cloud.storage import _opentelemetry_tracing

from chaos.errors import SimulationError
from chaos.http import Request
from chaos.simulation.http.router import Router
from chaos.simulation.timing import real
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.simulation.toys import SILENT, World, chat, nap


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One freeze for the module."""
    with SimulatedTier() as simulation:
        yield simulation


@pytest.fixture
def world(simulation: Simulation) -> Iterator[World]:
    """A run with toys in it."""
    world = World(simulation)
    yield world
    world.run.close()


def test_freezegun_has_the_private_parts_that_the_freeze_uses() -> None:
    """It installs the functions and classes that it finds under these names when it starts."""
    api = freezegun.api
    start = inspect.getsource(freezegun.freeze_time("2026-01-01").start)
    for name in ("fake_time", "fake_monotonic", "fake_perf_counter", "fake_localtime"):
        assert callable(getattr(api, name))
        assert name in start
    assert "datetime.datetime = FakeDatetime" in start
    assert {"_get_module_attributes", "_get_module_attributes_hash"} <= set(vars(api))
    assert "modules_at_start" in inspect.getsource(freezegun.freeze_time("2026-01-01").stop)


def test_freezegun_alone_gives_threads_real_time() -> None:
    """TRAP: near Thread.run it looks at the stack, finds ``threading``, and steps aside."""
    if freezegun.api.freeze_factories:
        pytest.fail("this test needs a process in which time runs")
    seen: list[float] = []

    with freezegun.freeze_time("2026-01-01"):
        frozen_s = time.time()
        thread = threading.Thread(target=lambda: seen.append(time.time()))
        thread.start()
        thread.join()

    assert seen[0] != frozen_s


def test_threads_see_frozen_time_in_the_simulation(world: World) -> None:
    """Whoever is part of a run does, in the first frame too."""
    seen: list[float] = []

    def user() -> None:
        thread = threading.Thread(target=lambda: seen.append(time.monotonic()))
        thread.start()
        thread.join()

    world.result(user)

    assert seen == [1000.0]


def test_freezegun_leaves_threading_and_queue_on_real_time(simulation: Simulation) -> None:
    """TRAP: their timed waits would mix real deadlines with virtual waits; we replace both."""
    del simulation
    assert "threading" in freezegun.config.DEFAULT_IGNORE_LIST
    assert "queue" in freezegun.config.DEFAULT_IGNORE_LIST
    assert vars(threading)["_time"] is not freezegun.api.real_monotonic
    assert vars(queue)["time"] is not freezegun.api.real_monotonic


def test_pytest_measures_durations_in_real_time(simulation: Simulation) -> None:
    """TRAP: without our ignore list, reports would show 1767224285 seconds of set-up."""
    del simulation
    assert _pytest.timing.perf_counter is real.perf_counter
    assert _pytest.timing.time is real.time_s


def test_timeout_of_fifteen_seconds_ends_at_fifteen_seconds(world: World) -> None:
    """Through the real SDK, to the last digit."""
    world.injector.travels = SILENT

    error = world.error(chat)

    assert isinstance(error, openai.APITimeoutError)
    assert world.now_s == 15.0
    assert f"{world.response.elapsed_s:.3f}" == "15.000"


@pytest.mark.parametrize("seconds", [0.1, 0.3, 1.1, 20.3])
def test_deadline_that_was_slept_for_has_passed(world: World, seconds: float) -> None:
    """TRAP: with microseconds as floats it had not, more often than not."""

    def user() -> bool:
        began_s = time.monotonic()
        nap(seconds)
        return time.monotonic() - began_s >= seconds

    assert world.result(user)


def test_respx_alone_does_not_intercept_the_openai_sdk() -> None:
    """TRAP: respx replaces httpx and httpcore; openai 3 is built on httpx2."""
    reached: list[str] = []

    class Network(httpx2.HTTPTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            reached.append(request.url.host)
            raise httpx2.ConnectError("no network here")

    network = httpx2.Client(transport=Network())
    sdk = openai.OpenAI(api_key="sk-test", max_retries=0, http_client=network)

    with respx.mock(assert_all_called=False) as router:
        route = router.route().respond(200)
        with pytest.raises(openai.APIConnectionError):
            sdk.models.list()

    assert reached == ["api.openai.com"]
    assert not route.called


def test_respx_router_keeps_no_calls_of_ours() -> None:
    """TRAP: its lists would hold every request and response of a run, bodies included."""
    router = Router([OpenAIUpstream()])
    for _ in range(3):
        router.resolve(Request(method="GET", url="https://api.openai.com/v1/models"))

    inner = vars(router)["_respx"]
    assert len(inner.calls) == 0
    assert all(len(route.calls) == 0 for route in inner.routes)


def test_standard_library_waits_with_what_is_replaced() -> None:
    """Conditions make locks, threads tell that they are there, and selectors keep keys."""
    assert "_allocate_lock" in inspect.getsource(threading.Condition.wait)
    assert "self._started.wait()" in inspect.getsource(threading)
    selector = selectors.DefaultSelector()
    assert vars(selector)["_fd_to_key"] == {}
    assert issubclass(type(selector), vars(selectors)["_BaseSelectorImpl"])
    selector.close()
    assert "DefaultSelector" in inspect.getsource(asyncio.selector_events)


def test_namespaces_of_built_in_types_can_be_reached() -> None:
    """The one hack that everything virtual rests on: see `chaos.simulation.in_place`."""
    for kind in (_thread.LockType, _thread.RLock, queue.SimpleQueue, dt.datetime):
        (namespace,) = gc.get_referents(vars(kind))
        assert type(namespace) is dict


def test_sockets_of_the_libraries_are_those_of_python() -> None:
    """Each builds its connections from the module ``socket``, and TLS from ``ssl``."""
    for module in (urllib3.util.connection, httpcore._backends.sync, httpcore2._backends.sync):
        assert "socket" in inspect.getsource(module)
    assert "wrap_socket" in inspect.getsource(httpcore2._backends.sync)
    assert "wrap_bio" in inspect.getsource(asyncio.sslproto)


def test_storage_sdk_makes_no_background_requests(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRAP: a thread of its own asks for each bucket's metadata; a variable turns that off.

    Versions that do not know the variable have no such thread.
    """
    variable = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
    started: list[str] = []
    start = threading.Thread.start

    def counted(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", counted)

    def user() -> None:
        nobody = google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]  # google.auth has no types here
        blob = storage.Client(project="toy", credentials=nobody).bucket("b").blob("o")
        blob.download_as_bytes(retry=None)

    world.result(user)
    assert started == []
    monkeypatch.delenv(variable)
    world.result(user)
    assert len(started) == hasattr(_opentelemetry_tracing, "DISABLE_BUCKET_MD_ENV_VAR")


def test_tenacity_waits_in_virtual_time(world: World) -> None:
    """It calls ``time.sleep`` at call time, and stops when virtual time is up."""

    def fail() -> None:
        raise OSError

    def user() -> None:
        tenacity.Retrying(
            wait=tenacity.wait_fixed(3), stop=tenacity.stop_after_delay(10), reraise=True
        )(fail)

    assert isinstance(world.error(user), OSError)
    assert world.waits == [3.0, 3.0, 3.0, 3.0]


def test_request_that_nobody_knows_cannot_be_swallowed(world: World) -> None:
    """TRAP: respx raises an AssertionError that ``except Exception`` would hide."""

    def user() -> None:
        try:
            httpx2.get("https://example.invalid/")
        except Exception:  # noqa: BLE001 - that is the point
            return

    world.result(user)

    with pytest.raises(SimulationError, match="unknown host"):
        world.run.finish()
