"""Witnesses of the laws of answers, of recovery, and of what goes wrong where nobody looks."""

from __future__ import annotations

import asyncio
import threading
import time

from chaos.ports import Answer
from tests.chaos.witnesses.of_calls import ASK, OUTAGE, WaitsInALoop
from tests.chaos.witnesses.witness import Base, Retrying, Witness

HEALED = (
    ASK
    + "- inject: {id: outage, upstream: weather, fault: http_error, status: 503}\n"
    + ASK
    + "- heal: outage\n- advance: 5m\n"
    + ASK
)


class Raises(Base):
    """Lets an error of the provider through to the user."""

    def guess(self) -> Answer:
        """There is no second answer."""
        raise RuntimeError("no weather today")


class IsLate(Base):
    """Promises ten seconds, and has users wait their turn for longer."""

    promised = type(Base.promised)(deadline_s=10.0)

    def tell(self, place: str) -> str:
        """One at a time, in four seconds each."""
        with _turn:
            time.sleep(4)
            return super().tell(place)


class IsInTime(IsLate):
    """All at a time."""

    def tell(self, place: str) -> str:
        """In four seconds."""
        time.sleep(4)
        return Base.tell(self, place)


_turn = threading.Lock()


OUTAGE_FIRST = (
    "- inject: {id: outage, upstream: weather, fault: http_error, status: 503}\n"
    + ASK
    + "- heal: outage\n- advance: 5m\n"
    + ASK
)
"""Nobody sees what a good answer of a service is that never comes back."""


class NeverComesBack(Base):
    """Gives its provider up for ever after the first failure."""

    given_up = False

    def ask(self, question: str) -> Answer:
        """Guess from then on."""
        if self.given_up:
            return self.guess()
        return super().ask(question)

    def guess(self) -> Answer:
        """Give up."""
        self.given_up = True
        return super().guess()


class StaysAway(NeverComesBack):
    """Keeps away from its provider for ten minutes after each failure, and promises no time."""

    away_until_s = 0.0

    def ask(self, question: str) -> Answer:
        """Guess until then."""
        self.given_up = time.monotonic() < self.away_until_s
        return super().ask(question)

    def guess(self) -> Answer:
        """Stay away from now on."""
        if not self.given_up:
            self.away_until_s = time.monotonic() + 600
        return Base.guess(self)


class StaysAwayLonger(StaysAway):
    """Keeps away for longer each time somebody asks, and so for ever."""

    def guess(self) -> Answer:
        """Another ten minutes for every question."""
        self.given_up = False
        answer = super().guess()
        self.away_until_s += 3600
        return answer


class GivesOneUp(Base):
    """Gives up the place that it was asked for in vain, and goes on with all others."""

    def ask(self, question: str) -> Answer:
        """Guess for that place from then on."""
        given_up = self.__dict__.setdefault("given_up", set())
        if question in given_up:
            return self.guess()
        answer = super().ask(question)
        if answer.mode == "guessed":
            given_up.add(question)
        return answer


class MakesItUp(Base):
    """Passes a guess off as the provider's words."""

    def guess(self) -> Answer:
        """In the best mode."""
        return Answer(mode="told", text="rain")


class SaysNothing(Base):
    """Answers an error with nothing, as if the provider had said it."""

    def guess(self) -> Answer:
        """In the best mode."""
        return Answer(mode="told")


class PutsWordsInItsMouth(Base):
    """Asks the provider, and does not listen."""

    def tell(self, place: str) -> str:
        """Whatever it says."""
        super().tell(place)
        return "rain"


class LosesAnError(Base):
    """Has a thread that dies unseen."""

    def tell(self, place: str) -> str:
        """Beside the call."""
        thread = threading.Thread(target=_fail)
        thread.start()
        thread.join()
        return super().tell(place)


def _fail() -> None:
    raise RuntimeError("nobody looks")


class HoldsUpTheLoop(WaitsInALoop):
    """Sleeps in a coroutine as if it were a thread."""

    async def ask(self, question: str) -> Answer:  # type: ignore[override] # a coroutine may
        """Everybody else waits, too."""
        time.sleep(1)  # noqa: ASYNC251 - the point of it
        return await super().ask(question)


class LetsOthersGoOn(WaitsInALoop):
    """Sleeps as a coroutine does."""

    async def ask(self, question: str) -> Answer:  # type: ignore[override] # a coroutine may
        """Others are served meanwhile."""
        await asyncio.sleep(1)
        return await super().ask(question)


WITNESSES = (
    Witness(law="every-ask-is-answered", breaks=Raises, keeps=Base, method=OUTAGE + ASK),
    Witness(
        law="every-ask-is-answered",
        breaks=IsLate,
        keeps=IsInTime,
        method="- ask: {question: oslo, users: 3}\n",
    ),
    Witness(law="recovers", breaks=NeverComesBack, keeps=Base, method=HEALED),
    Witness(law="recovers", breaks=NeverComesBack, keeps=Base, method=OUTAGE_FIRST),
    Witness(law="recovers", breaks=GivesOneUp, keeps=Base, method=HEALED + "- ask: bergen\n"),
    Witness(law="recovers", breaks=StaysAwayLonger, keeps=StaysAway, method=HEALED),
    Witness(law="no-fabricated-success", breaks=MakesItUp, keeps=Base, method=ASK + OUTAGE + ASK),
    Witness(
        law="no-fabricated-success",
        breaks=MakesItUp,
        keeps=Retrying,
        method="- inject: {upstream: weather, fault: http_error, status: 503, calls: 1}\n" + ASK,
    ),
    Witness(
        law="no-fabricated-success",
        breaks=SaysNothing,
        keeps=Retrying,
        method="- inject: {upstream: weather, fault: http_error, status: 503, calls: 1}\n" + ASK,
    ),
    Witness(law="no-fabricated-success", breaks=PutsWordsInItsMouth, keeps=Base, method=ASK),
    Witness(law="no-error-is-lost", breaks=LosesAnError, keeps=Base, method=ASK),
    Witness(
        law="loop-is-never-blocked",
        breaks=HoldsUpTheLoop,
        keeps=LetsOthersGoOn,
        method="- ask: {question: oslo, users: 2}\n",
    ),
)
