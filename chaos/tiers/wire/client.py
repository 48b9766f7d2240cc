"""Toxiproxy's HTTP API: the one place that knows toxiproxy-python.

That library keeps the address of the server in a class, so for the whole process; it sets no
timeouts, and takes a 500 for success. Here each client has its own address, a call ends in time,
and whatever is not a success is a ``ToxiproxyError``.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from unittest import mock
from urllib.parse import urlsplit

import toxiproxy
import toxiproxy.api
import urllib3
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from chaos.errors import SimulationError

API_TIMEOUT_S = 5.0
"""Real seconds for one call of the API; it answers in one or two milliseconds."""

OLDEST_VERSION = (2, 5)
"""The first release whose ``reset_peer`` really resets."""

_FIRST_ERROR = 400
_REFUSALS = (InvalidToxic, NotFound, ProxyExists)

T = TypeVar("T")


class ToxiproxyError(SimulationError):
    """Toxiproxy does not do what it is told; a run that needed it proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """A fault, as Toxiproxy calls it.

    Attributes:
        type: ``latency``, ``limit_data`` and so on.
        attributes: Its parameters.
        stream: ``downstream`` is towards the client.
        toxicity: Probability that a connection is affected.
    """

    type: str
    attributes: Mapping[str, int]
    stream: str = "downstream"
    toxicity: float = 1.0


class Proxy:
    """One proxy of a server."""

    def __init__(self, client: ToxiproxyClient, proxy: toxiproxy.Proxy) -> None:
        self._client = client
        self._proxy = proxy
        self.name: str = proxy.name
        self.upstream: str = proxy.upstream
        host, _, port = proxy.listen.rpartition(":")
        self.address = (host, int(port))

    def add(self, toxic: Toxic) -> None:
        """Bend connections from now on; those that are open, too."""
        self._client.call(
            lambda: self._proxy.add_toxic(
                type=toxic.type,
                attributes=dict(toxic.attributes),
                stream=toxic.stream,
                toxicity=toxic.toxicity,
            )
        )

    def disable(self) -> None:
        """Close its connections and stop listening: whoever connects now is refused."""
        self._client.call(self._proxy.disable)

    def delete(self) -> None:
        """Remove it, with its connections; nothing happens if it is gone already."""
        self._client.delete_proxy(self.name)


class ToxiproxyClient:
    """Speaks to one server.

    Args:
        url: Of the API, for example ``http://127.0.0.1:8474``.
        timeout_s: Real seconds for each call.

    Raises:
        ToxiproxyError: The URL is none.
    """

    def __init__(self, url: str, *, timeout_s: float = API_TIMEOUT_S) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ToxiproxyError(
                f"{url!r} is not the address of a Toxiproxy; expected one like "
                "http://127.0.0.1:8474"
            )
        self.url = url
        self.address = (parts.hostname, parts.port or 80)
        self._consumer = _Consumer(url, self.address, timeout_s)
        self._library = toxiproxy.Toxiproxy()

    def version(self) -> str:
        """The version it reports; ``git`` for a build without one.

        Raises:
            ToxiproxyError: Nobody answers, or this is no Toxiproxy, or it is too old.
        """
        reply = self._consumer.get("/version")
        try:
            version = str(reply.json()["version"])
        except (ValueError, KeyError, TypeError) as error:
            raise ToxiproxyError(
                f"what answers at {self.url} is not a Toxiproxy; expected its version, seen "
                f"{reply.content[:60]!r}; correct the address"
            ) from error
        numbers = re.match(r"v?(\d+)\.(\d+)", version)
        if numbers and (int(numbers[1]), int(numbers[2])) < OLDEST_VERSION:
            oldest = ".".join(map(str, OLDEST_VERSION))
            raise ToxiproxyError(
                f"Toxiproxy {version} at {self.url} is too old; expected {oldest} or later; "
                "stop it, and use a newer one"
            )
        return version

    def proxies(self) -> Mapping[str, Proxy]:
        """Every proxy of the server by name, those of others included."""
        found: Mapping[str, toxiproxy.Proxy] = self.call(
            # Their toxics, which newer servers tell as well, are more than the library expects
            # of a proxy, and it ignores them.
            self._library.proxies
        )
        return {name: Proxy(self, proxy) for name, proxy in found.items()}

    def create_proxy(self, name: str, *, upstream: str) -> Proxy:
        """Listen on a free port of the loopback interface, for ``upstream`` ("host:port")."""
        return Proxy(self, self.call(lambda: self._library.create(upstream=upstream, name=name)))

    def delete_proxy(self, name: str) -> None:
        """Remove a proxy with its connections; nothing happens if it is gone already."""
        # Not the library's own: it wants a proxy, and raises for one that is gone.
        self._consumer.delete(f"/proxies/{name}", missing_ok=True)

    def close(self) -> None:
        """Close the connection to the API."""
        self._consumer.close()

    def call(self, action: Callable[[], T]) -> T:
        """Let toxiproxy-python do something, with this server.

        Raises:
            ToxiproxyError: The server refuses, fails, or does not answer.
        """
        with _speaking_to(self._consumer):
            try:
                return action()
            except _REFUSALS as error:
                raise ToxiproxyError(
                    f"Toxiproxy at {self.url} refuses: {type(error).__name__}: {error}"
                ) from error
            except (KeyError, TypeError, ValueError) as error:
                raise ToxiproxyError(
                    f"Toxiproxy at {self.url} answers what toxiproxy-python does not understand: "
                    f"{type(error).__name__}: {error}"
                ) from error


_library_in_use = threading.Lock()


@contextmanager
def _speaking_to(consumer: _Consumer) -> Iterator[None]:
    """Point the library at one server for the time of a call.

    Its classes look the consumer up in their modules, and offer no way to pass another.
    """
    with (
        _library_in_use,
        mock.patch("toxiproxy.server.APIConsumer", consumer),
        mock.patch("toxiproxy.proxy.APIConsumer", consumer),
    ):
        yield


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the library looks at of a response."""

    status_code: int
    content: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.content)


class _Consumer:
    """Takes the place of the library's ``APIConsumer``.

    It sends through urllib3, which is not mocked: what the harness says to Toxiproxy is no
    request of the service, and takes real time.
    """

    def __init__(self, url: str, address: tuple[str, int], timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._pool = urllib3.HTTPConnectionPool(
            *address, timeout=timeout_s, retries=False, maxsize=1
        )

    def get(self, path: str) -> _Reply:
        return self._send("GET", path)

    def post(self, path: str, json: object = None) -> _Reply:
        return self._send("POST", path, json)

    def delete(self, path: str, *, missing_ok: bool = False) -> _Reply:
        return self._send("DELETE", path, missing_ok=missing_ok)

    def close(self) -> None:
        self._pool.close()

    def _send(
        self, method: str, path: str, body: object = None, *, missing_ok: bool = False
    ) -> _Reply:
        try:
            answer = self._pool.request(method, path, json=body)
        except urllib3.exceptions.NewConnectionError as error:
            # Before timeouts: to urllib3, this is one.
            raise ToxiproxyError(
                f"Toxiproxy at {self._url} cannot be reached: {error}; has it been stopped?"
            ) from error
        except urllib3.exceptions.TimeoutError as error:
            raise ToxiproxyError(
                f"Toxiproxy at {self._url} did not answer {method} {path} within "
                f"{self._timeout_s:g} s; is it overloaded?"
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise ToxiproxyError(
                f"Toxiproxy at {self._url} broke off {method} {path}: {error}; has it ended?"
            ) from error
        if missing_ok and answer.status == 404:  # noqa: PLR2004 - not found
            return _Reply(answer.status, answer.data)
        reply = toxiproxy.api.validate_response(_Reply(answer.status, answer.data))
        if reply.status_code >= _FIRST_ERROR:
            raise ToxiproxyError(
                f"Toxiproxy at {self._url} failed: {method} {path} ended in {answer.status} "
                f"{answer.data[:200].decode(errors='replace')}"
            )
        assert isinstance(reply, _Reply)
        return reply
