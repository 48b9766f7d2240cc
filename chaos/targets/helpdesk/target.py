"""The helpdesk under test: built in a world, asked, restarted, looked at."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any

import openai
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

# Sets a variable of the process when it is first imported. Within a simulation, which gives the
# environment back as it was, that would be lost for whoever uses the service afterwards.
import helpdesk.bucket  # noqa: F401 - see above
from chaos.ports import Answer, Promises, Target, Upstream, Vocabulary, World
from chaos.targets.helpdesk import given, words
from chaos.targets.helpdesk.listening import TraceListener
from chaos.targets.helpdesk.memory import remembered
from chaos.trace.events import ActionEvent, Scalar
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream
from helpdesk.circuit_breaker import CircuitBreaker
from helpdesk.desk import Helpdesk
from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService
from helpdesk.index_source import cache_folder
from helpdesk.manifest import content_sha256
from helpdesk.rag_response_service import RAGResponseService
from helpdesk.settings import Settings

API_KEY = "sk-chaos"


@cache
def _openai_client() -> openai.OpenAI:
    """One client for all runs: making one costs more than a whole scenario."""
    return openai.OpenAI(api_key=API_KEY, max_retries=0)


@cache
def _storage_client() -> storage.Client:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call] # google-auth has no types
    return storage.Client(project="chaos", credentials=credentials)


class HelpdeskTarget(Target):
    """A helpdesk with the real SDKs, its bucket and its cache folder."""

    name = "helpdesk"
    isolation = "shared"
    interleaved = ("helpdesk.circuit_breaker", "helpdesk.live_index")

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The words scenarios may use for it."""
        return words.VOCABULARY

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """New stand-ins for OpenAI and Cloud Storage."""
        return OpenAIUpstream(), GcsUpstream()

    def __init__(self) -> None:
        self._broken_events: list[Exception] = []

    def build(self, world: World) -> None:
        """Publish generation 1, lay out the copy on disk, and start the service."""
        gcs = world.upstreams["gcs"]
        assert isinstance(gcs, GcsUpstream)
        self._gcs = gcs
        self._world = world
        self._published = 0
        self._listener = TraceListener(world.recorder, self._broken_events)
        published = self._publish()
        self._settings = Settings.load({}).replaced(
            {
                "openai.api_key": API_KEY,
                "index.bucket": given.BUCKET,
                "index.prefix": given.PREFIX,
                "index.cache_dir": world.folder / "cache",
                **world.settings,
            }
        )
        copy = given.cached_copy(world.given)
        if copy is not None:
            folder = cache_folder(self._settings.index)
            given.lay_out_cache(folder, copy, now=time.time())
        detail = (("cached", copy is not None), *published.items())
        world.recorder.record(ActionEvent, action="given", detail=detail)
        self._start()

    def ask(self, question: str) -> Answer:
        """Ask the service as a user would."""
        answer = self._desk.ask(question)
        return Answer(
            mode=answer.mode,
            text=answer.text,
            reason=answer.reason,
            stale=answer.stale,
            truncated=answer.truncated,
            sources=answer.sources,
            index_state=answer.index_state,
        )

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Carry out ``restart``, ``refresh_index`` or ``publish_index``."""
        del parameters
        match action:
            case "restart":
                self._start()
                return {}
            case "refresh_index":
                return {"outcome": self._index.refresh().outcome}
            case "publish_index":
                return self._publish()
            case _:
                raise NotImplementedError(f"the helpdesk has no action {action!r}")

    def observe(self, key: str) -> Scalar:
        """The value of one of the words of `vocabulary` now."""
        match key.split("."):
            case ["openai", "breaker", what]:
                snapshot = self._rag.get_status()["circuit_breaker"]
                assert isinstance(snapshot, dict)
                value = snapshot["retry_after_s" if what == "retry_after" else what]
                return round(value, 6) if isinstance(value, float) else value
            case ["index", what]:
                served = self._index.served
                if what == "age":
                    return None if served.age is None else round(served.age.total_seconds(), 6)
                value = getattr(served, what)
                assert value is None or isinstance(value, str)
                return value
            case ["cache", "quarantined"]:
                return self._listener.quarantined
            case _:
                raise NotImplementedError(f"the helpdesk has no observable {key!r}")

    def state(self) -> Hashable | None:
        """What breaker, index and cache folder are at, whatever the time; see `remembered`."""
        return remembered(self._rag, self._index, cache_folder(self._settings.index))

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """What it owes its users under these settings."""
        return words.promises(settings)

    def close(self) -> None:
        """End the run; raises what kept an event out of its trace."""
        if self._broken_events:
            raise self._broken_events[0]

    def _publish(self) -> dict[str, Scalar]:
        """Publish the next generation; returns what identifies it, for the trace."""
        self._published += 1
        given.publish(self._gcs, self._published)
        sha256 = content_sha256(given.generation(self._published).files)
        return {"generation": str(self._published), "sha256": sha256}

    def _start(self) -> None:
        """A new process: new objects, nothing remembered but the cache folder."""
        self._listener.restarted()
        listeners = [self._listener]
        self._index = FAISSHelpdeskService(
            self._settings,
            storage_client=_storage_client(),
            embedder=given.embedder(),
            listeners=listeners,
        )
        self._rag = RAGResponseService(
            self._settings,
            client=_openai_client(),
            # Passed in, because the processes of a run share this one: so would their breakers.
            breaker=CircuitBreaker("openai", self._settings.openai.breaker, listeners=listeners),
            listeners=listeners,
        )
        self._desk = Helpdesk(
            self._settings, rag=self._rag, index=self._index, listeners=listeners
        )
