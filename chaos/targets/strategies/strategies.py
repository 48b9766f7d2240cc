"""The strategies as targets: one plain service, and three ways to make its calls.

The service reads its articles from the bucket into memory, picks the best, and asks the model.
It has no fallback: whoever cannot be answered gets the exception.
"""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import openai
import tenacity
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from pydantic import Field

from chaos.ports import Answer, Promises, Target, Upstream, Vocabulary, World
from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Node, UnsignedDuration, read_duration
from chaos.targets.strategies.breaker import SimpleBreaker
from chaos.trace.events import BreakerEvent, Scalar
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream

T = TypeVar("T")

TIMEOUT_S = 15.0
ATTEMPTS = 3
BUCKET, OBJECT = "articles", "articles.json"
ARTICLES = {
    "Reset a password": "Open the self-service page and choose Forgotten password.",
    "Set up the VPN": "Install the client, sign in, and connect before you open the intranet.",
    "Report a suspicious e-mail": "Use the report button; do not click, do not delete.",
    "Add a printer": "Open the settings, choose Printers, and add the one named on its label.",
}
"""A knowledge base is not what is tested here; this one is large enough to be downloaded."""


@cache
def _openai_client() -> openai.OpenAI:
    return openai.OpenAI(api_key="sk-chaos", max_retries=0, timeout=TIMEOUT_S)


@cache
def _storage_client() -> storage.Client:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call] # google-auth has no types
    return storage.Client(project="chaos", credentials=credentials)


class _Remembered(Node):
    """What ``given.index_cache`` may say of articles that it has read already."""

    age: UnsignedDuration = Field(
        default=timedelta(0), description="How long ago.", examples=["2h"]
    )


class Strategy(Target):
    """The plain service; a subclass says how a call is made."""

    isolation = "shared"

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Two providers, and how long the articles are good."""
        return Vocabulary(
            upstreams={
                OpenAIUpstream.name: OpenAIUpstream.operations,
                GcsUpstream.name: GcsUpstream.operations,
            },
            observables={},
            settings={"index.fresh_for": timedelta},
            modes=("llm", "error"),
            actions=frozenset({"restart"}),
            given={"index_cache": Circumstance(model=_Remembered, words=("absent",))},
        )

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """New stand-ins for OpenAI and Cloud Storage."""
        return OpenAIUpstream(), GcsUpstream()

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """It promises nothing."""
        del settings
        return Promises()

    def build(self, world: World) -> None:
        """Publish the articles, and remember them for as long as the scenario says."""
        self._world = world
        gcs = world.upstreams["gcs"]
        assert isinstance(gcs, GcsUpstream)
        gcs.put(BUCKET, OBJECT, json.dumps(ARTICLES).encode())
        self._fresh_for_s = world.settings.get(
            "index.fresh_for", timedelta(hours=24)
        ).total_seconds()
        self._articles: dict[str, str] | None = None
        self._fetched_s = 0.0
        self._start()
        copy = world.given.get("index_cache") or {}
        if copy != "absent":
            age_s = read_duration(copy.get("age", "0s")).total_seconds()
            self._articles, self._fetched_s = ARTICLES, time.monotonic() - age_s

    def ask(self, question: str) -> Answer:
        """Answer from the model, or raise what went wrong."""
        if self._articles is None or time.monotonic() - self._fetched_s >= self._fresh_for_s:
            self._articles = self._call("gcs", _download)
            self._fetched_s = time.monotonic()
        best = max(self._articles, key=lambda title: _shared_words(title, question))
        prompt = f"Answer from this article: {self._articles[best]}\n\n{question}"
        return Answer(mode="llm", text=self._call("openai", lambda: _complete(prompt)))

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Restart: what was in memory is gone."""
        del action, parameters
        self._start()
        return {}

    def _start(self) -> None:
        self._articles = None

    @abstractmethod
    def _call(self, upstream: str, function: Callable[[], T]) -> T:
        """Make a call, somehow."""


class NoRetry(Strategy):
    """Each call is made once."""

    name = "no-retry"

    def _call(self, upstream: str, function: Callable[[], T]) -> T:
        del upstream
        return function()


class RetryOnly(Strategy):
    """Each call is made up to three times, with growing waits; whatever went wrong."""

    name = "retry-only"

    def _call(self, upstream: str, function: Callable[[], T]) -> T:
        del upstream
        return _retried(function)


class RetryWithBreaker(Strategy):
    """As before, and after five failed calls in a row none is made for a minute."""

    name = "retry-with-breaker"

    def _start(self) -> None:
        super()._start()
        self._breakers = {
            upstream: SimpleBreaker(self._recorder_of(upstream)) for upstream in ("openai", "gcs")
        }

    def _call(self, upstream: str, function: Callable[[], T]) -> T:
        return self._breakers[upstream].call(lambda: _retried(function))

    def _recorder_of(self, upstream: str) -> Callable[[str, str], None]:
        def changed(old: str, new: str) -> None:
            self._world.recorder.record(
                BreakerEvent, upstream=upstream, what="transition", old=old, state=new
            )

        return changed


def _retried(function: Callable[[], T]) -> T:
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(multiplier=2, max=10) + tenacity.wait_random(0, 1),
        reraise=True,
    )
    return retrying(function)


def _complete(prompt: str) -> str:
    completion = _openai_client().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}]
    )
    return completion.choices[0].message.content or ""


def _download() -> dict[str, str]:
    blob = _storage_client().bucket(BUCKET).blob(OBJECT)
    articles: dict[str, str] = json.loads(blob.download_as_bytes(retry=None, timeout=TIMEOUT_S))
    return articles


def _shared_words(title: str, question: str) -> int:
    return len(set(title.lower().split()) & set(question.lower().split()))
