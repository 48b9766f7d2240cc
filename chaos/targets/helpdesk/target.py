"""The helpdesk under test: built in a world, asked, restarted, looked at."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import openai
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

# Sets a variable of the process when it is first imported. Within a simulation, which gives the
# environment back as it was, that would be lost for whoever uses the service afterwards.
import helpdesk.bucket  # noqa: F401 - see above
from chaos.errors import TargetError
from chaos.ports import Answer, Promises, Target, Upstream, Vocabulary, World
from chaos.targets.helpdesk import given, published, words
from chaos.targets.helpdesk.audit import Seen, SelfReport, audit
from chaos.targets.helpdesk.conversations import ListeningUpstream, told_wrongly
from chaos.targets.helpdesk.listening import TraceListener
from chaos.targets.helpdesk.memory import remembered
from chaos.trace.events import ActionEvent, Scalar
from chaos.upstreams.gcs import GcsUpstream
from helpdesk.circuit_breaker import CircuitBreaker
from helpdesk.desk import Helpdesk
from helpdesk.events import Listener, RefreshEnded
from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService
from helpdesk.index_source import cache_folder
from helpdesk.metrics import Metrics
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
    service = ("helpdesk",)
    defects = "defects"
    isolation = "shared"
    interleaved = ("helpdesk.circuit_breaker", "helpdesk.live_index")

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The words scenarios may use for it."""
        return words.VOCABULARY

    @classmethod
    def warm_up(cls) -> None:
        """Load the model that finds articles, which takes longer than most scenarios."""
        given.embedder().embed(["warm"])

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """New stand-ins for OpenAI and Cloud Storage."""
        return ListeningUpstream(), GcsUpstream()

    def __init__(self) -> None:
        self._broken_events: list[Exception] = []

    def build(self, world: World) -> None:
        """Publish generation 1, lay out the copy on disk, and start the service.

        Raises:
            TargetError: The scenario gives a copy of a bucket, and no bucket.
        """
        gcs, model = world.upstreams["gcs"], world.upstreams["openai"]
        assert isinstance(gcs, GcsUpstream)
        self._gcs = gcs
        # Who puts another stand-in in its place has a service to try, and not what it tells.
        self._model = model if isinstance(model, ListeningUpstream) else None
        self._asked: list[tuple[str, Answer]] = []
        self._world = world
        self._published = 0
        self._listener = TraceListener(world.recorder, self._broken_events)
        self._is_packaged = given.is_packaged(world.given)
        if self._is_packaged and "index_cache" in world.given:
            raise TargetError(
                "the scenario gives an index_cache, and packaged articles; expected one of them, "
                "since the copy on disk is of a bucket; remove 'index_cache'"
            )
        generation = {} if self._is_packaged else self._publish({})
        self._settings = Settings.load({}).replaced(
            {
                "openai.api_key": API_KEY,
                "index.bucket": None if self._is_packaged else published.BUCKET,
                "index.prefix": published.PREFIX,
                "index.cache_dir": world.folder / "cache",
                **world.settings,
            }
        )
        copy = None if self._is_packaged else given.cached_copy(world.given)
        if copy is not None:
            folder = cache_folder(self._settings.index)
            given.lay_out_cache(folder, copy, self._manifest, now=time.time())
        detail = (("cached", copy is not None), *generation.items())
        world.recorder.record(ActionEvent, action="given", detail=detail)
        self._start()

    def ask(self, question: str) -> Answer:
        """Ask the service as a user would."""
        seen = self._seen
        given = self._desk.ask(question)
        answer = Answer(
            mode=given.mode,
            text=given.text,
            reason=given.reason,
            stale=given.stale,
            truncated=given.truncated,
            sources=given.sources,
            index_state=given.index_state,
        )
        seen.answers.append(answer)
        self._asked.append((question, answer))
        return answer

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Carry out ``restart``, ``refresh_index`` or ``publish_index``."""
        match action:
            case "restart":
                self._start()
                return {}
            case "refresh_index":
                ended: object = self._index.refresh()
                self._seen.refreshed.append(ended)
                return {"outcome": ended.outcome if isinstance(ended, RefreshEnded) else None}
            case "publish_index":
                return self._publish(parameters)
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
            case ["index", "last_error"]:
                told = self._index.get_status()["last_error"]
                assert told is None or isinstance(told, str)
                return told
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

    def audit(self) -> Iterable[str]:
        """What model and operators were told that is not so; see `conversations` and `audit`."""
        return [
            *(told_wrongly(self._model.heard, self._asked) if self._model else ()),
            *audit(
                SelfReport.of(self._desk, self._metrics),
                self._seen,
                cache_folder(self._settings.index),
                settings={**words.SPECIFIED, **self._world.settings},
                quarantined=self._listener.quarantined,
                is_packaged=self._is_packaged,
            ),
        ]

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

    def _publish(self, parameters: Mapping[str, Any]) -> dict[str, Scalar]:
        """Publish the next generation; returns what identifies it, for the trace."""
        if self._is_packaged:
            raise TargetError(
                "publish_index needs a bucket, and the articles are packaged ones; "
                "remove the step, or 'knowledge' from 'given'"
            )
        content = published.files_as_asked(self._published + 1, parameters)
        self._published += 1
        self._manifest = published.publish(self._gcs, self._published, content)
        sha256 = published.sha256_of(content)
        return {"generation": str(self._published), "sha256": sha256}

    def _start(self) -> None:
        """A new process: new objects, nothing remembered but the cache folder."""
        self._listener.restarted()
        self._seen, self._metrics = Seen(), Metrics()
        listeners: list[Listener] = [self._listener, self._seen, self._metrics]
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
        self._metrics.watch(self._desk)
