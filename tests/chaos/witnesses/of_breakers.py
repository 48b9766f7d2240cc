"""Witnesses of the laws of breakers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import httpx2

from chaos.http import Response
from chaos.ports import BreakerPolicy, Promises, Upstream, Vocabulary, World
from chaos.trace.events import BreakerEvent
from tests.chaos.witnesses.of_calls import ASK, OUTAGE
from tests.chaos.witnesses.witness import Base, RefusedError, Weather, Witness, text_of

RECOVERY_S = 60.0


class Breaker:
    """Opens after so many failures in a row; after a minute it lets one call through.

    Args:
        record: Reports what it does.
        threshold: How many.
    """

    def __init__(self, record: Callable[..., None], threshold: int = 2) -> None:
        self._record, self._threshold = record, threshold
        self.state, self._failures, self._opened_s = "closed", 0, 0.0
        self._permits = 0

    def acquire(self) -> int:
        """Ask for a permit; returns its number."""
        if self.state == "open" and time.monotonic() - self._opened_s >= RECOVERY_S:
            self._become("half_open")
        if self.state == "open":
            self._note("refused")
            raise RefusedError
        self._permits += 1
        self._note("granted", permit=self._permits)
        return self._permits

    def settle(self, permit: int, outcome: str) -> None:
        """Say how a call went."""
        if outcome != "neutral":
            self._failures = self._failures + 1 if outcome == "failure" else 0
        failures = self._failures
        self._note("settled", permit=permit, outcome=outcome, counted=True, failures=failures)
        if outcome == "failure" and (self.state == "half_open" or failures >= self._threshold):
            self._become("open")
        elif outcome == "success" and self.state == "half_open":
            self._become("closed")

    def _become(self, state: str) -> None:
        old, self.state = self.state, state
        self._opened_s = time.monotonic()
        self._note("transition", old=old)

    def _note(self, what: str, **more: Any) -> None:
        self._record(BreakerEvent, upstream="weather", what=what, state=self.state, **more)


class Guarded(Base):
    """One attempt for each question, behind a breaker that ignores the caller's mistakes."""

    promised = Promises(
        breakers={"weather": BreakerPolicy(failure_threshold=2, recovery_timeout_s=RECOVERY_S)}
    )
    threshold: ClassVar[int] = 2
    mistakes: ClassVar[str] = "neutral"

    def build(self, world: World) -> None:
        """With a breaker."""
        super().build(world)
        self.breaker = Breaker(self.record, self.threshold)

    def tell(self, place: str) -> str:
        """Under a permit."""
        permit = self.breaker.acquire()
        try:
            text = self.call(place)
        except httpx2.HTTPStatusError as error:
            self.failed(permit, error.response.status_code)
            raise
        self.breaker.settle(permit, "success")
        return text

    def call(self, place: str) -> str:
        """One request."""
        return text_of(self.get(place))

    def failed(self, permit: int, status: int) -> None:
        """Settle what went wrong."""
        self.breaker.settle(permit, "failure" if status >= 500 else self.mistakes)


class Limiting(Breaker):
    """One call at a time in half-open; what it does, it tells nobody."""

    _trials = 0

    def acquire(self) -> int:
        """Ask for a permit; in half-open there is one."""
        if self.state == "half_open" and self._trials:
            raise RefusedError
        permit = super().acquire()
        self._trials += self.state == "half_open"
        return permit

    def _become(self, state: str) -> None:
        self._trials = 0
        super()._become(state)

    def _note(self, what: str, **more: Any) -> None:
        """Most libraries report nothing of this."""


class Silent(Guarded):
    """Behind a breaker that reports nothing."""

    breaks: ClassVar[type[Breaker]] = Limiting

    def build(self, world: World) -> None:
        """With such a breaker."""
        super().build(world)
        self.breaker = self.breaks(self.record, self.threshold)


class SilentlyOpensLate(Silent):
    """Opens after three failures, where two are promised."""

    threshold = 3


class Crowding(Limiting):
    """Lets everybody in once it is half-open."""

    def acquire(self) -> int:
        """Without a limit."""
        self._trials = 0
        return super().acquire()


class SilentlyCrowds(Silent):
    """Behind that one."""

    breaks = Crowding


class SilentlyCountsMistakes(Silent):
    """Takes the caller's mistakes for failures, and tells nobody."""

    mistakes = "failure"


class Rain(Weather):
    """A provider of its own, with a breaker of its own."""

    name = "rain"
    hosts = ("rain.test",)


class TwoProviders(Silent):
    """Asks one provider about rain, and the other about everything else."""

    promised = Promises(
        breakers={
            name: BreakerPolicy(failure_threshold=2, recovery_timeout_s=RECOVERY_S)
            for name in ("weather", "rain")
        }
    )

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """Words of two providers."""
        known = dict.fromkeys(("weather", "rain"), Weather.operations)
        return replace(super().vocabulary(), upstreams=known)

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """Both."""
        return (Weather(), Rain())

    def build(self, world: World) -> None:
        """Each behind its breaker."""
        super().build(world)
        self.breakers = {"rain": self.breaks(self.record, self.threshold)}

    def tell(self, place: str) -> str:
        """Under a permit of the right one."""
        usual, self.breaker = self.breaker, self.breakers.get(place, self.breaker)
        try:
            return super().tell(place)
        finally:
            self.breaker = usual

    def get(self, place: str) -> Response | httpx2.Response:
        """From whom it is about."""
        if place != "rain":
            return super().get(place)
        answer = self.client.get(f"https://rain.test/now/{place}")
        answer.raise_for_status()
        return answer


class OneForTwo(TwoProviders):
    """One breaker for both: the failures of one keep everybody away from the other."""

    def build(self, world: World) -> None:
        """The same."""
        super().build(world)
        self.breakers = {}


class TellsOfChanges(Limiting):
    """Reports its changes of state, as the listeners of most libraries do."""

    def _note(self, what: str, **more: Any) -> None:
        if what == "transition":
            Breaker._note(self, what, **more)


class Listened(Silent):
    """Behind a breaker with a listener."""

    breaks = TellsOfChanges


class ListenedGoesRound(Listened):
    """Calls though the breaker refuses."""

    def tell(self, place: str) -> str:
        """Once more, without a permit."""
        try:
            return super().tell(place)
        except RefusedError:
            return text_of(self.get(place))


class GoesRound(Guarded):
    """Calls though the breaker refuses."""

    def tell(self, place: str) -> str:
        """Once more, without a permit."""
        try:
            return super().tell(place)
        except RefusedError:
            return text_of(self.get(place))


class OpensLate(Guarded):
    """Opens after three failures, where two are promised."""

    threshold = 3


class CountsMistakes(Guarded):
    """Takes the caller's mistakes for failures of the provider."""

    mistakes = "failure"


class HidesFailures(Guarded):
    """Passes over failures of the provider, so that it never opens."""

    def failed(self, permit: int, status: int) -> None:
        """Nothing happened."""
        del status
        self.breaker.settle(permit, "neutral")


class LosesPermits(Guarded):
    """Forgets to settle after a mistake."""

    def failed(self, permit: int, status: int) -> None:
        """Only failures are settled."""
        if status >= 500:
            super().failed(permit, status)


class TwoForOne(Guarded):
    """Sends two requests at once under one permit, and takes the first good answer."""

    def call(self, place: str) -> str:
        """A pair."""
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(self.get, place) for _ in range(2)]
        # Both are looked at: an error that nobody sees is another mistake.
        return text_of(min(both, key=lambda each: each.exception() is not None).result())


OPENED = OUTAGE + "- ask: {question: oslo, times: 3, every: 1s}\n"
MISTAKES = (
    "- inject: {upstream: weather, fault: http_error, status: 400}\n"
    "- ask: {question: oslo, times: 2, every: 1s}\n- advance: 1s\n"
)
TRIAL = (
    "- inject: {id: outage, upstream: weather, fault: http_error, status: 503}\n"
    "- ask: {question: oslo, times: 2}\n- heal: outage\n- advance: 61s\n"
    "- inject: {upstream: weather, fault: latency, latency: 1s}\n" + ASK
)
MISTAKEN = (
    ASK + "- inject: {id: wrong, upstream: weather, fault: http_error, status: 404}\n"
    "- ask: {question: atlantis, times: 2, every: 1s}\n- heal: wrong\n" + ASK
)
ONE_OF_TWO = (
    f"{ASK}- ask: rain\n- inject: {{upstream: rain, fault: http_error, status: 404, calls: 1-2}}\n"
    "- ask: {question: rain, times: 3, every: 1s}\n" + OPENED + "- ask: rain\n"
)
AT_ONCE = (
    "- inject: {id: outage, upstream: weather, fault: http_error, status: 503}\n"
    "- ask: {question: oslo, times: 2}\n- heal: outage\n- advance: 61s\n"
    "- inject: {upstream: weather, fault: latency, latency: 1s}\n"
    "- ask: {question: oslo, users: 3}\n"
)

WITNESSES = (
    Witness(law="no-call-while-open", breaks=GoesRound, keeps=Guarded, method=OPENED),
    Witness(law="breaker-follows-the-model", breaks=OpensLate, keeps=Guarded, method=OPENED),
    Witness(
        law="breaker-counts-what-happened", breaks=CountsMistakes, keeps=Guarded, method=MISTAKES
    ),
    Witness(
        law="breaker-counts-what-happened", breaks=HidesFailures, keeps=Guarded, method=OPENED
    ),
    Witness(law="permits-are-settled", breaks=LosesPermits, keeps=Guarded, method=MISTAKES),
    Witness(law="one-trial", breaks=TwoForOne, keeps=Guarded, method=TRIAL),
    Witness(law="no-call-while-open", breaks=SilentlyOpensLate, keeps=Silent, method=OPENED),
    Witness(law="no-call-while-open", breaks=ListenedGoesRound, keeps=Listened, method=OPENED),
    Witness(
        law="breaker-counts-what-happened",
        breaks=SilentlyCountsMistakes,
        keeps=Silent,
        method=MISTAKEN,
    ),
    Witness(
        law="breaker-counts-what-happened",
        breaks=OneForTwo,
        keeps=TwoProviders,
        method=ONE_OF_TWO,
    ),
    Witness(law="one-trial", breaks=SilentlyCrowds, keeps=Silent, method=AT_ONCE),
)
