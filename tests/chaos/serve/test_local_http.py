"""Who may ask over HTTP, and how much."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from chaos.errors import ChaosError
from chaos.serve.local_http import LocalHttp, LocalReply, LocalRequest, as_json


def echo(asked: LocalRequest) -> LocalReply:
    """Tell what was asked."""
    told = {"method": asked.method, "path": asked.path, "query": asked.query}
    return as_json(HTTPStatus.OK, {**told, "body": asked.body.decode()}, {"X-Said": "twice"})


def post(local: LocalHttp, body: bytes = b"", *, headers: Mapping[str, str] | None = None) -> int:
    """The status of a request."""
    connection = HTTPConnection(urlsplit(local.url).netloc, timeout=30)
    connection.request("POST", "/here?a=1&a=2", body, headers or {})
    status = connection.getresponse().status
    connection.close()
    return status


def test_request_is_answered_whole() -> None:
    """Method, path, query and body arrive; status, headers and body go back."""
    with LocalHttp(echo) as local:
        connection = HTTPConnection(urlsplit(local.url).netloc, timeout=30)
        for _ in range(2):
            connection.request("POST", "/here?a=1&a=2", b"hello")
            answer = connection.getresponse()
            told = json.loads(answer.read())

            assert answer.headers["X-Said"] == "twice"
            assert told == {
                "method": "POST",
                "path": "/here",
                "query": {"a": ["1", "2"]},
                "body": "hello",
            }
        connection.close()


@pytest.mark.parametrize(
    ("has_pages", "host", "origin", "status"),
    [
        (False, "127.0.0.1:80", None, 200),
        (False, "localhost:80", None, 200),
        (False, "127.0.0.1:80", "http://127.0.0.1:80", 403),
        (True, "127.0.0.1:80", "http://127.0.0.1:80", 200),
        (True, "127.0.0.1:80", "https://elsewhere.test", 403),
        (True, "elsewhere.test:80", "http://elsewhere.test:80", 403),
        (False, "elsewhere.test:80", None, 403),
    ],
)
def test_pages_of_others_may_not_ask(
    *, has_pages: bool, host: str, origin: str | None, status: int
) -> None:
    """Under whatever name a browser is led here."""
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})

    with LocalHttp(echo, has_pages=has_pages) as local:
        assert post(local, headers=headers) == status


def test_too_much_is_not_read() -> None:
    """Nobody fills the memory of a run."""
    with LocalHttp(echo) as local:
        assert post(local, b"x" * 65_536) == 200
        assert post(local, headers={"Content-Length": "65537"}) == 413


def test_port_that_is_taken_is_told() -> None:
    """With what to do."""
    with (
        LocalHttp(echo) as local,
        pytest.raises(ChaosError, match=r"cannot listen at port \d+ .*name another one"),
        LocalHttp(echo, port=urlsplit(local.url).port or 0),
    ):
        pytest.fail("two listen at one port")


def test_error_that_nobody_foresaw_is_told() -> None:
    """A connection that just ends would tell nobody anything."""

    def broken(asked: LocalRequest) -> LocalReply:
        raise KeyError(asked.path)

    with LocalHttp(broken) as local:
        assert post(local) == 500
