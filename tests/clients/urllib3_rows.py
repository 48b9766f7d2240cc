"""Ways to use urllib3, of any major version."""

from __future__ import annotations

from typing import Any

import urllib3

from tests.clients.frame.row import TIMEOUT_S, Row
from tests.clients.providers import SUNNY, URL, Weather

_RETRY = urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(429, 503))


def _get(**options: Any) -> object:
    with urllib3.PoolManager() as pool:
        response = pool.request("GET", URL, timeout=TIMEOUT_S, **options)
        body = response.data
        return body if response.status == 200 else response.status


def _default() -> object:
    return _get()


def _none() -> object:
    return _get(retries=False)


def _retrying() -> object:
    return _get(retries=_RETRY)


def _two_of_one_pool() -> object:
    with urllib3.HTTPSConnectionPool("api.weather.test", maxsize=1, timeout=TIMEOUT_S) as pool:
        return [pool.request("GET", "/v1/now").status for _ in range(2)]


BODY = f'{{"text": "{SUNNY}"}}'.encode()

ROWS = (
    Row(name="PoolManager, its own retries", call=_default, upstream=Weather, answer=BODY),
    Row(name="PoolManager, `retries=False`", call=_none, upstream=Weather, answer=BODY),
    Row(name="PoolManager, Retry", call=_retrying, upstream=Weather, answer=BODY),
    Row(
        name="two requests on one connection",
        call=_two_of_one_pool,
        upstream=Weather,
        answer=[200, 200],
    ),
)
