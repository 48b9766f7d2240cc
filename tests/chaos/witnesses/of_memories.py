"""Witnesses of recovery among services that remember what they have told."""

from __future__ import annotations

from dataclasses import replace

from chaos.ports import Answer, Vocabulary, World
from tests.chaos.witnesses.of_breakers import Guarded
from tests.chaos.witnesses.witness import RefusedError, Witness

REMEMBERED = """\
- ask: oslo
- inject: {id: outage, upstream: weather, fault: http_error, status: 503}
- ask: {question: bern, times: 3}
- heal: outage
- advance: 2m
- ask: bern
- ask: oslo
"""
"""The last question is one that was answered long before."""


class Remembers(Guarded):
    """Tells again what it was told, in a mode of its own, and calls nobody for that."""

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """With a word for what is remembered."""
        return replace(super().vocabulary(), modes=("told", "recalled", "guessed", "error"))

    def build(self, world: World) -> None:
        """Know nothing."""
        super().build(world)
        self.known: dict[str, str] = {}

    def ask(self, question: str) -> Answer:
        """What is known; else what can be learnt."""
        if question in self.known:
            return Answer(mode="recalled", text=self.known[question])
        answer = super().ask(question)
        if answer.mode == "told":
            self.known[question] = answer.text
        return answer


class RemembersAndGivesUp(Remembers):
    """Asks its provider never again once its breaker has refused a call."""

    given_up = False

    def ask(self, question: str) -> Answer:
        """What is known; else a guess."""
        if self.given_up and question not in self.known:
            return super().guess()
        return super().ask(question)

    def guess(self) -> Answer:
        """Give up when the breaker is open."""
        self.given_up = self.breaker.state == "open"
        return super().guess()


class RepeatsWhatItCan(Remembers):
    """Makes do with what it was told before only when its provider is away."""

    def ask(self, question: str) -> Answer:
        """What can be learnt; else what is known; else a guess."""
        answer = Guarded.ask(self, question)
        if answer.mode == "told":
            self.known[question] = answer.text
        elif question in self.known:
            return Answer(mode="recalled", text=self.known[question])
        return answer


class RepeatsForEver(RepeatsWhatItCan):
    """Never asks its provider again once its breaker is open."""

    def tell(self, place: str) -> str:
        """Without asking the breaker again, either."""
        if self.breaker.state == "open":
            raise RefusedError
        return super().tell(place)


WITNESSES = (
    Witness(law="recovers", breaks=RemembersAndGivesUp, keeps=Remembers, method=REMEMBERED),
    Witness(
        law="recovers",
        breaks=RepeatsForEver,
        keeps=RepeatsWhatItCan,
        method=REMEMBERED.replace("bern", "oslo"),
    ),
)
