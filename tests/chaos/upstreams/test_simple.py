"""A stand-in written as a table."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from chaos.errors import ChaosError
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


GET: tuple[str, str, Answer] = ("GET", "/a", {})


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({}, "routes is missing"),
        ({"routes": [GET]}, "routes is missing, or not a mapping"),
        ({"routes": {"a": ("GET", "/a")}}, "expected a method, a path and an answer"),
        ({"routes": {"a": ("get", "/a", {})}}, "expected one in capitals"),
        ({"routes": {"a": ("GET", "/a(", {})}}, "is not a regular expression"),
        ({"routes": {"a": ("GET", 7, {})}}, "path is 7"),
        ({"routes": {"a": ("GET", "a", {})}}, "begins with '/'"),
        ({"routes": {"a": ("GET", "https://x.test/a", {})}}, "begins with '/'"),
        ({"routes": {"a": ("GET", "/a\\?b=1", {})}}, "has a query"),
        ({"routes": {"a": GET}, "effects": ("pay",)}, "effects names 'pay'.*some of: 'a'"),
    ],
)
def test_table_that_cannot_work_is_told_at_once(table: dict[str, Any], complaint: str) -> None:
    """A law that looks for a deed of another name would never find it done twice."""
    with pytest.raises(ChaosError, match=f"Shop: .*{complaint}"):
        type("Shop", (JsonUpstream,), {"name": "shop", "hosts": ("shop.test",), **table})


@pytest.mark.parametrize("path", ["/a", "(?:/v1)?/a", "[/]a", ".*"])
def test_path_may_begin_as_it_likes_in_a_regular_expression(path: str) -> None:
    """As long as there are requests that fit."""
    table = {"name": "shop", "hosts": ("shop.test",), "routes": {"a": ("GET", path, {})}}
    made = type("Shop", (JsonUpstream,), table)()
    assert made.handle(Request(method="GET", url="https://shop.test/a")).status == 200


def test_status_that_is_no_error_has_no_body() -> None:
    """A 204 cannot have one."""
    assert type("Shop", (JsonUpstream,), {"routes": {"a": GET}})().failed(204).body == b""
