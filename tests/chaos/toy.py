"""A service small enough to be seen through: one call, tried again at most twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx2

from chaos.http import Request, Response, json_response
from chaos.ports import (
    Answer,
    Observable,
    Operation,
    Promises,
    RetryPolicy,
    Target,
    Upstream,
    Vocabulary,
    World,
)
from chaos.trace.events import Scalar


class Weather(Upstream):
    """Tells the weather."""

    name = "weather"
    hosts = ("weather.example",)
    operations = ("today",)

    def classify(self, request: Request) -> Operation | None:
        """Only one path exists."""
        return Operation("today") if request.path == "/today" else None

    def handle(self, request: Request) -> Response:
        """Always sunny."""
        return json_response(200, {"text": "sunny"})

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """The text told, for the law that wants it."""
        return {"text": "sunny", "finish_reason": "stop"} if response.status == 200 else {}


class Toy(Target):
    """Asks for the weather; falls back to a guess."""

    isolation = "shared"
    name = "toy"
    broken: ClassVar[str] = ""
    path: ClassVar[str] = "/today"

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """One upstream, one observable."""
        return Vocabulary(
            upstreams={"weather": ("today",)},
            observables={"guesses": Observable(type=int, doc="fallbacks so far")},
            settings={"attempts": int},
            actions=frozenset({"restart"}),
        )

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """The weather."""
        return (Weather(),)

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts, one second apart."""
        policy = RetryPolicy(
            attempts=settings.get("attempts", 3),
            first_backoff_s=1,
            max_backoff_s=1,
            jitter_s=0,
        )
        return Promises(deadline_s=60, retries={"weather": policy})

    def build(self, world: World) -> None:
        """Make a client."""
        if self.broken == "build":
            raise RuntimeError("no such thing")
        self._attempts = world.settings.get("attempts", 3)
        self._client = httpx2.Client(timeout=10)
        self._lock = threading.Lock()
        self.guesses = 0

    def ask(self, question: str) -> Answer:
        """Try, wait, try again; then guess."""
        if self.broken == "deadlock":
            with self._lock, self._lock:
                raise AssertionError("never reached")
        if self.broken == "ask":
            raise ValueError(question)
        for attempt in range(self._attempts):
            if attempt:
                time.sleep(1)
            try:
                response = self._client.get(f"https://weather.example{self.path}")
                response.raise_for_status()
            except Exception:  # noqa: BLE001 - a careless service, as they are
                continue
            return Answer(mode="llm", text=response.json()["text"])
        self.guesses += 1
        return Answer(mode="fallback", text="rain, probably", reason="unreachable")

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Start anew."""
        self.guesses = 0
        return {"action": action}

    def observe(self, key: str) -> Scalar:
        """The only thing to see."""
        return self.guesses

    def close(self) -> None:
        """Close the client, if it came to that."""
        if self.broken != "build":
            self._client.close()
