"""Witnesses of the laws of calls: how often, how soon, and how long one waits."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar
from uuid import uuid4

import httpx2
import tenacity

from chaos.ports import Answer, Promises, RetryBudget, World
from tests.chaos.witnesses.witness import (
    URL,
    Base,
    RefusedError,
    Retrying,
    Witness,
    policy,
    text_of,
)

OUTAGE = "- inject: {upstream: weather, fault: http_error, status: 503}\n"
ASK = "- ask: oslo\n"


class WaitsForEver(Base):
    """A client without a timeout."""

    def build(self, world: World) -> None:
        """Make it."""
        super().build(world)
        self.client = httpx2.Client(timeout=None)


class WaitsForEverInALoop(Base):
    """The same in an event loop, which nothing but a timer limits."""

    timeout_s: ClassVar[float | None] = None

    async def ask(self, question: str) -> Answer:  # type: ignore[override] # a coroutine may stand here
        """Ask in the loop."""
        async with httpx2.AsyncClient(timeout=self.timeout_s) as client:
            answer = await client.get(f"{URL}now/{question}")
        return Answer(mode="told", text=text_of(answer))


class WaitsInALoop(WaitsForEverInALoop):
    """With a timeout."""

    timeout_s = 5.0


class StartsForEver(WaitsForEverInALoop):
    """Asks while it starts, before anybody has a question."""

    async def build(self, world: World) -> None:  # type: ignore[override] # a coroutine may, too
        """Ask once."""
        super().build(world)
        await self.ask("oslo")

    async def ask(self, question: str) -> Answer:  # type: ignore[override] # a coroutine may, too
        """Ask in the loop."""
        async with asyncio.timeout(self.timeout_s), httpx2.AsyncClient(timeout=None) as client:
            answer = await client.get(f"{URL}now/{question}")
        return Answer(mode="told", text=text_of(answer))


class Starts(StartsForEver):
    """With a timer around it."""

    timeout_s = 5.0


class OneTooMany(Retrying):
    """Four attempts, where three are promised."""

    attempts = 4


class TwoPlaces(Base):
    """Asks for two places, as promised."""

    promised = Promises(requests_per_ask={"weather": 2})
    places: ClassVar[tuple[str, ...]] = ("oslo", "bern")

    def tell(self, place: str) -> str:
        """The last of them counts."""
        del place
        return [text_of(self.get(each)) for each in self.places][-1]


class ThreePlaces(TwoPlaces):
    """One more: no request is a retry, and together they are too many."""

    places = ("oslo", "bern", "rome")


BUDGET = RetryBudget(share=0.5, at_least=1, window_s=60.0)


class NoBudget(Retrying):
    """Each question retries as if it were the only one."""

    promised = Promises(retries={"weather": policy(budget=BUDGET)})


class Budget(NoBudget):
    """Retries only while there is something left: half a token for each question, one at first."""

    def build(self, world: World) -> None:
        """Begin with one."""
        super().build(world)
        self.tokens = 1.0

    def tell(self, place: str) -> str:
        """Give up when all is spent."""
        self.tokens += 0.5
        try:
            return text_of(self.get(place))
        except httpx2.HTTPStatusError:
            if self.tokens < 1:
                raise
        self.tokens -= 1
        time.sleep(1)
        return text_of(self.get(place))


class NoBackoff(Retrying):
    """Tries again at once."""

    first_backoff_s = 0.0


class Jittered(Base):
    """A random part in each wait, also at the cap."""

    promised = Promises(retries={"weather": policy(attempts=4, max_backoff_s=2.0, jitter_s=1.0)})
    wait: ClassVar[tenacity.wait.wait_base] = tenacity.wait_exponential(
        multiplier=1, max=2
    ) + tenacity.wait_random(0, 1)

    def tell(self, place: str) -> str:
        """Four attempts."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(4), wait=self.wait, reraise=True
        )
        return retrying(super().tell, place)


class JitterLostAtTheCap(Jittered):
    """The cap cuts off the random part as well."""

    wait = tenacity.wait_exponential_jitter(initial=1, max=2, jitter=1)


class JitterDrawnOnce(Jittered):
    """The same random part in each wait: whoever failed together comes back together."""

    wait = tenacity.wait_exponential(multiplier=1, max=2) + tenacity.wait_fixed(0.5)


class ForgetsThePause(Retrying):
    """Gives up at once when asked for a pause, and calls again with the next question."""

    hopeless = frozenset({429})


class KeepsThePause(ForgetsThePause):
    """Remembers it for all questions."""

    def build(self, world: World) -> None:
        """Nothing is asked for yet."""
        super().build(world)
        self.until_s = 0.0

    def tell(self, place: str) -> str:
        """No call before its end."""
        if time.monotonic() < self.until_s:
            raise RefusedError
        try:
            return super().tell(place)
        except httpx2.HTTPStatusError as error:
            self.until_s = time.monotonic() + self.asked_s(error.response.headers)
            raise

    def asked_s(self, headers: httpx2.Headers) -> float:
        """For how long the provider wants to be left alone."""
        return float(headers.get("retry-after", "0"))


class ForgetsTheReset(KeepsThePause):
    """Knows ``Retry-After``, and no limit that says when it is whole again."""


class KeepsTheReset(KeepsThePause):
    """Stays away until then."""

    def asked_s(self, headers: httpx2.Headers) -> float:
        """In seconds, as the provider writes it."""
        return float(headers["ratelimit-reset"])


class HopesAgainstHope(Retrying):
    """Tries again what cannot succeed."""

    hopeless = frozenset()


class GivesUpWhenSpent(Retrying):
    """Knows a quota that no waiting renews."""

    hopeless = frozenset({429})


class OrdersOnce(Base):
    """Orders an umbrella; whether it did is left open if the answer is lost."""

    headers: ClassVar[dict[str, str]] = {}

    def tell(self, place: str) -> str:
        """First the umbrella, then the weather."""
        self.order()
        return super().tell(place)

    def order(self) -> None:
        """One attempt."""
        self.client.post(f"{URL}orders", headers=self.headers, json={"umbrellas": 1})


class OrdersTwice(OrdersOnce):
    """Orders again when the answer is lost: two umbrellas."""

    def tell(self, place: str) -> str:
        """Two attempts."""
        try:
            self.order()
        except httpx2.TimeoutException:
            self.order()
        return Base.tell(self, place)


class OrdersWithAKey(OrdersTwice):
    """The same with a key that the provider knows the order by: one umbrella."""

    headers: ClassVar[dict[str, str]] = {"Idempotency-Key": "umbrella-1"}


class OrdersWithNewKeys(OrdersTwice):
    """A key for each attempt: to the provider, two orders."""

    def order(self) -> None:
        """One attempt, under the next key."""
        self.keys = getattr(self, "keys", 0) + 1
        self.client.post(
            f"{URL}orders",
            headers={"Idempotency-Key": f"umbrella-{self.keys}"},
            json={"umbrellas": 1},
        )


class OrdersWithNewIds(OrdersTwice):
    """An id in each request, which is no key to the provider: two umbrellas."""

    def order(self) -> None:
        """One attempt."""
        self.client.post(f"{URL}orders", headers=self.headers, json={"id": str(uuid4())})


class OrdersWithIdsAndAKey(OrdersWithNewIds):
    """The same under a key that stays the same."""

    headers: ClassVar[dict[str, str]] = {"Idempotency-Key": "umbrella-1"}


class OrdersInOtherWords(OrdersTwice):
    """Says the same in another order: two umbrellas all the same."""

    def order(self) -> None:
        """One attempt."""
        body = {"umbrellas": 1, "colour": "red"}
        self.tried = not getattr(self, "tried", False)
        parts = body.items() if self.tried else reversed(body.items())
        self.client.post(f"{URL}orders", json=dict(parts))


class OrdersForEach(OrdersTwice):
    """An umbrella for each place, under a key of its own."""

    def tell(self, place: str) -> str:
        """For this place."""
        self.place = place
        return super().tell(place)

    def key(self) -> str:
        """Whose order it is."""
        return f"umbrella-{self.place}"

    def order(self) -> None:
        """One attempt."""
        self.client.post(
            f"{URL}orders", headers={"Idempotency-Key": self.key()}, json={"to": self.place}
        )


class OrdersUnderOneKey(OrdersForEach):
    """The same key whatever the place is: the second place gets nothing."""

    def key(self) -> str:
        """The key of the day."""
        return "umbrella-today"


LOST_ORDER = "- inject: {upstream: weather, fault: latency, latency: 8s, calls: 1}\n" + ASK

WITNESSES = (
    Witness(law="no-endless-wait", breaks=WaitsForEver, keeps=Base, method=ASK),
    Witness(law="no-endless-wait", breaks=WaitsForEverInALoop, keeps=WaitsInALoop, method=ASK),
    Witness(law="no-endless-wait", breaks=StartsForEver, keeps=Starts, method=ASK),
    Witness(
        law="at-most-once",
        breaks=OrdersWithNewIds,
        keeps=OrdersWithIdsAndAKey,
        method=ASK + LOST_ORDER,
    ),
    Witness(law="bounded-attempts", breaks=OneTooMany, keeps=Retrying, method=OUTAGE + ASK),
    Witness(law="bounded-amplification", breaks=ThreePlaces, keeps=TwoPlaces, method=ASK),
    Witness(
        law="retry-budget-kept",
        breaks=NoBudget,
        keeps=Budget,
        method=OUTAGE + "- ask: {question: oslo, times: 4}\n",
    ),
    Witness(law="backoff-honoured", breaks=NoBackoff, keeps=Retrying, method=OUTAGE + ASK),
    Witness(
        law="backoff-honoured",
        breaks=JitterLostAtTheCap,
        keeps=Jittered,
        method=OUTAGE + "- ask: {question: oslo, users: 20}\n",
    ),
    Witness(
        law="backoff-honoured",
        breaks=JitterDrawnOnce,
        keeps=Jittered,
        method=OUTAGE + "- ask: {question: oslo, users: 8}\n",
    ),
    Witness(
        law="pauses-kept",
        breaks=ForgetsThePause,
        keeps=KeepsThePause,
        method="- inject: {upstream: weather, fault: rate_limit, retry_after: 120s}\n"
        "- ask: {question: oslo, times: 2, every: 1s}\n",
    ),
    Witness(
        law="pauses-kept",
        breaks=ForgetsTheReset,
        keeps=KeepsTheReset,
        method="- inject: {upstream: weather, fault: http_error, status: 429, headers: "
        '{ratelimit-remaining: "0", ratelimit-reset: "120"}}\n'
        "- ask: {question: oslo, times: 2, every: 1s}\n",
    ),
    Witness(
        law="no-doomed-retry",
        breaks=HopesAgainstHope,
        keeps=Retrying,
        # What the provider's answer leaves open, the policy does not.
        method="- inject: {upstream: weather, fault: http_error, status: 401}\n" + ASK,
    ),
    Witness(
        law="no-doomed-retry",
        breaks=HopesAgainstHope,
        keeps=Retrying,
        # And the other way round.
        method="- inject: {upstream: weather, fault: http_error, status: 410}\n" + ASK,
    ),
    Witness(
        law="no-doomed-retry",
        breaks=HopesAgainstHope,
        keeps=GivesUpWhenSpent,
        method="- inject: {upstream: weather, fault: rate_limit, code: insufficient_quota}\n"
        + ASK,
    ),
    Witness(law="at-most-once", breaks=OrdersTwice, keeps=OrdersOnce, method=LOST_ORDER),
    Witness(law="at-most-once", breaks=OrdersWithNewKeys, keeps=OrdersWithAKey, method=LOST_ORDER),
    Witness(law="at-most-once", breaks=OrdersInOtherWords, keeps=OrdersOnce, method=LOST_ORDER),
    Witness(
        law="at-most-once",
        breaks=OrdersUnderOneKey,
        keeps=OrdersForEach,
        method=LOST_ORDER + "- ask: bergen\n",
    ),
)
