"""The helpdesk as it runs in production, in this process: its real server, with stand-ins behind.

What it does is written into a trace. The service knows nothing of that: its clients send a header
with the number of the question, so that the stand-ins know whose request it is, and its listeners
tell of breaker and index.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request as Asked
from urllib.request import urlopen

import openai
import uvicorn
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage

import helpdesk.bucket  # noqa: F401 - sets a variable of the process; see `target`
from chaos.errors import ChaosError
from chaos.http import Request
from chaos.ports import Recorder
from chaos.simulation.tasks.behalf import Behalf, Question, acting_for, behalf_here
from chaos.targets.helpdesk import given, published
from chaos.targets.helpdesk.listening import TraceListener
from chaos.targets.helpdesk.target import API_KEY
from chaos.trace.events import AnswerEvent, AskEvent, WaitEvent
from chaos.upstreams.gcs import GcsUpstream
from helpdesk import events
from helpdesk.admission import Ticket
from helpdesk.answers import Answer
from helpdesk.app import create_app
from helpdesk.chat_replies import OnText
from helpdesk.circuit_breaker import CircuitBreaker
from helpdesk.desk import Helpdesk
from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService
from helpdesk.rag_response_service import RAGResponseService
from helpdesk.settings import Settings
from helpdesk.web.server import ImpatientProtocol

HOST = "127.0.0.1"
_HEADER = "x-chaos-ask"
_PATIENCE_S = 60.0


class Questions:
    """Numbers the questions, and knows whose each request is.

    A user has one question at a time. There are as many users as questions under way at once, so
    that a picture of a long drill has no lane for each question.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._asked: dict[str, Behalf] = {}
        self._taking = threading.Lock()

    def new(self) -> Behalf:
        """A question that somebody asks now."""
        with self._taking:
            busy = {each.actor for each in self._asked.values() if not each.is_over}
            free = next(name for n in itertools.count(1) if (name := f"user-{n}") not in busy)
            question = Question(next(self._numbers))
            behalf = self._asked[str(question.number)] = Behalf(free, question)
            return behalf

    def caller(self, request: Request) -> Behalf | None:
        """For whom a request was sent; None if that was nobody who waits."""
        return self._asked.get(request.headers.get(_HEADER, ""))


class RunningHelpdesk:
    """A server that listens while entered.

    Args:
        recorder: Writes the trace.
        questions: Known to the stand-ins as well.
        openai_url: Where the stand-in for OpenAI listens.
        gcs: The stand-in for Cloud Storage; a first index is published to it.
        gcs_url: Where it listens.
        folder: For the copy of the index.
        settings: Other than the defaults, by their dotted names.
        port: Where to listen; 0 is any port that is free.
    """

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        *,
        recorder: Recorder,
        questions: Questions,
        openai_url: str,
        gcs: GcsUpstream,
        gcs_url: str,
        folder: Path,
        settings: Mapping[str, Any],
        port: int = 0,
    ) -> None:
        self._recorder = recorder
        self._questions = questions
        self._gcs = gcs
        self._published = 0
        self._port = port
        self.publish()
        self._settings = Settings.load({}).replaced(
            {
                "openai.api_key": API_KEY,
                "index.bucket": published.BUCKET,
                "index.prefix": published.PREFIX,
                "index.cache_dir": folder / "cache",
                **settings,
            }
        )
        self._sdk = _OpenAI(api_key=API_KEY, base_url=f"{openai_url}/v1", max_retries=0)
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call] # google-auth's
        self._storage = storage.Client(
            project="drill",
            credentials=credentials,
            client_options={"api_endpoint": gcs_url},
            _http=_Session(credentials),  # type: ignore[no-untyped-call] # google-auth's
        )
        self._desk: Helpdesk | None = None

    def __enter__(self) -> Self:
        """Start, and wait until questions are taken.

        Raises:
            ChaosError: The port is taken, or the service does not start.
        """
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, self._port))
        except OSError as error:
            listening.close()
            raise ChaosError(
                f"cannot listen at port {self._port} of {HOST}: {error.strerror}; expected a free "
                "port; name another one"
            ) from error
        self.url = f"http://{HOST}:{listening.getsockname()[1]}"
        app = create_app(self._settings, make_desk=self._make_desk)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=ImpatientProtocol,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="helpdesk", daemon=True
        )
        self._thread.start()
        self._wait_until_ready()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE_S)

    def ask(self, question: str) -> None:
        """Ask as a user would: over HTTP."""
        body = json.dumps({"question": question}).encode()
        headers = {"Content-Type": "application/json"}
        try:
            with urlopen(Asked(f"{self.url}/ask", body, headers), timeout=_PATIENCE_S) as answer:  # noqa: S310 - our own
                answer.read()
        except HTTPError as refusal:
            # Too many questions at once; the service says so, and nobody here has to.
            refusal.close()

    def publish(self) -> None:
        """Publish the next generation of the index."""
        self._published += 1
        published.publish(self._gcs, self._published)

    def refresh(self) -> None:
        """Have the service look for a newer index now."""
        assert self._desk is not None, "it runs"
        self._desk.refresh_index()

    def status(self) -> dict[str, object]:
        """What the service tells of itself."""
        assert self._desk is not None, "it runs"
        return self._desk.get_status()

    def _make_desk(self, listeners: Sequence[events.Listener]) -> Helpdesk:
        trace = TraceListener(self._recorder, [])
        all_: list[events.Listener] = [*listeners, trace, self._note_wait]
        self._desk = _Desk(
            self._recorder,
            self._questions,
            self._settings,
            rag=RAGResponseService(
                self._settings,
                client=self._sdk,
                breaker=CircuitBreaker("openai", self._settings.openai.breaker, listeners=all_),
                listeners=all_,
            ),
            index=FAISSHelpdeskService(
                self._settings,
                storage_client=self._storage,
                embedder=given.embedder(),
                listeners=all_,
            ),
            listeners=all_,
        )
        return self._desk

    def _note_wait(self, event: events.Event, /) -> None:
        match event:
            case events.RetryScheduled(upstream=upstream, wait_s=wait_s):
                self._recorder.record(WaitEvent, seconds=wait_s, upstream=upstream)
            case events.CallHeldBack(upstream=upstream, wait_s=wait_s, given_up=False):
                self._recorder.record(WaitEvent, seconds=wait_s, upstream=upstream)
            case _:
                pass

    def _wait_until_ready(self) -> None:
        ends_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < ends_s and self._thread.is_alive():
            try:
                with urlopen(f"{self.url}/readyz", timeout=1) as response:  # noqa: S310 - our own
                    response.read()
                    return
            except HTTPError as not_yet:
                not_yet.close()
            except OSError:
                pass
            time.sleep(0.02)
        raise ChaosError("the helpdesk did not start; its log says why")


class _Desk(Helpdesk):
    """A help desk whose questions and answers are written down."""

    def __init__(
        self,
        recorder: Recorder,
        questions: Questions,
        settings: Settings,
        **parts: Any,  # noqa: ANN401 - as in the base
    ) -> None:
        super().__init__(settings, **parts)
        self._recorder = recorder
        self._questions = questions

    def answer(self, question: str, ticket: Ticket, *, on_text: OnText | None = None) -> Answer:
        behalf = self._questions.new()
        began_s = time.monotonic()
        with acting_for(behalf):
            self._recorder.record(AskEvent, question=question, step="")
            try:
                answer = super().answer(question, ticket, on_text=on_text)
            except BaseException as error:
                self._recorder.record(
                    AnswerEvent,
                    mode="error",
                    elapsed_s=round(time.monotonic() - began_s, 6),
                    error=f"{type(error).__name__}: {error}",
                )
                raise
            finally:
                assert behalf.question is not None, "it was made with one"
                behalf.question.is_over = True
            self._recorder.record(
                AnswerEvent,
                mode=answer.mode,
                elapsed_s=round(time.monotonic() - began_s, 6),
                reason=answer.reason,
                text=answer.text,
                stale=answer.stale,
                truncated=answer.truncated,
                sources=answer.sources,
                index_state=answer.index_state,
            )
        return answer


def _headers() -> dict[str, str]:
    behalf = behalf_here()
    return {} if behalf is None or behalf.ask is None else {_HEADER: str(behalf.ask)}


class _OpenAI(openai.OpenAI):
    """The SDK, by its own hook for requests."""

    def _prepare_request(self, request: Any) -> None:  # noqa: ANN401 - as in the base
        request.headers.update(_headers())


class _Session(AuthorizedSession):
    def request(self, method: str, url: str, **options: Any) -> Any:  # type: ignore[override] # noqa: ANN401 - as requests has it
        headers = {**(options.pop("headers", None) or {}), **_headers()}
        return super().request(method, url, headers=headers, **options)  # type: ignore[no-untyped-call] # google-auth's
