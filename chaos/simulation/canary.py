"""Proof, before each run, that no request can get out."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import httpx2
import requests
import requests.adapters

from chaos.errors import SimulationError

HOST = "canary.invalid"
"""A name that can never exist; should a canary escape, it goes nowhere."""

_URL = f"http://{HOST}/"


class Canary:
    """Sends one request through each HTTP library, at the point where sockets begin.

    Transports without a constructor cost nothing; should one be real, it has no connection to
    use.
    """

    def __init__(self) -> None:
        self._seen = 0
        httpx_transport = httpx.HTTPTransport.__new__(httpx.HTTPTransport)
        httpx_request = httpx.Request("GET", _URL)
        httpx2_transport = httpx2.HTTPTransport.__new__(httpx2.HTTPTransport)
        httpx2_request = httpx2.Request("GET", _URL)
        adapter = requests.adapters.HTTPAdapter.__new__(requests.adapters.HTTPAdapter)
        prepared = requests.Request("GET", _URL).prepare()
        self._flights: dict[str, Callable[[], object]] = {
            "httpx": lambda: httpx_transport.handle_request(httpx_request),
            "httpx2": lambda: httpx2_transport.handle_request(httpx2_request),
            "requests": lambda: adapter.send(prepared),
        }

    def caught(self, request: httpx.Request) -> httpx.Response:
        """Answer a canary, and count it."""
        self._seen += 1
        return httpx.Response(204, request=request)

    def fly(self) -> None:
        """Let one canary fly through each library.

        Raises:
            SimulationError: One was not caught; the message names the library.
        """
        for library, flight in self._flights.items():
            expected = self._seen + 1
            try:
                flight()
            except Exception as error:
                raise SimulationError(_escaped(library)) from error
            if self._seen != expected:
                raise SimulationError(_escaped(library))


def _escaped(library: str) -> str:
    return (
        f"a request through {library} was not intercepted; expected the router to answer it; "
        "something has replaced the library's transport since the simulation began"
    )
