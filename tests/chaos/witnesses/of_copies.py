"""Witnesses of the laws of cached copies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar

import httpx2

from chaos.ports import Answer, CachePolicy, Promises, Upstream, World
from chaos.trace.events import IndexEvent
from tests.chaos.witnesses.of_calls import ASK, OUTAGE
from tests.chaos.witnesses.witness import URL, Base, Weather, Witness

AN_HOUR_S = 3600.0


class Articles(Weather):
    """Holds articles, in which no model speaks."""

    speaks = None


class Caching(Base):
    """Answers from a copy, refreshed after an hour; one that could not be, is served as stale."""

    promised = Promises(caches={"weather": CachePolicy(fresh_for_s=AN_HOUR_S)})
    is_refreshed: ClassVar[bool] = True
    is_said: ClassVar[bool] = True

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """Articles."""
        return (Articles(),)

    def build(self, world: World) -> None:
        """Without a copy."""
        super().build(world)
        self.copy: str | None = None
        self.fetched_s = 0.0

    def ask(self, question: str) -> Answer:
        """From the copy, whatever its age."""
        state = "fresh"
        if self.copy is None or (self.is_refreshed and self.is_past()):
            try:
                self.copy = self.tell(question)
                self.fetched_s = time.monotonic()
                self.index("updated", state="fresh", generation="1")
            except httpx2.HTTPError:
                state = "stale"
                self.index("failed", reason="unreachable")
                self.failed()
        return self.serve(state)

    def serve(self, state: str) -> Answer:
        """Answer, and report from what."""
        if self.copy is None:
            self.index("served", state="absent")
            return self.guess()
        digest = sha256(self.copy.encode()).hexdigest()
        self.index("served", state=state, generation="1", sha256=digest)
        stale = state == "stale" and self.is_said
        return Answer(mode="told", text=self.copy, stale=stale, index_state=state)

    def failed(self) -> None:
        """A refresh has failed: the copy stays."""

    def is_past(self) -> bool:
        """Whether the copy is past its time."""
        return time.monotonic() - self.fetched_s >= AN_HOUR_S

    def index(self, what: str, **more: Any) -> None:
        """Report."""
        self.record(IndexEvent, what=what, **more)


class LosesItsCopy(Caching):
    """Throws the copy away when a refresh fails."""

    def failed(self) -> None:
        """And is left with nothing."""
        self.copy = None


class Torn(Caching):
    """Serves half of a copy under the name of the whole."""

    def serve(self, state: str) -> Answer:
        """The second time."""
        answer = super().serve(state)
        self.copy = self.copy and self.copy[:3]
        return answer


class TakesWhatCame(Caching):
    """Keeps what came before its connection broke off, as if that were all."""

    is_lenient = True

    def tell(self, place: str) -> str:
        """What can be read of the text."""
        read = b""
        try:
            with self.client.stream("GET", f"{URL}now/{place}") as response:
                for piece in response.iter_bytes():
                    read += piece
        except httpx2.RemoteProtocolError:
            if not self.is_lenient:
                raise
        return read.decode()


class TakesWhatIsWhole(TakesWhatCame):
    """Takes nothing that broke off."""

    is_lenient = False


class FreshForEver(Caching):
    """Calls its first copy fresh, however old."""

    is_refreshed = False


class Unsaid(Caching):
    """Serves a stale copy, and does not say so."""

    is_said = False


class Silent(Caching):
    """Reports nothing of its copy but what its answers say."""

    def index(self, what: str, **more: Any) -> None:
        """Nothing."""


class SilentlyFreshForEver(Silent):
    """Calls its first copy fresh, however old."""

    is_refreshed = False


class Wordless(Silent):
    """Says of a copy that it is stale, or nothing."""

    def serve(self, state: str) -> Answer:
        """Without its state."""
        return replace(super().serve(state), index_state=None)


class WordlessUnsaid(Wordless):
    """Says nothing at all."""

    is_said = False


LATER = ASK + "- advance: 2h\n" + OUTAGE + ASK

WITNESSES = (
    Witness(law="cache-is-never-lost", breaks=LosesItsCopy, keeps=Caching, method=LATER),
    Witness(
        law="no-torn-index",
        breaks=Torn,
        keeps=Caching,
        method="- ask: {question: oslo, times: 2}\n",
    ),
    Witness(
        law="no-torn-index",
        breaks=TakesWhatCame,
        keeps=TakesWhatIsWhole,
        method="- inject: {upstream: weather, fault: limit_data, bytes: 5B, calls: 1}\n"
        "- ask: {question: oslo, times: 2}\n",
    ),
    Witness(law="stale-is-said", breaks=FreshForEver, keeps=Caching, method=LATER),
    Witness(law="stale-is-said", breaks=Unsaid, keeps=Caching, method=LATER),
    Witness(law="stale-is-said", breaks=SilentlyFreshForEver, keeps=Silent, method=LATER),
    Witness(law="stale-is-said", breaks=WordlessUnsaid, keeps=Wordless, method=LATER),
)
