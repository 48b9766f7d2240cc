"""What the harness has to be told about the reviews and the bookings."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

from chaos.ports import Answer, Promises, Target, Upstream, Vocabulary, World
from chaos.upstreams.simple import JsonUpstream
from examples.filibuster.calling import TIMEOUT_S, NotFoundError, UnavailableError
from examples.filibuster.services import bookings_of, reviews_of


class Best(JsonUpstream):
    """Reviews, the best first."""

    name = "best"
    hosts = ("best.reviews.example",)
    routes: ClassVar = {
        "reviews.get": ("GET", "/hotels/[a-z]+", lambda _: {"reviews": ["lovely", "clean"]})
    }


class Latest(JsonUpstream):
    """Reviews, the latest first."""

    name = "latest"
    hosts = ("latest.reviews.example",)
    routes: ClassVar = {
        "reviews.get": ("GET", "/hotels/[a-z]+", lambda _: {"reviews": ["clean", "lovely"]})
    }


class Bookings(JsonUpstream):
    """What a user has booked: one movie."""

    name = "bookings"
    hosts = ("bookings.example",)
    routes: ClassVar = {"bookings.get": ("GET", "/bookings/[a-z]+", lambda _: {"movies": ["m1"]})}


class Movies(JsonUpstream):
    """The title of a movie."""

    name = "movies"
    hosts = ("movies.example",)
    routes: ClassVar = {"movies.get": ("GET", "/movies/m[0-9]", lambda _: {"title": "Creed"})}


class Site(Target):
    """What all of them have in common.

    Attributes:
        upstreams: The services that it calls.
        most_calls: How many calls one question can take.
    """

    isolation = "shared"
    upstreams: ClassVar[tuple[type[Upstream], ...]]
    most_calls: ClassVar[int] = 4

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The services it calls, and what becomes of a question."""
        return Vocabulary(
            upstreams={each.name: each.operations for each in cls.upstreams},
            observables={},
            settings={},
            modes=("full", "reduced", "not_found", "unavailable"),
        )

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """One of each."""
        return tuple(each() for each in cls.upstreams)

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """An answer in so many calls of twice ten seconds: to connect, and to read."""
        del settings
        return Promises(deadline_s=cls.most_calls * 2 * TIMEOUT_S)

    def build(self, world: World) -> None:
        """Nothing is kept from one question to the next."""
        del world

    def state(self) -> Hashable:
        """Nothing that a question leaves behind makes a difference to the next."""
        return ()

    def ask(self, question: str) -> Answer:
        """Answer, or say what is wrong."""
        try:
            return self._answer(question)
        except NotFoundError:
            return Answer(mode="not_found")
        except UnavailableError as error:
            return Answer(mode="unavailable", reason=str(error))

    def _answer(self, question: str) -> Answer:
        raise NotImplementedError


class Expedia(Site):
    """Shows the reviews of a hotel."""

    name = "expedia"
    upstreams = (Best, Latest)

    def _answer(self, question: str) -> Answer:
        reviews = reviews_of(question)
        mode = "full" if reviews.order == "best" else "reduced"
        return Answer(mode=mode, text=", ".join(reviews.texts))


class Cinema(Site):
    """Shows what a user has booked."""

    name = "cinema"
    upstreams = (Bookings, Movies)

    def _answer(self, question: str) -> Answer:
        return Answer(mode="full", text=", ".join(bookings_of(question)))
