"""What an incident costs to play, beside the calls and searches that the service makes in it.

The floor of an incident is the sum of what the helpdesk cannot do without: each call to the model
by the bare SDK, with the answer it got in the incident from a transport without a network; each
download by the bare SDK of Cloud Storage, in the same way; and each search, by the same index
with the same vectors at hand. Nothing of the service and nothing of the harness is in it.
"""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import openai
import requests
import urllib3
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage
from requests.adapters import HTTPAdapter

from benchmarks.figures import Figure, beside
from benchmarks.question import the_answer
from chaos import session
from chaos.scenario.loader import LoadedScenario
from chaos.targets.helpdesk import given, published
from chaos.trace.events import AskEvent, IndexEvent, RequestEvent, ResponseEvent
from chaos.trace.trace import Trace
from helpdesk.knowledge_index import KnowledgeIndex
from helpdesk.prompts import build_messages

PROJECT = Path(__file__).parents[1]
INCIDENTS = PROJECT / "scenarios" / "incidents"
GOAL = 1.25


def figures() -> Iterator[Figure]:
    """Each incident against its floor, and all of them."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    # What is imported and read once belongs to no incident.
    session.run(session.load([PROJECT / "scenarios" / "smoke"]))
    floor = Floor()
    ours, theirs = [], []
    for loaded in session.load([INCIDENTS]):
        played_s, trace = _played(loaded)
        least_s = floor.seconds(trace)
        ours.append(played_s)
        theirs.append(least_s)
        name = f"incident {loaded.scenario.name}"
        yield Figure(name, played_s, "s", played_s / least_s, "its calls and searches")
    logging.disable(level)
    yield beside(
        f"{len(ours)} incidents", ours, theirs, unit="s", against="calls and searches", goal=GOAL
    )


def _played(loaded: LoadedScenario) -> tuple[float, Trace]:
    gc.collect()
    began_s = time.process_time()
    (result,) = session.run([loaded]).results
    seconds = time.process_time() - began_s
    assert result.trace is not None, "an incident that was played has a trace"
    return seconds, result.trace


class Floor:
    """The calls and searches of a trace, made again with nothing around them."""

    def __init__(self) -> None:
        self._ended: ResponseEvent | None = None
        self._answer = the_answer()
        http = httpx2.Client(transport=httpx2.MockTransport(self._said))
        self._model = openai.OpenAI(api_key="sk-bench", max_retries=0, http_client=http)
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call] # has no types
        authorized = AuthorizedSession(credentials)  # type: ignore[no-untyped-call] # neither
        self._files = _Files()
        authorized.mount("https://", self._files)
        self._storage = storage.Client(project="bench", credentials=credentials, _http=authorized)
        built = given.generation(1)
        self._index = KnowledgeIndex.load(built.manifest, built.files, given.embedder())

    def seconds(self, trace: Trace) -> float:
        """Processor seconds of all of them."""
        ended = {event.call: event for event in trace if isinstance(event, ResponseEvent)}
        calls = [event for event in trace if isinstance(event, RequestEvent)]
        asked = {event.ask: event.question for event in trace if isinstance(event, AskEvent)}
        questions = sorted(set(asked.values()))
        searches = sum(isinstance(event, IndexEvent) and event.what == "served" for event in trace)
        # The vectors are at hand in the run, too: each question was embedded before. What is sent
        # is what the service sends, made before the time is taken.
        messages = {
            question: build_messages(question, self._index.search(question, 3))
            for question in questions
        }
        gc.collect()
        began_s = time.process_time()
        for call in calls:
            self._ended = self._files.ended = ended.get(call.call)
            if call.upstream == "openai":
                with contextlib.suppress(openai.OpenAIError, ValueError):
                    self._model.chat.completions.create(
                        model="gpt-4o-mini",
                        messages=messages[asked[call.ask]],  # type: ignore[arg-type]  # of two roles
                        temperature=0.6,
                        max_tokens=500,
                        timeout=15,
                    )
            else:
                self._fetch(call.object or "")
        for number in range(searches):
            self._index.search(questions[number % len(questions)], 3)
        return time.process_time() - began_s

    def _said(self, request: httpx2.Request) -> httpx2.Response:
        ended = self._ended
        if ended is None or ended.status is None:
            raise httpx2.ReadTimeout("as in the incident", request=request)
        ok = ended.status == self._answer.status
        body = self._answer.body if ok else b'{"error": {"message": "as in the incident"}}'
        headers = {"content-type": "application/json"}
        return httpx2.Response(ended.status, headers=headers, content=body)

    def _fetch(self, name: str) -> None:
        with contextlib.suppress(exceptions.GoogleAPICallError, requests.RequestException):
            self._storage.download_blob_to_file(
                self._storage.bucket(published.BUCKET).blob(name),
                io.BytesIO(),
                raw_download=True,
                retry=None,
            )


class _Files(HTTPAdapter):
    """Cloud Storage without a network: each object as it was published, or the status it had."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: ResponseEvent | None = None
        files = published.files(1)
        self._contents = {
            published.MANIFEST: bytes(1_000),
            **{name: files[name] for name in (published.INDEX, published.DOCUMENTS)},
        }

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]  # what else there is, is for networks
        """Answer at once."""
        ended = self.ended
        if ended is None or ended.status is None:
            raise requests.ReadTimeout("as in the incident")
        name = (request.path_url.partition("?")[0]).replace("%2F", "/").rpartition("/")[2]
        ok = ended.status == requests.codes.ok
        body = self._contents.get(name, b"") if ok else b"{}"
        raw = urllib3.HTTPResponse(io.BytesIO(body), status=ended.status, preload_content=False)
        return self.build_response(request, raw)
