"""What a witness is, and what all of them have in common: one provider, one question."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx2

from chaos.http import Response
from chaos.ports import Answer, Promises, RetryPolicy, Target, Upstream, Vocabulary, World
from chaos.upstreams.simple import JsonUpstream

URL = "https://api.weather.test/"
TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Two services for one law, and what is done to both.

    Attributes:
        law: The name of the law.
        breaks: Breaks it, and no other.
        keeps: Keeps it when put to the test, and breaks no other.
        method: The steps of the scenario, as YAML.
    """

    law: str
    breaks: type[Target]
    keeps: type[Target]
    method: str


class Weather(JsonUpstream):
    """Says what the weather is, and takes orders for umbrellas."""

    name = "weather"
    hosts = ("api.weather.test",)
    routes: ClassVar[Mapping[str, Any]] = {
        "now.get": ("GET", "/now/(?P<object>[^/]+)", {"text": "sunny"}),
        "orders.create": ("POST", "/orders", {"ordered": True}),
    }
    speaks: ClassVar[str | None] = "text"
    effects = ("orders.create",)


def policy(**more: Any) -> RetryPolicy:
    """Three attempts, after 1 s and 2 s."""
    usual = {"attempts": 3, "first_backoff_s": 1.0, "max_backoff_s": 4.0, "jitter_s": 0.0}
    return RetryPolicy(**{**usual, **more})


class Base(Target):
    """Tells the weather, or guesses. Every attempt is bounded, and nothing is promised."""

    isolation = "shared"

    promised: ClassVar[Promises] = Promises()

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Words that no other target has."""
        return Vocabulary(
            upstreams={"weather": Weather.operations},
            observables={},
            settings={},
            modes=("told", "guessed", "error"),
        )

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """One provider."""
        return (Weather(),)

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """What the class says."""
        del settings
        return cls.promised

    def build(self, world: World) -> None:
        """Make a client."""
        self.record = world.recorder.record
        self.client = httpx2.Client(timeout=TIMEOUT_S)

    def ask(self, question: str) -> Answer:
        """The provider's words, or others."""
        try:
            return Answer(mode="told", text=self.tell(question))
        except (httpx2.HTTPError, RefusedError):
            return self.guess()

    def tell(self, place: str) -> str:
        """What the provider says, once asked."""
        return text_of(self.get(place))

    def get(self, place: str) -> Response | httpx2.Response:
        """One attempt."""
        answer = self.client.get(f"{URL}now/{place}")
        answer.raise_for_status()
        return answer

    def guess(self) -> Answer:
        """What is answered without the provider."""
        return Answer(mode="guessed", text="rain")

    def close(self) -> None:
        """Close the client."""
        self.client.close()


class RefusedError(Exception):
    """No call is made: a breaker is open, or a pause is kept."""


class Retrying(Base):
    """Three attempts with backoff, and none where none can help."""

    promised = Promises(retries={"weather": policy()})
    attempts: ClassVar[int] = 3
    first_backoff_s: ClassVar[float] = 1.0
    hopeless: ClassVar[frozenset[int]] = frozenset({400, 401, 403, 404, 410, 422})

    def tell(self, place: str) -> str:
        """What the provider says, in the end."""
        for number in range(1, self.attempts + 1):
            try:
                return text_of(self.get(place))
            except httpx2.HTTPStatusError as error:
                if number == self.attempts or error.response.status_code in self.hopeless:
                    raise
            time.sleep(self.first_backoff_s * 2 ** (number - 1))
        raise AssertionError("the last attempt returns or raises")


def text_of(answer: Any) -> str:
    """What an answer of the provider says."""
    return str(answer.json()["text"])
