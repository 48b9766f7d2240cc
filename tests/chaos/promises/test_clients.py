"""Pools, retries, redirects and stale connections: what clients do below the service's code."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import httpx
import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from chaos.http import Request, Response, json_response
from chaos.testing import SimulatedWorld
from chaos.upstreams.simple import JsonUpstream
from tests.chaos.promises.town import URL, Opens, inconclusive, lived

VOTE = "https://api.town.test/vote"


def connections(world: SimulatedWorld) -> int:
    """How many have been opened."""
    return world._running.network.ports_given


def outcome(act: Callable[[], object]) -> str:
    """What came of a call, in a word."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return type(error).__name__
    return "fine"


def test_retries_of_an_adapter_are_requests_and_waits(town: Opens) -> None:
    """Three retries with a factor of one: four requests, and waits of 0, 2 and 4 seconds."""
    session = requests.Session()
    retry = Retry(total=3, backoff_factor=1, status_forcelist=[503])
    session.mount("https://", HTTPAdapter(max_retries=retry))

    with town(fault="http_error", status=503) as world:
        assert lived(world, lambda: outcome(lambda: session.get(URL))) == ("RetryError", 6.0)
        assert world.seen("calls.town") == 4


def test_a_vote_is_not_repeated_by_urllib3(town: Opens) -> None:
    """A POST whose connection is reset may have been counted, so that it is sent once."""
    pool = urllib3.PoolManager(retries=Retry(3, backoff_factor=1))

    with town(fault="reset_peer") as world:
        got, _ = lived(world, lambda: outcome(lambda: pool.request("POST", VOTE)))
        assert (got, world.seen("calls.town")) == ("ProtocolError", 1)


def test_a_pause_in_a_header_is_slept_by_urllib3(town: Opens) -> None:
    """Seven seconds of `Retry-After`, once."""
    pool = urllib3.PoolManager(retries=Retry(3, status_forcelist=[429]))

    with town(fault="rate_limit", retry_after="7s", calls=1) as world:
        got, took_s = lived(world, lambda: pool.request("GET", URL).status)
        assert (got, took_s, world.seen("calls.town")) == (200, 7.0, 2)


def test_a_pool_that_blocks_is_a_queue(town: Opens) -> None:
    """One connection, four seconds an answer, five of patience: the third is not served."""
    pool = urllib3.HTTPSConnectionPool(
        "api.town.test", maxsize=1, block=True, retries=False, timeout=30
    )

    def service() -> str:
        return outcome(lambda: pool.request("GET", "/mayor", pool_timeout=5))

    with town(fault="latency", latency="4s") as world:
        assert sorted(world.users(3, service)) == ["EmptyPoolError", "fine", "fine"]
        assert connections(world) == 1


def test_a_pool_that_does_not_block_opens_more(town: Opens) -> None:
    """Three at once are three connections, of which one is kept."""
    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=1))

    with town(fault="latency", latency="4s") as world:
        world.users(3, lambda: session.get(URL, timeout=9))
        world.users(1, lambda: session.get(URL, timeout=9))
        assert (connections(world), world.now_s) == (3, 8.0)


@pytest.mark.parametrize(
    ("limits", "opened"),
    [
        (httpx.Limits(keepalive_expiry=15), 1),
        (httpx.Limits(keepalive_expiry=5), 3),
        (httpx.Limits(max_keepalive_connections=0), 3),
    ],
    ids=["kept long enough", "kept too shortly", "none is kept"],
)
def test_limits_of_keep_alive_hold(town: Opens, limits: httpx.Limits, opened: int) -> None:
    """Three requests, ten seconds apart."""
    with town() as world, httpx.Client(limits=limits) as client:
        for _ in range(3):
            lived(world, lambda: client.get(URL))
            world.advance("10s")
        assert connections(world) == opened


def _of_http_client() -> Callable[[], object]:
    connection = http.client.HTTPSConnection("api.town.test", timeout=5)

    def get() -> object:
        connection.request("GET", "/mayor")
        return connection.getresponse().read()

    return get


def _getting(client: httpx.Client | requests.Session) -> Callable[[], object]:
    return lambda: client.get(URL, timeout=5)


def _getting_by_urllib3() -> Callable[[], object]:
    pool = urllib3.PoolManager(retries=False)
    return lambda: pool.request("GET", URL, timeout=5)


STALE: dict[str, tuple[Callable[[], Callable[[], object]], str]] = {
    "http.client": (_of_http_client, "RemoteDisconnected"),
    "httpx": (lambda: _getting(httpx.Client()), "fine"),
    "requests": (lambda: _getting(requests.Session()), "fine"),
    "urllib3": (_getting_by_urllib3, "fine"),
}


@pytest.mark.parametrize(("make", "expected"), STALE.values(), ids=STALE)
def test_a_connection_that_went_stale(
    town: Opens, make: Callable[[], Callable[[], object]], expected: str
) -> None:
    """Pools look at a connection before they use it; http.client does not."""
    with town() as world:
        world.inject(upstream="town", fault="idle_close", after="30s")
        get = make()
        assert lived(world, lambda: outcome(get))[0] == "fine"
        world.advance("60s")
        assert lived(world, lambda: outcome(get))[0] == expected


def test_a_race_for_an_idle_connection_is_lost(town: Opens) -> None:
    """The end of the connection crosses the request: that is an error, and no request."""
    with town() as world, httpx.Client(timeout=5) as client:
        world.inject(upstream="town", fault="idle_close", after="4s", race=True)
        lived(world, lambda: client.get(URL))
        world.advance("4s")
        got, _ = lived(world, lambda: outcome(lambda: client.post(VOTE)))
        assert got in {"RemoteProtocolError", "ReadError"}


class Moved(JsonUpstream):
    """Sends everybody somewhere else."""

    name = "moved"
    hosts = ("old.town.test",)
    operations = ("any",)
    seen: ClassVar[list[str | None]] = []
    routes: ClassVar = {"any": ("GET", "/.*", {})}

    def handle(self, request: Request) -> Response:
        """To the town, or round in circles."""
        where = "/round" if request.path == "/round" else URL
        return Response(status=302, headers=(("location", where),), body=b"")


class Careful(JsonUpstream):
    """Notes who shows it a secret."""

    name = "town"
    hosts = ("api.town.test",)
    routes: ClassVar = {"mayor": ("GET", "/mayor", {})}

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str | None] = []

    def handle(self, request: Request) -> Response:
        """Whoever is mayor."""
        self.shown.append(request.headers.get("authorization"))
        return json_response(200, {"name": "Ada"})


@pytest.mark.parametrize(
    "get",
    [
        lambda url: requests.get(url, auth=("me", "secret"), timeout=5),
        lambda url: httpx.get(url, auth=("me", "secret"), follow_redirects=True),
    ],
    ids=["requests", "httpx"],
)
def test_a_redirect_elsewhere_takes_no_secret_along(
    town: Opens, get: Callable[[str], object]
) -> None:
    """Two calls, two hosts, two connections; the second knows nothing of the first's password."""
    careful = Careful()
    with town(careful, Moved()) as world:
        world.users(1, lambda: get("https://old.town.test/mayor"))
        assert (world.seen("calls.town"), world.seen("calls.moved")) == (1, 1)

    assert careful.shown == [None]


@pytest.mark.parametrize(
    ("get", "error", "calls"),
    [
        (lambda url: requests.get(url, timeout=5), "TooManyRedirects", 31),
        (lambda url: httpx.get(url, follow_redirects=True), "TooManyRedirects", 21),
        (lambda url: urllib.request.urlopen(url, timeout=5), "HTTPError", None),
    ],
    ids=["requests", "httpx", "urllib"],
)
def test_a_redirect_in_circles_ends(
    town: Opens, get: Callable[[str], object], error: str, calls: int | None
) -> None:
    """After as many requests as the client has patience for."""
    with town(Moved()) as world:
        assert world.users(1, lambda: outcome(lambda: get("https://old.town.test/round"))) == [
            error
        ]
        if calls is not None:
            assert world.seen("calls.moved") == calls


def test_a_whole_deadline_over_a_trickle_is_the_services_own(town: Opens) -> None:
    """A read timeout of two seconds starts anew with every byte."""
    with town(fault="slicer", size="4B", delay="1s") as world:
        got, took_s = lived(world, lambda: httpx.get(URL, timeout=2).json()["name"])

    assert (got, took_s > 2) == ("Ada", True)


def test_a_certificate_that_is_not_trusted_is_an_error_of_tls(town: Opens) -> None:
    """Of Python's own, beneath the client's."""

    def service() -> object:
        try:
            return urllib.request.urlopen(URL, timeout=5)
        except urllib.error.URLError as error:
            return type(error.reason)

    with town(fault="tls_failure", reason="expired") as world:
        assert lived(world, service)[0] is ssl.SSLCertVerificationError


def test_clients_in_many_threads_share_a_pool(town: Opens) -> None:
    """Twenty requests, four threads, at most four connections, five seconds."""
    with town(fault="latency", latency="1s") as world, httpx.Client() as client:

        def service() -> int:
            with ThreadPoolExecutor(4) as pool:
                return sum(
                    each.status_code for each in pool.map(lambda _: client.get(URL), "x" * 20)
                )

        assert lived(world, service) == (4000, 5.0)
        assert connections(world) == 4


def test_a_client_that_is_closed_by_another_thread_ends_its_calls(town: Opens) -> None:
    """Not for ever: the reader gets an error, and not an answer."""
    with town(fault="latency", latency="60s") as world:
        connection = http.client.HTTPSConnection("api.town.test", timeout=90)

        def close() -> None:
            assert connection.sock is not None
            connection.sock.shutdown(socket.SHUT_RDWR)

        def service() -> str:
            connection.request("GET", "/mayor")
            threading.Timer(5, close).start()
            return outcome(lambda: json.loads(connection.getresponse().read()))

        got, took_s = lived(world, service)

    assert (got, took_s) == ("RemoteDisconnected", 5.0)


def test_a_host_that_nothing_stands_for_is_found(town: Opens) -> None:
    """By name, however the error is swallowed."""
    with inconclusive("api.village.test"), town() as world:
        lived(world, lambda: outcome(lambda: httpx.get("https://api.village.test/")))
