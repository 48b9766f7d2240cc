"""How the sites call the services behind them."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT_S = 10


class UnavailableError(Exception):
    """What is asked for cannot be had now."""


class NotFoundError(Exception):
    """There is no such thing."""


def call(url: str, method: str = "GET") -> dict[str, Any]:
    """What the service says.

    Raises:
        NotFoundError: It does not know what it is asked for.
        UnavailableError: It cannot be reached, takes too long, or answers with another error.
    """
    try:
        response = requests.request(method, url, timeout=TIMEOUT_S)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise UnavailableError(url) from error
    if response.status_code == requests.codes.not_found:
        raise NotFoundError(url)
    if response.status_code != requests.codes.ok:
        raise UnavailableError(url)
    found: dict[str, Any] = response.json()
    return found
