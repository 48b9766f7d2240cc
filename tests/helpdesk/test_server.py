"""The server itself: patience with slow clients, a graceful end, what is said before a start."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from opentelemetry import trace

from helpdesk.answers import Answer, SearchResult
from helpdesk.app import create_app
from helpdesk.chat_replies import OnText
from helpdesk.desk import Helpdesk
from helpdesk.errors import SettingsError
from helpdesk.settings import Settings
from helpdesk.tracing import set_up_tracing
from helpdesk.web import guards, server
from tests.helpdesk.test_desk import FakeIndex, FakeRag

SOON_S = 10.0
"""Real seconds that a test waits at most for the server."""

PATIENCE_S = 0.3


class Slow(FakeRag):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.may_answer = threading.Event()

    def respond(
        self,
        question: str,
        found: SearchResult,
        *,
        deadline: float,
        on_text: OnText | None = None,
    ) -> Answer:
        """Wait, and answer."""
        self.begun.set()
        assert self.may_answer.wait(SOON_S)
        return Answer(text="At last.", mode="llm")


@contextlib.contextmanager
def serving(rag: FakeRag) -> Iterator[tuple[int, uvicorn.Server]]:
    """A real server; yields its port and itself."""
    desk = Helpdesk(Settings(), rag=rag, index=FakeIndex())
    app = create_app(make_desk=lambda _: desk)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, http=server.ImpatientProtocol, log_config=None)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: running.run(sockets=[listening]))
        thread.start()
        try:
            yield listening.getsockname()[1], running
        finally:
            running.should_exit = True
            thread.join(SOON_S)
            assert not thread.is_alive()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server with little patience."""
    monkeypatch.setattr(server, "PATIENCE_S", PATIENCE_S)
    with serving(FakeRag()) as (port, _):
        yield port


def request(path: str = "/healthz") -> bytes:
    """The head of a request, whole."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def answer(client: socket.socket) -> bytes:
    """One response, up to the end of its body."""
    seen = b""
    while b'{"status":"ok"}' not in seen:
        piece = client.recv(65536)
        assert piece
        seen += piece
    return seen


def closed_after_s(client: socket.socket, send: Callable[[], bytes]) -> float:
    """How long the server keeps a connection on which these bytes come, one piece at a time."""
    started_s = time.monotonic()
    client.settimeout(0.02)
    while time.monotonic() < started_s + SOON_S:
        with contextlib.suppress(TimeoutError):
            try:
                if not client.recv(65536):
                    break
                client.sendall(send())
            except (ConnectionError, BrokenPipeError):
                break
        with contextlib.suppress(OSError):
            client.sendall(send())
    return time.monotonic() - started_s


@pytest.mark.parametrize("piece", [b"", b"X"], ids=["silence", "a byte now and then"])
def test_connection_without_a_request_is_closed(port: int, piece: bytes) -> None:
    """Uvicorn would keep it for ever."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")

        assert PATIENCE_S / 2 < closed_after_s(client, lambda: piece) < SOON_S / 2


def test_second_request_may_not_be_slower(port: int) -> None:
    """A connection that was used once has no more patience with it than a new one."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(request())
        assert answer(client).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")

        assert closed_after_s(client, lambda: b"X") < SOON_S / 2


def test_answer_may_take_longer_than_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is for what clients send, not for what they wait for."""
    monkeypatch.setattr(server, "PATIENCE_S", PATIENCE_S)
    slow = Slow()
    with serving(slow) as (port, _), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(question())
        assert slow.begun.wait(SOON_S)
        time.sleep(2 * PATIENCE_S)
        slow.may_answer.set()
        client.settimeout(SOON_S)

        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def question() -> bytes:
    """A whole question."""
    body = b'{"question": "Is the VPN down?"}'
    head = f"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Content-Type: application/json\r\n\r\n" + body


PIECE = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"


@pytest.mark.parametrize(
    "length", ["Transfer-Encoding: chunked", f"Content-Length: {12 * len(PIECE) + 5}"]
)
def test_who_sends_too_much_gets_to_read_why(length: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is closed with a body still in it would be reset, and the answer lost."""
    monkeypatch.setattr(guards, "DISCARDING_S", SOON_S)
    head = f"POST /ask HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode()
    with (
        serving(FakeRag()) as (port, _),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.settimeout(SOON_S)
        client.sendall(head)
        for _ in range(12):
            client.sendall(PIECE)
            time.sleep(0.02)
        client.sendall(b"0\r\n\r\n")

        assert client.recv(65536).startswith(b"HTTP/1.1 413")


def test_question_under_way_is_answered_before_the_end() -> None:
    """A stop takes no new connections, and lets go of nobody."""
    slow = Slow()
    with serving(slow) as (port, running), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(question())
        assert slow.begun.wait(SOON_S)

        running.should_exit = True
        until = time.monotonic() + SOON_S
        while running.servers[0].is_serving() if running.servers else False:
            assert time.monotonic() < until
        slow.may_answer.set()

        client.settimeout(SOON_S)
        seen = b""
        while b"At last." not in seen:
            piece = client.recv(65536)
            assert piece
            seen += piece
    assert seen.startswith(b"HTTP/1.1 200")


def test_spans_are_off_unless_somebody_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variables of OpenTelemetry nothing is set up."""
    asked: list[object] = []
    monkeypatch.setattr(trace, "set_tracer_provider", asked.append)
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    set_up_tracing()
    assert asked == []

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    set_up_tracing()
    assert len(asked) == 1
    asked[0].shutdown()  # type: ignore[attr-defined] # a provider


def test_spans_without_their_sdk_are_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not silently left out."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(SettingsError, match=r"install helpdesk-service\[otel\]"):
        set_up_tracing()
