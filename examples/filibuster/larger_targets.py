"""What the harness has to be told about the shop and the home page."""

from __future__ import annotations

from chaos.http import Request
from chaos.ports import Answer
from chaos.upstreams.simple import JsonUpstream
from examples.filibuster.audible import audiobook_of
from examples.filibuster.netflix import homepage_of
from examples.filibuster.target import Site

_USER = "/users/[a-z]+"
_BOOK = "/books/[a-z]+"
_LICENSED = f"{_BOOK}/licenses/[a-z0-9]+"


def _service(
    site: str, name: str, path: str, method: str = "GET", **says: str
) -> type[JsonUpstream]:
    """A stand-in with one route, which says the same to everybody."""

    def answer(_: Request) -> dict[str, str]:
        return says

    operation = f"{name}.{method.lower()}"
    facts = {
        "__doc__": f"The service {name} of {site}.",
        "__module__": __name__,
        "name": name,
        "hosts": (f"{name}.{site}.example",),
        "routes": {operation: (method, path, answer)},
    }
    return type(name.capitalize(), (JsonUpstream,), facts)


class Audible(Site):
    """Sells audio books."""

    name = "audible"
    most_calls = 8
    upstreams = (
        _service("audible", "engine", _USER + _BOOK),
        _service("audible", "delivery", _USER + _BOOK),
        _service("audible", "download", _USER + _BOOK),
        _service("audible", "ownership", _USER + _BOOK),
        _service("audible", "activation", _BOOK, license="l1"),
        _service("audible", "stats", _USER + _BOOK, "POST"),
        _service("audible", "metadata", _LICENSED),
        _service("audible", "assets", _LICENSED, audio="This is the book."),
    )

    def _answer(self, question: str) -> Answer:
        return Answer(mode="full", text=audiobook_of("ann", question))


class Netflix(Site):
    """Shows what one could watch."""

    name = "netflix"
    most_calls = 10
    upstreams = (
        _service("netflix", "gateway", f"/homepage{_USER}"),
        _service("netflix", "profile", _USER),
        _service("netflix", "bookmarks", _USER),
        _service("netflix", "telemetry", "/", "POST"),
        _service("netflix", "trending", "/"),
        _service("netflix", "list", _USER),
        _service("netflix", "recommended", _USER),
        _service("netflix", "popular", "/"),
        _service("netflix", "ratings", _USER),
    )

    def _answer(self, question: str) -> Answer:
        page = homepage_of(question)
        return Answer(mode="full" if page.is_whole else "reduced", text=", ".join(page.parts))
