"""Witnesses of what goes on behind an answer, and after the last one."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import httpx2

from chaos.ports import Answer, Promises, World
from tests.chaos.witnesses.of_calls import ASK
from tests.chaos.witnesses.witness import TIMEOUT_S, URL, Base, Retrying, Witness, text_of


class DiesBehindTheAnswer(Base):
    """Has a thread that dies five seconds after the last answer."""

    def tell(self, place: str) -> str:
        """Begin the work, and do not wait for it."""
        threading.Thread(target=self.work, daemon=True).start()
        return super().tell(place)

    def work(self) -> None:
        """Behind the answer."""
        time.sleep(5)
        raise RuntimeError("the work was in vain")


class WorksBehindTheAnswer(DiesBehindTheAnswer):
    """Sees to its errors itself."""

    def work(self) -> None:
        """Behind the answer, to the end."""
        try:
            super().work()
        except RuntimeError:
            self.given_up = True


class DiesInItsBackoff(DiesBehindTheAnswer):
    """Looks every second whether half a minute of backoff is over, and dies then."""

    def work(self) -> None:
        """Behind the answer."""
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            time.sleep(1)
        raise RuntimeError("no second attempt either")


class LosesAFuture(Base):
    """Hands work to a pool, and throws the future away."""

    pool: ThreadPoolExecutor

    def build(self, world: World) -> None:
        """With a pool."""
        super().build(world)
        self.pool = ThreadPoolExecutor(1)

    def tell(self, place: str) -> str:
        """Whatever becomes of the work."""
        self.pool.submit(self.work)
        return super().tell(place)

    def work(self) -> Any:
        """Behind the answer."""
        time.sleep(5)
        raise RuntimeError("the work was in vain")


class LooksAtItsFuture(LosesAFuture):
    """Has somebody look at what comes of the work."""

    def tell(self, place: str) -> str:
        """With a callback."""
        self.pool.submit(self.work).add_done_callback(self.look)
        return Base.tell(self, place)

    def look(self, done: Future[None]) -> None:
        """Note what went wrong."""
        self.wrong = done.exception()


class KeepsItsFuture(LosesAFuture):
    """Looks at what came of the work with the next question, if there is one."""

    def tell(self, place: str) -> str:
        """Keep it until then."""
        self.last = self.pool.submit(self.work)
        return Base.tell(self, place)


class TakesTheFirst(LosesAFuture):
    """Has two look, and goes with whoever is first: what becomes of the other is unwanted."""

    def build(self, world: World) -> None:
        """With a pool for both."""
        super().build(world)
        self.pool = ThreadPoolExecutor(2)

    def tell(self, place: str) -> str:
        """Wait for one of them."""
        both = [self.pool.submit(self.get, place), self.pool.submit(self.work)]
        first, _ = wait(both, return_when=FIRST_COMPLETED)
        return text_of(first.pop().result())


class WaitsAndDoesNotLook(TakesTheFirst):
    """Waits until both have ended, and looks at one."""

    def tell(self, place: str) -> str:
        """Wait for both of them."""
        both = [self.pool.submit(self.get, place), self.pool.submit(self.work)]
        wait(both)
        return text_of(both[0].result())


class FailsInACallback(LooksAtItsFuture):
    """Looks at its future in a callback that fails itself, which only a log is told."""

    def look(self, done: Future[None]) -> None:
        """Do not get far."""
        super().look(done)
        raise LookupError("nowhere to note it")


class LosesATask(Base):
    """Begins a task that nobody awaits, and that fails after the last answer."""

    async def ask(self, question: str) -> Answer:  # type: ignore[override] # a coroutine may
        """Answer, and leave the rest to a task."""
        self.keep(asyncio.create_task(self.work()))
        async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
            return Answer(mode="told", text=text_of(await client.get(f"{URL}now/{question}")))

    def keep(self, task: asyncio.Task[None]) -> None:
        """Nobody needs it."""

    async def work(self) -> None:
        """Behind the answer."""
        await asyncio.sleep(5)
        raise RuntimeError("the work was in vain")


class LooksAtItsTask(LosesATask):
    """Has somebody look at what comes of the task."""

    def keep(self, task: asyncio.Task[None]) -> None:
        """With a callback."""
        task.add_done_callback(self.look)

    def look(self, done: asyncio.Task[None]) -> None:
        """Note what went wrong."""
        self.wrong = done.exception()


class GoesOnCalling(Base):
    """Promises two requests for each question, and goes on after the answer."""

    promised = Promises(requests_per_ask={"weather": 2})
    more = 10

    def tell(self, place: str) -> str:
        """Answer first, and look again later."""
        threading.Thread(target=self.again, args=(place,), daemon=True).start()
        return super().tell(place)

    def again(self, place: str) -> None:
        """Look again, and again."""
        for _ in range(self.more):
            time.sleep(20)
            self.get(place)


class LooksOnceMore(GoesOnCalling):
    """Goes on only once, as promised."""

    more = 1


class RetriesBehindTheAnswer(Retrying):
    """Tries for longer than it promises, once nobody waits any more."""

    attempts = 5

    def ask(self, question: str) -> Answer:
        """Guess at once, and ask the provider later."""
        threading.Thread(target=self.later, args=(question,), daemon=True).start()
        return self.guess()

    def later(self, place: str) -> None:
        """Give up in the end."""
        try:
            self.tell(place)
        except httpx2.HTTPStatusError:
            self.given_up = True


class KeepsCountBehindTheAnswer(RetriesBehindTheAnswer):
    """Tries as often as it promises."""

    attempts = 3


OUTAGE = "- inject: {upstream: weather, fault: http_error, status: 503}\n"

WITNESSES = (
    *(
        Witness(law="no-error-is-lost", breaks=breaks, keeps=keeps, method=ASK)
        for breaks, keeps in (
            (DiesBehindTheAnswer, WorksBehindTheAnswer),
            (DiesInItsBackoff, WorksBehindTheAnswer),
            (LosesAFuture, LooksAtItsFuture),
            (FailsInACallback, KeepsItsFuture),
            (WaitsAndDoesNotLook, TakesTheFirst),
            (LosesATask, LooksAtItsTask),
        )
    ),
    Witness(law="bounded-amplification", breaks=GoesOnCalling, keeps=LooksOnceMore, method=ASK),
    Witness(
        law="bounded-attempts",
        breaks=RetriesBehindTheAnswer,
        keeps=KeepsCountBehindTheAnswer,
        method=OUTAGE + ASK,
    ),
)
