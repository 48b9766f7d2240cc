"""Connections of unmodified clients: kept, pooled, ended, refused, and trusted or not."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any

import httpx
import httpx2
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from chaos.faults.connecting import Connecting, Distrusted, Ignored, NameFailure
from chaos.simulation.world import Simulation
from chaos.trace.events import RequestEvent, ResponseEvent
from tests.chaos.simulation.toys import REFUSED, World, nap, travels

URL = "https://api.openai.com/v1/chat/completions"
HOST = "api.openai.com"


def accepted(world: World) -> int:
    """How many connections there were; each has a port of its own."""
    return world.run.network.ports_given


def test_connection_is_kept_and_used_again(world: World) -> None:
    """As in reality: one connection for requests one after the other."""

    def call() -> None:
        with httpx.Client() as client:
            for _ in range(3):
                client.post(URL, json={}).raise_for_status()

    world.result(call)

    assert accepted(world) == 1
    assert len(world.run.trace.of(RequestEvent)) == 3


def test_pool_of_one_connection_is_a_queue(world: World) -> None:
    """The limit of the client's own pool holds, and so does the time it waits for it."""
    world.injector.travel(travels(latency_s=4.0))
    client = httpx2.Client(
        limits=httpx2.Limits(max_connections=1), timeout=httpx2.Timeout(9, pool=1)
    )

    def call() -> int:
        return client.post(URL, json={}).status_code

    tasks = world.play(call, call, call)

    errors = sorted(type(task.error).__name__ for task in tasks)
    assert errors == ["NoneType", "PoolTimeout", "PoolTimeout"]
    assert world.now_s == 4.0
    client.close()


def test_retries_of_the_library_are_made_and_waited_for(world: World) -> None:
    """What an adapter does below the code of the service is a part of the service."""
    world.injector.travel(travels(end="reset"))
    retry = Retry(total=3, backoff_factor=1.0, allowed_methods=None)

    def call() -> None:
        with requests.Session() as session:
            session.mount("https://", HTTPAdapter(max_retries=retry))
            session.post(URL, json={}, timeout=5)

    error = world.error(call)

    assert isinstance(error, requests.ConnectionError)
    assert len(world.run.trace.of(RequestEvent)) == 4
    assert world.waits == [2.0, 4.0]


@pytest.mark.parametrize(
    ("meets", "raised", "seconds"),
    [
        (REFUSED, httpx.ConnectError, 0.0),
        (Ignored(by="toy"), httpx.ConnectTimeout, 3.0),
        (Distrusted(flaw="expired", by="toy"), httpx.ConnectError, 0.0),
        (Distrusted(flaw="wrong_host", by="toy"), httpx.ConnectError, 0.0),
    ],
    ids=["refused", "ignored", "expired", "wrong host"],
)
def test_attempt_to_connect_that_fails_is_a_call(
    world: World, meets: Connecting, raised: type[Exception], seconds: float
) -> None:
    """There was no request, but the service tried."""
    world.injector.meets = meets

    error = world.error(lambda: httpx.post(URL, json={}, timeout=3.0))

    assert isinstance(error, raised)
    assert world.now_s == seconds
    (request,) = world.run.trace.of(RequestEvent)
    assert request.operation == "connect"


def test_name_that_is_not_found_is_an_error_of_the_resolver(world: World) -> None:
    """With the number that the real one gives."""
    world.injector.meets_name = NameFailure(temporary=True, by="toy")

    error = world.error(lambda: socket.getaddrinfo(HOST, 443))

    assert isinstance(error, socket.gaierror)
    assert error.errno == socket.EAI_AGAIN


def test_client_that_does_not_verify_connects_anyway(world: World) -> None:
    """A certificate is the business of whoever checks it."""
    world.injector.meets = Distrusted(flaw="expired", by="toy")

    status = world.result(lambda: httpx.post(URL, json={}, verify=False).status_code)

    assert status == 200


def test_plain_http_to_a_port_of_tls_is_no_answer(world: World) -> None:
    """The provider expects a handshake there."""
    error = world.error(lambda: httpx.post(f"http://{HOST}:443/v1/chat/completions"))

    assert isinstance(error, httpx.ReadError)


def test_tls_is_what_python_thinks_it_is(world: World) -> None:
    """A socket that was wrapped tells of its session."""

    def connect() -> tuple[str | None, str]:
        context = ssl.create_default_context()
        with (
            socket.create_connection((HOST, 443)) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as wrapped,
        ):
            certificate: Any = wrapped.getpeercert()
            subject = dict(pair for (pair,) in certificate["subject"])
            return wrapped.version(), subject["commonName"]

    assert world.result(connect) == ("TLSv1.3", HOST)


def test_response_that_is_awaited_in_vain_times_out_at_its_second(world: World) -> None:
    """To the tick: the timeout is the client's own."""
    world.injector.travel(travels(latency_s=10.0))

    error = world.error(lambda: httpx.post(URL, json={}, timeout=httpx.Timeout(5.0, read=2.5)))

    assert isinstance(error, httpx.ReadTimeout)
    assert world.now_s == 2.5
    (response,) = world.run.trace.of(ResponseEvent)
    assert response.error == "ReadTimeout"


def test_client_may_go_on_in_a_later_run(simulation: Simulation) -> None:
    """A client that a module keeps finds its old connections closed, and opens new ones."""
    client = httpx.Client()
    for _ in range(2):
        world = World(simulation)
        assert world.result(lambda: client.post(URL, json={}).status_code) == 200
        assert accepted(world) == 1
        world.run.finish()
    client.close()


def test_socket_is_half_closed(world: World) -> None:
    """Whoever says that no more comes may still be answered."""

    def talk() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = socket.create_connection(server.getsockname())
            peer, _ = server.accept()
            with client, peer:
                client.sendall(b"ping")
                client.shutdown(socket.SHUT_WR)
                assert peer.recv(10) == b"ping"
                assert peer.recv(10) == b""
                peer.sendall(b"pong")
                return client.recv(10)

    assert world.result(talk) == b"pong"


def test_server_and_client_of_one_service_meet(world: World) -> None:
    """A service may talk to itself, in another thread, in virtual time."""

    def serve(server: socket.socket) -> None:
        peer, _ = server.accept()
        with peer:
            nap(2.0)
            peer.sendall(b"late")

    def talk() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=serve, args=(server,))
            thread.start()
            with socket.create_connection(server.getsockname(), timeout=5) as client:
                came = client.recv(10)
            thread.join()
            return came

    assert world.result(talk) == b"late"
    assert world.now_s == 2.0
