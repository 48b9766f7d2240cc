"""requests, plain, with urllib3's Retry, and with a pool that is too small."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import SUNNY, URL, Weather


def _plain() -> object:
    return _text(requests.get(URL, timeout=TIMEOUT_S))


def _session(act: Callable[[requests.Session], object], adapter: HTTPAdapter) -> object:
    with requests.Session() as session:
        session.mount("https://", adapter)
        return act(session)


def _get(session: requests.Session) -> object:
    return _text(session.get(URL, timeout=TIMEOUT_S))


def _retrying() -> object:
    retry = Retry(total=3, backoff_factor=0.1, status_forcelist=(429, 503))
    return _session(_get, HTTPAdapter(max_retries=retry))


def _queueing() -> object:
    def act(session: requests.Session) -> object:
        with ThreadPoolExecutor(3) as pool:
            return set(pool.map(_get, [session] * 3))

    return _session(act, HTTPAdapter(pool_maxsize=1, pool_block=True))


def _streamed() -> object:
    with requests.get(URL, timeout=TIMEOUT_S, stream=True) as response:
        response.raise_for_status()
        return b"".join(response.iter_content(4))


def _text(response: requests.Response) -> object:
    response.raise_for_status()
    return response.json()["text"]


class TestRequests(ClientTests):
    """requests."""

    client = Client(
        name="requests",
        packages=("requests", "urllib3"),
        rows=(
            Row(name="`get`", call=_plain, upstream=Weather, answer=SUNNY),
            Row(
                name="`get(stream=True)`",
                call=_streamed,
                upstream=Weather,
                answer=b'{"text": "sunny"}',
            ),
            Row(
                name="Session with urllib3's Retry", call=_retrying, upstream=Weather, answer=SUNNY
            ),
            Row(
                name="three threads, a pool of one connection",
                call=_queueing,
                upstream=Weather,
                answer={SUNNY},
                latency_s=0.2,
            ),
        ),
    )
