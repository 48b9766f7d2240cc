"""Toxiproxy's API behind toxiproxy-python: its silences become errors."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chaos.tiers.wire.client import Toxic, ToxiproxyClient, ToxiproxyError
from chaos.tiers.wire.locate import LocatedToxiproxy
from chaos.tiers.wire.toxiproxy import Toxiproxy

Answer = tuple[int, bytes]


@contextmanager
def somebody(answer: Callable[[str], Answer]) -> Iterator[str]:
    """The URL of a server that is not a Toxiproxy, or a sick one; ``answer`` is given the path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server looks for this name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def client_of(url: str, *, timeout_s: float = 5.0) -> Iterator[ToxiproxyClient]:
    """A client, closed in the end."""
    client = ToxiproxyClient(url, timeout_s=timeout_s)
    try:
        yield client
    finally:
        client.close()


def test_server_error_is_an_error() -> None:
    """toxiproxy-python takes a 500 for success."""
    with (
        somebody(lambda _: (500, b"out of luck")) as url,
        client_of(url) as client,
        pytest.raises(ToxiproxyError, match="POST /proxies ended in 500 out of luck"),
    ):
        client.call(lambda: client._consumer.post("/proxies", json={}))


def test_slow_api_is_an_error_in_time() -> None:
    """toxiproxy-python would wait for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = "http://{}:{}".format(*listening.getsockname())
        with (
            client_of(url, timeout_s=0.05) as client,
            pytest.raises(ToxiproxyError, match=r"did not answer GET /version within 0\.05 s"),
        ):
            client.version()


def test_api_that_is_gone_is_an_error() -> None:
    """A refused connection names the address and what may have happened."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = "http://{}:{}".format(*listening.getsockname())
    with (
        client_of(address) as client,
        pytest.raises(ToxiproxyError, match=f"Toxiproxy at {address} cannot be reached"),
    ):
        client.version()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"proxies": 1}'])
def test_something_else_at_the_address_is_told_from_toxiproxy(body: bytes) -> None:
    """A 200 alone proves nothing."""
    with (
        somebody(lambda _: (200, body)) as url,
        client_of(url) as client,
        pytest.raises(ToxiproxyError, match="is not a Toxiproxy"),
    ):
        client.version()


@pytest.mark.parametrize("version", ["2.4.0", "v1.0.3"])
def test_old_version_is_refused(version: str) -> None:
    """Its resets are no resets."""
    body = json.dumps({"version": version}).encode()
    with (
        somebody(lambda _: (200, body)) as url,
        client_of(url) as client,
        pytest.raises(ToxiproxyError, match=f"Toxiproxy {version} .* is too old"),
    ):
        client.version()


@pytest.mark.parametrize("version", ["2.5.0", "v2.12.0", "2.100.1", "git"])
def test_newer_version_is_accepted(version: str) -> None:
    """``git`` is what a build without a version calls itself."""
    body = json.dumps({"version": version}).encode()
    with somebody(lambda _: (200, body)) as url, client_of(url) as client:
        assert client.version() == version


def test_answer_the_library_does_not_understand_is_an_error() -> None:
    """Not a KeyError from the depth of a library."""
    with (
        somebody(lambda _: (200, b'{"name": "x"}')) as url,
        client_of(url) as client,
        pytest.raises(ToxiproxyError, match="does not understand"),
    ):
        client.proxies()


@pytest.mark.parametrize("url", ["", "127.0.0.1:8474", "https://localhost", "http://"])
def test_address_that_is_none_is_an_error(url: str) -> None:
    """The message shows what an address looks like."""
    with pytest.raises(ToxiproxyError, match="expected one like http://127"):
        ToxiproxyClient(url)


@pytest.mark.wire
def test_two_servers_are_two_servers(location: LocatedToxiproxy) -> None:
    """toxiproxy-python keeps one address for the whole process."""
    with Toxiproxy(location) as one, Toxiproxy(location) as other:
        proxy = one.open("openai", upstream="127.0.0.1:9")

        assert list(one.client.proxies()) == [proxy.name]
        assert list(other.client.proxies()) == []


@pytest.mark.wire
def test_unknown_toxic_is_an_error(location: LocatedToxiproxy) -> None:
    """The server's refusal is passed on."""
    with Toxiproxy(location) as toxiproxy:
        proxy = toxiproxy.open("openai", upstream="127.0.0.1:9")

        with pytest.raises(ToxiproxyError, match=r"refuses: InvalidToxic: .*invalid toxic type"):
            proxy.add(Toxic(type="earthquake", attributes={}))


@pytest.mark.wire
def test_proxy_that_is_gone_can_be_deleted_once_more(location: LocatedToxiproxy) -> None:
    """Cleaning up twice is no mistake."""
    with Toxiproxy(location) as toxiproxy:
        proxy = toxiproxy.open("openai", upstream="127.0.0.1:9")

        proxy.delete()
        proxy.delete()

        assert list(toxiproxy.client.proxies()) == []
