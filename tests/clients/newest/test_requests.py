"""requests, with what people put around it."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import SUNNY, URL, Weather


def plain() -> str:
    """One request, by the function."""
    response = requests.get(URL, timeout=TIMEOUT_S)
    response.raise_for_status()
    return str(response.json()["text"])


def retrying() -> str:
    """A session whose adapter tries again."""
    retry = Retry(total=3, backoff_factor=0.1, status_forcelist=(429, 503))
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=retry))
        response = session.get(URL, timeout=TIMEOUT_S)
        response.raise_for_status()
        return str(response.json()["text"])


class TestRequests(ClientTests):
    """requests."""

    client = Client(
        name="requests",
        packages=("requests", "urllib3"),
        rows=(
            Row(name="get", call=plain, upstream=Weather, answer=SUNNY),
            Row(
                name="Session with urllib3's Retry", call=retrying, upstream=Weather, answer=SUNNY
            ),
        ),
    )
