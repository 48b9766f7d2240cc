"""Libraries that are put around a client: retries, breakers, caches."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import backoff
import cachetools
import httpx
import purgatory
import pybreaker
import stamina
import tenacity

from tests.clients.frame.row import Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import SUNNY, Weather, weather, weather_later


def _tenacity() -> object:
    waits = tenacity.wait_exponential(multiplier=0.1) + tenacity.wait_random(0, 0.1)
    return tenacity.Retrying(
        stop=tenacity.stop_after_attempt(3),
        wait=waits,
        retry=tenacity.retry_if_exception_type(httpx.HTTPError),
        reraise=True,
    )(weather)


def _tenacity_later() -> object:
    retrying = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(0.4), reraise=True
    )
    return asyncio.run(retrying(weather_later))


def _stamina() -> object:
    limits: dict[str, Any] = {"attempts": 3, "wait_initial": 0.2, "wait_jitter": 0.1}
    return stamina.retry(on=httpx.HTTPError, timeout=5, **limits)(weather)()


def _stamina_later() -> object:
    limits: dict[str, Any] = {"attempts": 2, "wait_initial": 0.2, "wait_jitter": 0}
    return asyncio.run(stamina.retry(on=httpx.HTTPError, **limits)(weather_later)())


def _backoff() -> object:
    expo = backoff.on_exception(backoff.expo, httpx.HTTPError, max_tries=3, factor=0.2)
    return expo(weather)()


def _backoff_later() -> object:
    constant = backoff.on_exception(
        backoff.constant, httpx.HTTPError, max_tries=2, interval=0.3, jitter=None
    )
    return asyncio.run(constant(weather_later)())


def _pybreaker() -> object:
    breaker = pybreaker.CircuitBreaker(fail_max=2, reset_timeout=0.5)
    told = []
    for pause in (0, 0, 0, 0.6):
        time.sleep(pause)
        try:
            told.append(breaker.call(weather))
        except (httpx.HTTPError, pybreaker.CircuitBreakerError) as error:
            told.append(type(error).__name__)
    return told


def _purgatory() -> object:
    factory = purgatory.SyncCircuitBreakerFactory(default_threshold=2, default_ttl=0.5)
    told = []
    for pause in (0, 0, 0, 0.6):
        time.sleep(pause)
        try:
            with factory.get_breaker("weather"):
                told.append(weather())
        except Exception as error:  # noqa: BLE001 - its name is the answer
            told.append(type(error).__name__)
    return told


def _cachetools() -> object:
    cached = cachetools.cached(cachetools.TTLCache(1, ttl=0.5))(weather)
    told = []
    for pause in (0, 0.2, 0.5):
        time.sleep(pause)
        told.append(cached())
    return told


def _row(name: str, call: Any, answer: object = SUNNY) -> Row:
    return Row(name=name, call=call, upstream=Weather, answer=answer)


class TestResilience(ClientTests):
    """tenacity, stamina, backoff, pybreaker, purgatory, cachetools."""

    client = Client(
        name="Around a client",
        packages=("tenacity", "stamina", "backoff", "pybreaker", "purgatory", "cachetools"),
        rows=(
            _row("tenacity", _tenacity),
            _row("tenacity, async", _tenacity_later),
            _row("stamina", _stamina),
            _row("stamina, async", _stamina_later),
            _row("backoff", _backoff),
            _row("backoff, async", _backoff_later),
            _row("pybreaker", _pybreaker, [SUNNY] * 4),
            _row("purgatory", _purgatory, [SUNNY] * 4),
            _row("cachetools", _cachetools, [SUNNY] * 3),
        ),
    )
