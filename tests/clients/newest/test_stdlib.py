"""What Python itself has for HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.request

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import SUNNY, URL, Weather


def _http_client() -> object:
    connection = http.client.HTTPSConnection("api.weather.test", timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/v1/now")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _plain_http() -> object:
    connection = http.client.HTTPConnection("api.weather.test", timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/v1/now")
        return json.loads(connection.getresponse().read())["text"]
    finally:
        connection.close()


def _urlopen() -> object:
    with urllib.request.urlopen(URL, timeout=TIMEOUT_S) as response:
        return json.load(response)["text"]


class TestStandardLibrary(ClientTests):
    """http.client and urllib.request."""

    client = Client(
        name="Python's own",
        packages=(),
        rows=(
            Row(
                name="`http.client`",
                call=_http_client,
                upstream=Weather,
                answer=(200, b'{"text": "sunny"}'),
            ),
            Row(
                name="`http.client` without TLS",
                call=_plain_http,
                upstream=Weather,
                answer=SUNNY,
            ),
            Row(name="`urllib.request`", call=_urlopen, upstream=Weather, answer=SUNNY),
        ),
    )
