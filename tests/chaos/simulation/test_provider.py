"""What the trace says of requests, and what must not go unnoticed."""

from __future__ import annotations

import gc
import io
import socket
from collections.abc import Mapping
from typing import Any, cast

import httpx2
import pytest
import requests
import urllib3

from chaos.errors import SimulationError
from chaos.http import Request, Response, json_response
from chaos.ports import Operation
from chaos.simulation.calls.exchange import Exchange, retry_after_s
from chaos.simulation.tasks.limits import Limits
from chaos.simulation.world import Simulation
from chaos.trace.events import RequestEvent, ResponseEvent, Scalar, WaitEvent
from chaos.trace.said import Said
from tests.chaos.simulation.toys import (
    OBJECT,
    ToyOpenAI,
    World,
    chat,
    download,
    nap,
    streamed_chat,
    travels,
)

HALF = len(OBJECT) // 2
CHAT = "https://api.openai.com/v1/chat/completions"


def test_call_is_two_events_with_all_that_checks_need(world: World) -> None:
    """Who, what, when, how long, which faults, and what the stand-in says of its answer."""
    world.injector.travels = travels(latency_s=2.0)

    world.result(chat)

    request, response = world.events
    assert isinstance(request, RequestEvent)
    assert (request.at_s, request.actor, request.call) == (0.0, "user-1", 1)
    assert (request.upstream, request.operation) == ("openai", "chat")
    assert isinstance(response, ResponseEvent)
    assert (response.at_s, response.elapsed_s, response.status) == (2.0, 2.0, 200)
    assert response.faults == ("toy",)
    assert [key for key, _ in response.detail] == ["bytes", "operation"]


def test_object_is_named_in_the_request(world: World) -> None:
    """As the stand-in classified it."""
    world.result(download)

    (request,) = world.run.trace.of(RequestEvent)
    assert (request.operation, request.object) == ("objects.media", "index%2Fi.faiss")


def test_calls_are_numbered_over_all_upstreams(world: World) -> None:
    """From one, in the order in which they were sent."""
    world.result(lambda: (chat(), download(), chat()))

    calls = [(event.call, event.upstream) for event in world.run.trace.of(RequestEvent)]
    assert calls == [(1, "openai"), (2, "gcs"), (3, "openai")]


def test_wait_of_the_service_is_put_down_to_its_last_upstream(world: World) -> None:
    """A backoff belongs to the upstream that was called before it."""

    def user() -> None:
        nap(1.0)
        chat()
        nap(2.0)
        download()
        nap(3.0)

    world.result(user)

    waits = [(event.seconds, event.upstream) for event in world.run.trace.of(WaitEvent)]
    assert waits == [(1.0, None), (2.0, "openai"), (3.0, "gcs")]


def test_retries_of_the_sdk_wait_as_they_are_told(world: World) -> None:
    """A Retry-After is obeyed by the real SDK, and stands in the trace."""
    world.injector.script = [
        json_response(429, {"error": {"message": "slow down"}}, [("retry-after", "7")])
    ]

    world.result(lambda: chat(retries=1))

    assert world.waits == [7.0]
    first, second = world.run.trace.of(ResponseEvent)
    assert (first.status, first.retry_after_s) == (429, 7.0)
    assert (second.status, second.at_s) == (200, 7.0)


def test_background_work_may_call_for_ever(simulation: Simulation) -> None:
    """Only calls that somebody waits for are limited: a refresh comes again and again."""
    world = World(simulation, limits=Limits(max_calls=5))

    def refresh() -> None:
        for _ in range(8):
            chat()

    with world.run:
        task = world.run.scheduler.spawn("refresh", refresh, background=True)
        world.play(lambda: nap(60.0))

    assert task.error is None
    assert len(world.run.trace.of(RequestEvent)) == 8


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "1.5"}, 1.5, id="seconds"),
        pytest.param({"retry-after-ms": "250", "retry-after": "9"}, 0.25, id="milliseconds"),
        pytest.param({"retry-after": "Thu, 01 Jan 2026 00:00:20 GMT"}, 20.0, id="date"),
        pytest.param({"retry-after": "5, 20"}, 20.0, id="several"),
        pytest.param({"retry-after-ms": "soon", "retry-after": "9"}, 9.0, id="one of two"),
        pytest.param({"retry-after": "soon"}, None, id="nonsense"),
        pytest.param({}, None, id="absent"),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    world: World, headers: dict[str, str], seconds: float | None
) -> None:
    """Dates are compared with the virtual wall clock, which begins on 1 January 2026."""
    assert retry_after_s(Response(status=429, headers=tuple(headers.items()))) == seconds


def test_body_that_is_not_wanted_is_closed(world: World) -> None:
    """A client that leaves in the middle ends the call, at that instant."""
    world.injector.travels = travels(slice_bytes=1000, slice_delay_s=1.0)

    def user() -> None:
        url = "https://storage.googleapis.com/x?alt=media"
        with requests.get(url, stream=True, timeout=5) as response:
            next(response.iter_content(2000))

    world.result(user)

    assert world.response.error == "Closed"
    assert world.response.at_s == 1.0
    assert world.response.detail == ()


def test_body_read_by_another_user_belongs_to_its_sender(world: World) -> None:
    """The call is theirs who sent it, whoever reads the answer."""
    world.injector.travels = travels(slice_bytes=HALF, slice_delay_s=1.0)
    sent: list[requests.Response] = []

    def sender() -> None:
        url = "https://storage.googleapis.com/x?alt=media"
        sent.append(requests.get(url, stream=True, timeout=5))

    def reader() -> None:
        nap(10.0)
        assert sent[0].content == OBJECT

    _, task = world.play(sender, reader)

    assert task.error is None
    assert world.response.actor == "user-1"


def test_body_without_bytes_is_complete_at_once(world: World) -> None:
    """There is nothing to read, so nobody need read it."""
    world.injector.answer = Response(status=204)

    def user() -> None:
        with httpx2.stream("POST", CHAT) as response:
            assert response.status_code == 204

    world.result(user)

    assert world.response.error is None


def test_head_request_has_no_body(world: World) -> None:
    """The length is told, the bytes are not."""

    def user() -> tuple[str, bytes]:
        response = requests.head("https://storage.googleapis.com/x?alt=media", timeout=5)
        return response.headers["content-length"], response.content

    assert world.result(user) == (str(len(OBJECT)), b"")
    assert world.response.error is None


def test_timeout_can_be_shortened_while_the_body_is_read(world: World) -> None:
    """Services bound a download by setting the socket's timeout; that counts here too."""
    world.injector.travels = travels(end="stall", cut_after=1000)

    def user() -> None:
        url = "https://storage.googleapis.com/x?alt=media"
        response = requests.get(url, stream=True, timeout=15)
        response.raw.connection.sock.settimeout(4.0)  # type: ignore[union-attr]  # there is one
        response.raw.read()

    world.error(user)

    assert world.now_s == 4.0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param(
            "https://api.openai.org/v1/chat/completions",
            "unknown host 'api.openai.org'",
            id="host",
        ),
        pytest.param(
            "https://api.openai.com/v1/models", "openai has no operation for GET", id="operation"
        ),
    ],
)
def test_request_to_the_unknown_fails_the_run_even_if_swallowed(
    world: World, url: str, message: str
) -> None:
    """A service that catches everything does not get away with it."""

    def user() -> None:
        try:
            httpx2.get(url)
        except Exception:  # noqa: BLE001 - that is the point
            return

    world.result(user)

    with pytest.raises(SimulationError, match=message):
        world.run.finish()
    assert len(world.run.violations) == 1


class Breaking(ToyOpenAI):
    """Has a bug in one of its methods."""

    def __init__(self, where: str) -> None:
        self.where = where

    def classify(self, request: Request) -> Operation | None:
        """Fail here, perhaps."""
        self._work_unless("classify")
        return super().classify(request)

    def handle(self, request: Request) -> Response:
        """Or here."""
        self._work_unless("handle")
        return super().handle(request)

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """Or here."""
        self._work_unless("describe")
        return super().describe(operation, response)

    def _work_unless(self, where: str) -> None:
        if self.where == where:
            raise KeyError("choices")


@pytest.mark.parametrize("where", ["classify", "handle", "describe"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_broken_stand_in_fails_the_run_instead_of_the_service(
    simulation: Simulation, where: str, *, stream: bool
) -> None:
    """A bug of the harness must not look like a provider's fault that the service survived."""
    world = World(simulation, upstreams={"openai": Breaking(where)})

    world.play(lambda: streamed_chat([]) if stream else chat())

    with pytest.raises(SimulationError, match="the stand-in for openai is broken: KeyError"):
        world.run.finish()


class Odd(ToyOpenAI):
    """Says of its answers what no trace can keep."""

    def __init__(self, where: str, told: Any) -> None:
        self.where, self.told = where, told

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """Here, perhaps."""
        usual = super().describe(operation, response)
        return cast("Any", self.told) if self.where == "describe" else usual

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """Or here."""
        del operation, request, response
        return cast("Any", self.told) if self.where == "said" else None


@pytest.mark.parametrize(
    ("where", "told", "message"),
    [
        ("describe", "text", r"describe\(\) returned a str, not a mapping"),
        ("describe", {"text": b"x"}, r"describe\(\) returned a bytes as 'text'"),
        ("said", "text", r"said\(\) returned a str, not a Said"),
    ],
)
def test_what_no_trace_can_keep_is_the_fault_of_the_stand_in(
    simulation: Simulation, where: str, told: Any, message: str
) -> None:
    """Neither the service nor a law, which reads it later, is to blame."""
    world = World(simulation, upstreams={"openai": Odd(where, told)})

    world.play(chat)

    with pytest.raises(SimulationError, match=f"the stand-in for openai is broken: .*{message}"):
        world.run.finish()


@pytest.mark.parametrize(
    "timeout",
    [
        pytest.param(4.0, id="number"),
        pytest.param((1.0, 4.0), id="pair"),
        pytest.param(urllib3.Timeout(connect=1.0, read=4.0), id="object"),
        pytest.param(urllib3.Timeout(total=4.0), id="total"),
    ],
)
def test_timeout_of_requests_counts_in_all_its_forms(world: World, timeout: Any) -> None:
    """Each means what it means over a network."""
    world.injector.travels = travels(latency_s=70.0)

    world.error(
        lambda: requests.get("https://storage.googleapis.com/x?alt=media", timeout=timeout)
    )

    assert world.now_s == 4.0


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a": 1}', id="bytes"),
        pytest.param('{"a": 1}', id="text"),
        pytest.param(io.BytesIO(b'{"a": 1}'), id="file"),
        pytest.param(iter([b'{"a"', b": 1}"]), id="iterator"),
    ],
)
def test_body_of_requests_arrives_in_all_its_forms(world: World, body: Any) -> None:
    """The stand-in sees the bytes, however they were given."""
    response = world.result(lambda: requests.post(CHAT, data=body, timeout=5))

    assert response.status_code == 200


def test_stream_is_read_by_requests_event_by_event(world: World) -> None:
    """Chunks arrive one by one, as over a network."""
    world.injector.travels = travels(slice_bytes=200, slice_delay_s=1.0)

    def user() -> list[float]:
        response = requests.post(CHAT, json={"stream": True}, stream=True, timeout=5)
        return [world.now_s for _ in response.iter_content(chunk_size=None)]

    arrivals = world.result(user)

    assert arrivals == [float(number) for number in range(len(arrivals))]
    assert len(arrivals) > 2


def test_cookies_reach_requests(world: World) -> None:
    """Even what only http.client's own objects carry is there."""
    world.injector.answer = Response(status=200, headers=(("set-cookie", "a=1"),), body=b"{}")

    response = world.result(lambda: requests.post(CHAT, json={}, timeout=5))

    assert response.cookies["a"] == "1"


@pytest.mark.parametrize("call", [chat, download])
def test_finished_call_leaves_nothing_for_the_garbage_collector(world: World, call: Any) -> None:
    """A long load makes thousands; each is gone when the client is done with it."""
    gc.collect()
    gc.disable()
    try:
        world.result(call)
        left = [each for each in gc.get_objects() if isinstance(each, Exchange)]
    finally:
        gc.enable()

    assert left == []


def raw_request(*headers: str) -> bytes:
    """A request for a completion, to the byte."""
    lines = ("POST /v1/chat/completions HTTP/1.1", "Host: api.openai.com", "Content-Length: 2")
    return "\r\n".join([*lines, *headers, "", "{}"]).encode()


def test_offer_of_another_protocol_is_not_taken_up(world: World) -> None:
    """The request is answered, and so are those behind it."""

    def call() -> tuple[int, int]:
        client = socket.create_connection(("api.openai.com", 80), timeout=5)
        client.sendall(raw_request("Connection: Upgrade", "Upgrade: h2c") + raw_request())
        first = client.recv(9999)
        client.sendall(raw_request())
        return first.count(b"200 OK"), client.recv(9999).count(b"200 OK")

    assert world.result(call) == (2, 1)


def test_web_socket_is_refused_by_its_name(world: World) -> None:
    """It is no request that a stand-in could answer."""

    def call() -> None:
        client = socket.create_connection(("api.openai.com", 80), timeout=5)
        client.sendall(raw_request("Connection: Upgrade", "Upgrade: websocket"))
        client.recv(9)

    assert isinstance(world.error(call), ConnectionResetError)
    assert "was opened as a WebSocket" in world.run.violations[0]


def test_name_that_ends_in_a_dot_is_the_same_name(world: World) -> None:
    """It says that it is whole, which the others are, too."""
    url = CHAT.replace(".com", ".com.")

    assert world.result(lambda: httpx2.post(url, json={}, timeout=5).status_code) == 200
