"""Targets that are quick to explore: a ticket office, a breaker by itself, and the toy."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import httpx2

from chaos.ports import Answer, BreakerPolicy, Promises, Target, Upstream, Vocabulary, World
from chaos.targets.helpdesk.listening import TraceListener
from helpdesk.circuit_breaker import CircuitBreaker, State
from helpdesk.errors import CallNotPermittedError
from helpdesk.settings import BreakerSettings
from tests.chaos.explorer.offices import SoundOffice, TwoStepOffice, UnlockedOffice
from tests.chaos.toy import Toy, Weather


@cache
def _client() -> httpx2.Client:
    """One for all: making one takes longer than ten runs."""
    return httpx2.Client(timeout=10)


class QuickToy(Toy):
    """A toy that does not make a client for each run."""

    def build(self, world: World) -> None:
        """Take the client that is there."""
        self._attempts = 3
        self._client = _client()
        self.guesses = 0

    def close(self) -> None:
        """Leave it open for the next."""


class WatchedToy(QuickToy):
    """A toy that says that nothing of what it remembers matters."""

    def state(self) -> Hashable:
        """Guesses are counted, and never looked at."""
        return "always the same"


class TiredToy(QuickToy):
    """Breaks down once it has waited three times; no answer shows how near it is to that."""

    def build(self, world: World) -> None:
        """Start rested."""
        super().build(world)
        self._waited_s = 0.0

    def state(self) -> Hashable:
        """How tired it is."""
        return round(self._waited_s)

    def ask(self, question: str) -> Answer:
        """Count the seconds between attempts."""
        began_s = time.monotonic()
        answer = super().ask(question)
        self._waited_s += time.monotonic() - began_s
        if round(self._waited_s) > 2:
            raise RuntimeError("too tired")
        return answer


class Shaken(QuickToy):
    """Sells one last seat, once all have heard the weather; after a failed call, without care."""

    name = "shaken"
    interleaved = ("tests.chaos.explorer.offices",)

    def build(self, world: World) -> None:
        """Be careful, at first."""
        super().build(world)
        self._began_s = time.monotonic()
        self._office: SoundOffice | TwoStepOffice = SoundOffice()

    def ask(self, question: str) -> Answer:
        """Meet the others five seconds after the beginning."""
        answer = super().ask(question)
        waited_s = time.monotonic() - self._began_s
        if waited_s:
            self._office = TwoStepOffice()
        time.sleep(5 - waited_s)
        self._office.sell()
        if self._office.seats < 0:
            raise RuntimeError("sold twice")
        return answer


class Jealous(QuickToy):
    """Lets nobody in before the first user, once a call has failed."""

    name = "jealous"

    def build(self, world: World) -> None:
        """Wait for the first user."""
        super().build(world)
        self._is_first_there = False

    def state(self) -> Hashable:
        """Who is there, and who comes now."""
        return self._is_first_there, threading.current_thread().name

    def ask(self, question: str) -> Answer:
        """Answer, or break down."""
        self._is_first_there |= threading.current_thread().name == "user-1"
        began_s, may_enter = time.monotonic(), self._is_first_there
        answer = super().ask(question)
        if time.monotonic() > began_s and not may_enter:
            raise RuntimeError("not before the first")
        return answer


class Office(Target):
    """Sells a seat to whoever asks."""

    isolation = "shared"
    name = "office"
    interleaved = ("tests.chaos.explorer.offices",)
    kind: ClassVar[type[UnlockedOffice | TwoStepOffice | SoundOffice]] = SoundOffice

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Nothing but answers."""
        return Vocabulary(upstreams={}, observables={}, settings={})

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """None."""
        return ()

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """None either."""
        return Promises()

    def build(self, world: World) -> None:
        """Open the office."""
        self._office = self.kind()

    def ask(self, question: str) -> Answer:
        """Buy a seat."""
        return Answer(mode="llm" if self._office.sell() else "fallback")


class Unlocked(Office):
    """The office without a lock."""

    kind = UnlockedOffice


class TwoStep(Office):
    """The office with a gap between its locks."""

    kind = TwoStepOffice


class FloodedBreaker(CircuitBreaker):
    """Half-open lets everybody through."""

    def _refusal(self, now_s: float) -> float | None:
        return None if self._state is State.HALF_OPEN else super()._refusal(now_s)


class Breaker(Office):
    """Makes an empty call through the helpdesk's breaker; "fail" makes one that fails."""

    name = "breaker"
    interleaved = ("helpdesk.circuit_breaker",)
    breaker_class: ClassVar[type[CircuitBreaker]] = CircuitBreaker

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """One, to give the breaker a name."""
        return (Weather(),)

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The name."""
        return Vocabulary(upstreams={"weather": ("today",)}, observables={}, settings={})

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One failure opens it, for a minute."""
        policy = BreakerPolicy(failure_threshold=1, recovery_timeout_s=60, trial_lease_s=60)
        return Promises(breakers={"weather": policy})

    def build(self, world: World) -> None:
        """A closed breaker."""
        self._breaker = self.breaker_class(
            "weather",
            BreakerSettings(failure_threshold=1),
            listeners=[TraceListener(world.recorder, [])],
        )

    def state(self) -> Hashable:
        """Where the breaker stands."""
        return self._breaker.snapshot().state

    def ask(self, question: str) -> Answer:
        """Call, or be refused."""
        try:
            permit = self._breaker.acquire()
        except CallNotPermittedError:
            return Answer(mode="fallback")
        if question == "fail":
            permit.failure()
        else:
            permit.success()
        return Answer(mode="llm" if question != "fail" else "fallback")


class Flooded(Breaker):
    """Its breaker is flooded while half-open."""

    breaker_class = FloodedBreaker
