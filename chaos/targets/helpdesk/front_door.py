"""The helpdesk as its users meet it: over HTTP, wired as it is in production.

Nothing is injected: the service makes its own clients, its breaker and its embedder. One listener
is added beside its own, so that laws can look at the breaker and at the index.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chaos.errors import TargetError
from chaos.http import Request, Response
from chaos.ports import Answer, Promises, Upstream, Vocabulary, World
from chaos.targets.helpdesk import given, published, words
from chaos.targets.helpdesk.audit import Seen, SelfReport, audit
from chaos.targets.helpdesk.conversations import ListeningUpstream
from chaos.targets.helpdesk.documented import Documented
from chaos.targets.helpdesk.environment import as_variables, carried_wrongly, environment
from chaos.targets.helpdesk.listening import TraceListener
from chaos.targets.helpdesk.responses import (
    detail_of,
    events_of,
    health,
    refusal,
    streamed,
    unguarded,
)
from chaos.targets.helpdesk.target import API_KEY
from chaos.targets.web import AsgiTarget
from chaos.trace.events import ActionEvent, Scalar
from chaos.upstreams import sse
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.google import GoogleIdentity, IamCredentialsUpstream, TokenUpstream
from helpdesk.app import create_app
from helpdesk.desk import Helpdesk
from helpdesk.index_source import cache_folder
from helpdesk.settings import Settings
from helpdesk.shared_breakers import forget_shared_breakers


class FrontDoorTarget(AsgiTarget):
    """The application of ``helpdesk.app``: a question is a ``POST /ask``, or any other request."""

    name = "helpdesk-front-door"
    service = ("helpdesk",)
    defects = "defects.front_door"
    isolation = "shared"

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Those of the helpdesk, and what a front door adds."""
        return words.FRONT_DOOR

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """New stand-ins for OpenAI, and for Cloud Storage with its tokens."""
        identity = GoogleIdentity()
        return (
            ListeningUpstream(),
            GcsUpstream(identity=identity),
            TokenUpstream(identity),
            IamCredentialsUpstream(),
        )

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Those of the helpdesk."""
        return words.promises(settings)

    def __init__(self) -> None:
        self._broken_events: list[Exception] = []
        self._exchanges: list[tuple[Request, Response]] = []
        self._refusals: list[Response] = []

    async def build(self, world: World) -> None:
        """Publish generation 1, lay out the copy on disk, and start the server's application."""
        gcs, model = world.upstreams["gcs"], world.upstreams["openai"]
        assert isinstance(gcs, GcsUpstream)
        self._gcs = gcs
        # Who puts another stand-in in its place has a service to try, and not what it tells.
        self._model = model if isinstance(model, ListeningUpstream) else None
        self._published = 0
        generation = self._publish({})
        key = world.folder / "service-account.json"
        key.write_text(json.dumps(GoogleIdentity().service_account_info()), encoding="utf-8")
        self._environment = environment(world.given)
        settings = {
            "index.bucket": published.BUCKET,
            "index.cache_dir": world.folder / "cache",
            "index.credentials": key,
            **world.settings,
        }
        self._settings = Settings.load(
            {"OPENAI_API_KEY": API_KEY, **self._environment, **as_variables(settings)}
        )
        copy = given.cached_copy(world.given)
        if copy is not None:
            folder = cache_folder(self._settings.index)
            given.lay_out_cache(folder, copy, self._manifest, now=time.time())
        detail = (("cached", copy is not None), *generation.items())
        world.recorder.record(ActionEvent, action="given", detail=detail)
        self._listener = TraceListener(world.recorder, self._broken_events)
        await super().build(world)

    def make_app(self, world: World) -> Any:  # noqa: ANN401 - the base class says so
        """A new process: nothing is remembered but what is on disk."""
        del world
        forget_shared_breakers()
        self._listener.restarted()
        seen = self._seen = Seen()
        return create_app(
            make_desk=lambda listeners: Helpdesk(
                self._settings, listeners=[*listeners, self._listener, seen]
            )
        )

    async def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Carry out ``restart``, or ``publish_index``."""
        if action == "publish_index":
            return self._publish(parameters)
        if action == "restart":
            await super().build(self._world)
            return {}
        return await super().act(action, parameters)

    def request(self, question: str) -> Request:
        """A request as it is written, or a question to put."""
        try:
            return super().request(question)
        except TargetError:
            return super().request(f"POST /ask {json.dumps({'question': question})}")

    async def respond(self, question: str) -> tuple[Response, *tuple[Exception, ...]]:
        """Send a request, and remember what came of it."""
        response, *raised = await super().respond(question)
        self._exchanges.append((self.request(question), response))
        return response, *raised

    def answer(self, response: Response, raised: Exception | None = None) -> Answer:
        """What an asker sees of a response."""
        answer = self._read(response, raised)
        # Of the words for modes, these are the service's own; the others tell of the request.
        if answer.mode in {"llm", "fallback"}:
            self._seen.answers.append(answer)
        return answer

    async def audit(self) -> Iterable[str]:
        """What is told over HTTP, and is not so; see the modules `audit` and `responses`."""
        places = ("/status", "/metrics", "/healthz", "/readyz")
        told = {each: (await self.respond(f"GET {each}"))[0] for each in places}
        # Not one of the exchanges: the document says nothing of itself.
        document, *_ = await super().respond("GET /openapi.json")
        documented = Documented(document.json())
        return [
            *health(told["/healthz"], told["/readyz"]),
            *dict.fromkeys(said for _, each in self._exchanges for said in unguarded(each)),
            *(said for _, each in self._exchanges for said in streamed(each)),
            *dict.fromkeys(
                said for each in self._exchanges for said in documented.differences(*each)
            ),
            *(said for each in self._refusals for said in refusal(each)),
            *(carried_wrongly(self._model.requests, self._environment) if self._model else ()),
            *self._untrue(told["/status"], told["/metrics"]),
        ]

    def _untrue(self, status: Response, metrics: Response) -> Iterator[str]:
        """What operators read that is not so; they cannot read it either if we cannot."""
        try:
            yield from audit(
                SelfReport.over_http(status, metrics),
                self._seen,
                cache_folder(self._settings.index),
                settings={**words.SPECIFIED, **self._world.settings},
                quarantined=self._listener.quarantined,
            )
        except (KeyError, TypeError, ValueError) as error:
            yield f"/status or /metrics cannot be read: {type(error).__name__}: {error}"

    def _read(self, response: Response, raised: Exception | None) -> Answer:
        usual = super().answer(response, raised)
        if usual.mode == "refused":
            self._refusals.append(response)
            return replace(usual, reason=f"{usual.reason}: {detail_of(response)}")
        if usual.mode != "ok":
            return usual
        if sse.is_event_stream(response):
            events = events_of(response)
            if not events or events[-1][0] != "answer":
                return replace(usual, mode="error", reason="the stream broke off")
            return _answer(json.loads(events[-1][1]))
        try:
            payload = response.json()
        except ValueError:
            return usual
        return _answer(payload) if "mode" in payload else usual

    async def close(self) -> None:
        """End the run; raises what kept an event out of its trace."""
        await super().close()
        if self._broken_events:
            raise self._broken_events[0]

    def _publish(self, parameters: Mapping[str, Any]) -> dict[str, Scalar]:
        content = published.files_as_asked(self._published + 1, parameters)
        self._published += 1
        self._manifest = published.publish(self._gcs, self._published, content)
        sha256 = published.sha256_of(content)
        return {"generation": str(self._published), "sha256": sha256}


def _answer(said: Mapping[str, Any]) -> Answer:
    return Answer(
        mode=said["mode"],
        text=said["text"],
        reason=said["reason"],
        stale=said["stale"],
        truncated=said["truncated"],
        sources=tuple(said["sources"]),
        index_state=said["index_state"],
    )
