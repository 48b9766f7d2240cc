"""What stands before the routes, the stream of an answer, and what the interface promises."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import Message

from helpdesk.answers import Answer, SearchResult
from helpdesk.app import create_app
from helpdesk.chat_replies import OnText
from helpdesk.desk import Helpdesk
from helpdesk.errors import AskerGoneError
from helpdesk.logs import set_up_logging
from helpdesk.settings import Settings
from helpdesk.web import guards
from helpdesk.web.request_ids import current_request_id
from tests.helpdesk.test_desk import FakeIndex, FakeRag

SOON_S = 10.0
"""Real seconds that a test waits at most for another thread."""

ASK = {"question": "Is the VPN down?"}


class Talker(FakeRag):
    """Says a few words, one after the other, and then answers; or breaks off."""

    def __init__(self, *words: str, answer: Answer | None = None) -> None:
        super().__init__()
        self.words = words
        self.final = answer or Answer(text="".join(words), mode="llm", sources=("vpn",))
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.left = threading.Event()
        self.ids: list[str | None] = []

    def respond(
        self,
        question: str,
        found: SearchResult,
        *,
        deadline: float,
        on_text: OnText | None = None,
    ) -> Answer:
        """Speak to whoever listens."""
        self.ids.append(current_request_id())
        try:
            for word in self.words:
                if on_text is not None:
                    on_text(word)
                assert self.may_go_on.wait(SOON_S)
        except AskerGoneError:
            self.left.set()
            raise
        self.may_go_on.wait(SOON_S)
        return self.final


def app_of(rag: FakeRag | None = None, **changes: object) -> FastAPI:
    """The application over a responder."""
    settings = Settings().replaced({k.replace("__", "."): v for k, v in changes.items()})
    return create_app(
        make_desk=lambda listeners: Helpdesk(
            settings, rag=rag or FakeRag(), index=FakeIndex(), listeners=listeners
        )
    )


def client_of(rag: FakeRag | None = None, **changes: object) -> TestClient:
    """A client of it that sees a failure as its user would."""
    return TestClient(app_of(rag, **changes), raise_server_exceptions=False)


def events(text: str) -> list[tuple[str, Any]]:
    """Name and content of each event of a stream."""
    found = []
    for part in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if line[0] != ":")
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_stream_has_the_words_and_then_the_answer() -> None:
    """Token by token; sources and mode come last."""
    response = client_of(Talker("Restart ", "it.")).post("/ask/stream", json=ASK)

    assert response.headers["content-type"].startswith("text/event-stream")
    *tokens, (name, answer) = events(response.text)
    assert tokens == [("token", {"text": "Restart "}), ("token", {"text": "it."})]
    assert (name, answer["mode"], answer["sources"]) == ("answer", "llm", ["vpn"])
    assert answer["text"] == "Restart it."


def test_answer_that_breaks_off_ends_in_a_fallback() -> None:
    """What came before is not passed off as an answer: the last event is what counts."""
    fallback = Answer(text="The articles say …", mode="fallback", reason="unreachable")

    response = client_of(Talker("Half an", answer=fallback)).post("/ask/stream", json=ASK)

    assert events(response.text)[0] == ("token", {"text": "Half an"})
    name, answer = events(response.text)[-1]
    assert (name, answer["mode"], answer["reason"]) == ("answer", "fallback", "unreachable")


def test_words_that_no_json_can_hold_are_escaped() -> None:
    """Line ends, other scripts and half a character."""
    response = client_of(Talker("a\nb", "ü", "\ud800")).post("/ask/stream", json=ASK)

    assert [data["text"] for _, data in events(response.text)[:3]] == ["a\nb", "ü", "\ud800"]


def test_refused_question_is_no_stream() -> None:
    """A problem, as for any other route."""
    response = client_of().post("/ask/stream", json={"question": " "})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


def test_model_is_told_to_stop_when_nobody_listens_any_more() -> None:
    """With its next word; the place of the question is free again."""
    talker = Talker("one", "two", "three")
    talker.may_go_on.clear()
    app = app_of(talker)

    async def leave_after_the_first_word() -> None:
        first = asyncio.Event()

        async def receive() -> Message:
            if not sent:
                sent.append(True)
                return {"type": "http.request", "body": json.dumps(ASK).encode()}
            await first.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if b"token" in message.get("body", b""):
                first.set()

        sent: list[bool] = []
        headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
        scope = {"type": "http", "method": "POST", "path": "/ask/stream", "headers": headers}
        await app({**scope, "query_string": b"", "asgi": {"spec_version": "2.3"}}, receive, send)
        # Still within the loop: that it has ended would tell the model, too.
        talker.may_go_on.set()
        assert await asyncio.to_thread(talker.left.wait, SOON_S)

    asyncio.run(leave_after_the_first_word())

    until = time.monotonic() + SOON_S
    while TestClient(app).get("/status").json()["load"]["questions"]:
        assert time.monotonic() < until


@pytest.fixture
def busy() -> Iterator[tuple[TestClient, Talker]]:
    """A service whose two places are taken by questions that do not end."""
    talker = Talker("word")
    talker.may_go_on.clear()
    with (
        client_of(talker, limits__max_questions=2) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        asked = [pool.submit(client.post, "/ask", json=ASK) for _ in range(2)]
        until = time.monotonic() + SOON_S
        while client.get("/status").json()["load"]["questions"] < 2:
            assert time.monotonic() < until
        yield client, talker
        talker.may_go_on.set()
        assert [each.result(SOON_S).status_code for each in asked] == [200, 200]


@pytest.mark.parametrize("path", ["/ask", "/ask/stream"])
def test_one_question_too_many_is_told_when_to_come_back(
    busy: tuple[TestClient, Talker], path: str
) -> None:
    """429 with Retry-After; it is in the status and in the metrics."""
    client, _ = busy

    response = client.post(path, json=ASK)

    assert response.status_code == 429
    assert response.headers["retry-after"] == "1"
    assert response.json()["title"] == "Too Many Requests"
    assert "2 questions are in progress" in response.json()["detail"]
    assert client.get("/status").json()["load"] == {"questions": 2, "limit": 2, "refused": 1}
    metrics = client.get("/metrics").text.splitlines()
    assert "helpdesk_questions_refused_total 1.0" in metrics
    assert "helpdesk_questions 2.0" in metrics


def test_operations_wait_for_nothing_that_questions_use(busy: tuple[TestClient, Talker]) -> None:
    """With every place taken they are answered all the same."""
    client, _ = busy

    for path in ("/healthz", "/status", "/metrics", "/", "/docs"):
        assert client.get(path).status_code == 200


def test_readiness_comes_with_the_index() -> None:
    """Not before it was looked for, and whatever came of that."""
    may_load = threading.Event()

    class Slow(FakeIndex):
        def search(self, question: str, *, top_k: int, deadline: float) -> SearchResult:
            assert may_load.wait(SOON_S)
            raise RuntimeError("storage is down")

    desk = Helpdesk(Settings(), rag=FakeRag(), index=Slow())
    with TestClient(create_app(make_desk=lambda _: desk)) as client:
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        may_load.set()
        until = time.monotonic() + SOON_S
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < until


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("10.1.2.3", 200),
        ("helpdesk", 200),
        ("help.example.com", 200),
        ("HELP.example.com.:443", 200),
        ("help desk", 400),
        ("evil.example.com", 400),
        ("127.0.0.1.evil.example.com", 400),
        ("help.example.com.evil.org", 400),
    ],
)
def test_request_for_somebody_else_is_refused(host: str, status: int) -> None:
    """A page elsewhere cannot point its own name here and read the answers."""
    client = client_of(web__hosts="help.example.com, other.example.com")

    response = client.get("/status", headers={"host": host})

    assert response.status_code == status


def test_any_host_can_be_allowed() -> None:
    """For whoever checks it elsewhere."""
    client = client_of(web__hosts="*")

    assert client.get("/healthz", headers={"host": "a.b.c"}).status_code == 200


def chunks(size: int) -> Iterator[bytes]:
    """A body whose length is not announced."""
    for _ in range(size // 1000 + 1):
        yield b"x" * 1000


def test_long_body_is_refused_before_it_is_read() -> None:
    """By its announced length, or when it has become too long."""
    client = client_of()
    long = guards.MAX_BODY_BYTES + 1

    announced = client.post("/ask", content=b"x" * long)
    not_announced = client.post("/ask", content=chunks(long))
    wrong = client.post("/ask", content=b"{}", headers={"content-length": "-1"})

    assert [announced.status_code, not_announced.status_code, wrong.status_code] == [413] * 3
    assert announced.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/healthz?" + "a" * 9_000, {}, 414),
        ("/healthz", {"X-Long": "a" * 17_000}, 431),
        ("/healthz", {f"X-{number}": "a" * 10 for number in range(1_500)}, 431),
        ("/healthz?" + "a" * 8_000, {"X-Long": "a" * 15_000}, 200),
    ],
    ids=["address", "one header", "many headers", "as much as may be"],
)
def test_head_is_no_larger_than_allowed(path: str, headers: dict[str, str], status: int) -> None:
    """What is too large is told, whatever the request is for."""
    client = client_of()

    read, asked = client.get(path, headers=headers), client.post("/ask", headers=headers)

    assert read.status_code == status
    if status == 431:
        assert asked.status_code == 431
        assert "headers have" in read.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"question": "\xff"}',
        b'{"question": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'{"question": ' + b"9" * 6000 + b"}",
    ],
    ids=["not UTF-8", "deep", "digits"],
)
def test_body_that_cannot_even_be_read_is_told_what_is_expected(body: bytes) -> None:
    """The framework's own words would help nobody."""
    headers = {"content-type": "application/json"}
    response = client_of().post("/ask", content=body, headers=headers)

    assert response.status_code in {400, 422}
    assert 'expected JSON such as {"question": "Is the VPN down?"}' in response.json()["detail"]


def test_longest_question_is_not_too_long() -> None:
    """In the longest way to write it."""
    body = '{"question": "' + "\\ud83d\\ude00" * 1000 + '"}'

    assert client_of().post("/ask", content=body).status_code == 415
    response = client_of().post("/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200


def exchange(app: FastAPI, receive: Any, send: Any) -> None:
    """Put a question to the application over a line of our own."""
    headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
    scope = {"type": "http", "method": "POST", "path": "/ask", "headers": headers}
    asyncio.run(app({**scope, "query_string": b""}, receive, send))


def test_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """However steadily its bytes arrive."""
    monkeypatch.setattr(guards, "PATIENCE_S", 0.05)
    seen: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        seen.append(message)

    exchange(app_of(), receive, send)

    assert seen[0]["status"] == 408


def test_client_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its task does not stay for ever."""
    monkeypatch.setattr(guards, "PATIENCE_S", 0.05)

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(ASK).encode()}

    async def send(message: Message) -> None:
        await asyncio.sleep(SOON_S)

    with pytest.raises(TimeoutError):
        exchange(app_of(), receive, send)


def test_every_response_has_an_id_and_is_guarded() -> None:
    """Also problems, and what nobody foresaw."""
    client = client_of()

    for response in (client.get("/healthz"), client.get("/nowhere"), client.get("/")):
        assert len(response.headers["x-request-id"]) == 32
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert client.get("/healthz").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("abc-123", True),
        ("a" * 65, False),
        ("a b", False),
        ("a/../b", False),
        ("", False),
    ],
)
def test_id_of_a_request_is_kept_if_it_is_one(given: str, *, is_kept: bool) -> None:
    """What is no id does not get into the log."""
    response = client_of().get("/healthz", headers={"x-request-id": given})

    assert (response.headers["x-request-id"] == given) is is_kept


def test_log_of_a_question_has_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    """In the thread that answers, too; as lines of JSON if so asked."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        set_up_logging(1, log_format="json", request_id=current_request_id)
        talker = Talker("word")
        client_of(talker).post("/ask", json=ASK, headers={"x-request-id": "r-1"})
        set_up_logging(1, request_id=current_request_id)
        client_of(talker).post("/ask", json=ASK, headers={"x-request-id": "r-2"})
    finally:
        root.handlers[:], root.level = before

    lines = [line for line in capsys.readouterr().err.splitlines() if "answered" in line]
    assert json.loads(lines[0])["request_id"] == "r-1"
    assert json.loads(lines[0])["logger"] == "helpdesk.desk"
    assert lines[1].endswith("[r-2]")
    assert talker.ids == ["r-1", "r-2"]


def test_log_in_json_has_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, whatever is in it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        set_up_logging(1, log_format="json")
        error = KeyError("a\nbug")
        logging.getLogger("x").error("broken", exc_info=error)
    finally:
        root.handlers[:], root.level = before

    (line,) = capsys.readouterr().err.splitlines()
    assert "KeyError" in json.loads(line)["traceback"]


def test_what_nobody_foresaw_is_a_problem_with_an_id() -> None:
    """Nothing of it is told outside."""
    app = app_of()

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret")

    response = TestClient(app, raise_server_exceptions=False).get("/broken")

    assert response.status_code == 500
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert response.headers["x-frame-options"] == "DENY"
    assert "secret" not in response.text


def test_wrong_method_is_told_which_is_right() -> None:
    """405 with Allow, as a problem."""
    client = client_of()
    asked, told = client.get("/ask"), client.post("/healthz")

    assert (asked.status_code, asked.headers["allow"]) == (405, "POST")
    assert asked.json()["detail"] == "GET is not allowed at this address; expected POST"
    assert (told.status_code, told.headers["allow"]) == (405, "GET, HEAD")


def test_address_of_nothing_leads_to_the_description() -> None:
    """A problem says what to do."""
    response = client_of().get("/nothing")
    assert (response.status_code, "/docs" in response.json()["detail"]) == (404, True)


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/status", "/metrics", "/docs"])
def test_head_is_what_get_is_without_its_body(path: str) -> None:
    """Probes and load balancers ask so."""
    client = client_of()
    head, get = client.head(path), client.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    assert int(head.headers["content-length"]) > 0
    assert client.head("/ask").status_code == 405


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ({"Content-Type": "text/plain"}, "sent as 'text/plain'; expected Content-Type: applica"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "expected Content-Type: applica"),
        ({"Content-Type": ""}, "without a Content-Type; expected"),
        ({"Content-Encoding": "gzip"}, "with Content-Encoding 'gzip'; expected it as it is"),
    ],
)
@pytest.mark.parametrize("path", ["/ask", "/ask/stream"])
def test_body_that_is_sent_in_another_form_is_told_which(
    path: str, headers: dict[str, str], complaint: str
) -> None:
    """It is the header that is wrong, and not the question."""
    body = json.dumps(ASK).encode()
    packed = gzip.compress(body) if "Content-Encoding" in headers else body
    sent = {"Content-Type": "application/json"} | headers

    response = client_of().post(path, content=packed, headers=sent)

    assert response.status_code == 415
    assert complaint in response.json()["detail"]


@pytest.mark.parametrize("question", ["\u200b\u200d", "\x00", "\u2800 \u3164", "\ufeff\xad"])
def test_question_that_nobody_can_see_is_empty(question: str) -> None:
    """It would cost as much as another."""
    response = client_of().post("/ask", json={"question": question})
    assert (response.status_code, "is empty" in response.json()["detail"]) == (422, True)


@pytest.fixture(scope="module")
def spans() -> InMemorySpanExporter:
    """Where spans go for the rest of the process, once somebody has set up the SDK."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def test_question_leaves_spans_and_nothing_of_itself(spans: InMemorySpanExporter) -> None:
    """One for the question, one for the search in it; neither has the question in it."""
    spans.clear()

    client_of().post("/ask", json=ASK)

    # The framework has spans of its own.
    ours = [span for span in spans.get_finished_spans() if span.name.startswith("helpdesk.")]
    found = {span.name: span for span in ours}
    assert found.keys() == {"helpdesk.ask", "helpdesk.search"}
    ask, search = found["helpdesk.ask"], found["helpdesk.search"]
    assert search.parent is not None
    assert search.parent.span_id == ask.context.span_id
    assert dict(ask.attributes or {}) == {"helpdesk.mode": "llm", "helpdesk.index": "fresh"}
    assert "VPN" not in ask.to_json() + search.to_json()


def test_server_that_ends_leaves_no_thread_behind() -> None:
    """Neither the threads that answer, nor the one that starts them, outlive the lifespan."""
    before = {each.ident for each in threading.enumerate()}

    with client_of() as client:
        client.post("/ask", json=ASK)
        during = [each.name for each in threading.enumerate() if each.ident not in before]
    until = time.monotonic() + SOON_S
    while time.monotonic() < until:
        left = {each.name for each in threading.enumerate() if each.ident not in before}
        if not any(name.startswith("helpdesk-") for name in left):
            break
        time.sleep(0.01)

    assert {name.rpartition("_")[0] for name in during} >= {"helpdesk-start", "helpdesk-answer"}
    assert [name for name in left if name.startswith("helpdesk-")] == []
