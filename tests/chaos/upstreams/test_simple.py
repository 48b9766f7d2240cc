"""A stand-in written as a table."""

from __future__ import annotations

from typing import ClassVar

import pytest

from chaos.http import Request
from chaos.upstreams.simple import Answer, JsonUpstream


class Tickets(JsonUpstream):
    """A ticket system with two routes."""

    name = "tickets"
    hosts = ("tickets.test",)
    routes: ClassVar[dict[str, tuple[str, str, Answer]]] = {
        "tickets.list": ("GET", "/tickets", {"tickets": []}),
        "tickets.create": ("POST", "/tickets", lambda request: {"created": request.json()}),
    }


@pytest.mark.parametrize(
    ("method", "path", "operation", "status", "payload"),
    [
        ("GET", "/tickets", "tickets.list", 200, {"tickets": []}),
        ("POST", "/tickets", "tickets.create", 200, {"created": {"n": 1}}),
        ("GET", "/unicorns", None, 404, {"error": "HTTP 404"}),
    ],
)
def test_route_is_answered_with_its_payload(
    method: str, path: str, operation: str | None, status: int, payload: object
) -> None:
    """Each route has its operation and answer; a function makes one from the request."""
    request = Request(method=method, url=f"https://tickets.test{path}", body=b'{"n": 1}')

    found = Tickets().classify(request)
    response = Tickets().handle(request)

    assert (found.name if found else None) == operation
    assert (response.status, response.json()) == (status, payload)


def test_operations_are_those_of_the_routes() -> None:
    """What scenarios may name follows from the table."""
    assert Tickets.operations == ("tickets.list", "tickets.create")


def test_errors_say_what_they_are() -> None:
    """Faults get a body from it, too."""
    assert Tickets().rate_limited("slow_down").json() == {"error": "slow_down"}
    assert Tickets().failed(503).status == 503
