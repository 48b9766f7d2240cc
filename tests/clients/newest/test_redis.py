"""The redis client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

from chaos.upstreams.redis import RedisUpstream
from tests.clients.frame.row import NO_HTTP, TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests

_BACKOFF_S = 0.2
_RETRIES = 2
_KEPT = b"0123456789" * 20


def _provider() -> RedisUpstream:
    upstream = RedisUpstream()
    upstream.keys.put(b"key", _KEPT)
    return upstream


@contextmanager
def _client(retry: Retry | None = None, **options: object) -> Iterator[redis.Redis]:
    limits = {"socket_timeout": TIMEOUT_S, "retry": retry or Retry(NoBackoff(), 0)}
    with redis.Redis(host="redis", **{**limits, **options}) as client:
        yield client


def _get() -> object:
    with _client() as client:
        return client.get("key")


def _retried() -> object:
    with _client(Retry(ConstantBackoff(_BACKOFF_S), _RETRIES)) as client:
        return client.get("key")


def _old_protocol() -> object:
    with _client(protocol=2) as client:
        return client.get("key")


def _encrypted() -> object:
    with _client(port=6380, ssl=True) as client:
        return client.get("key")


def _counted() -> object:
    with _client() as client, client.pipeline(transaction=True) as pipeline:
        return pipeline.incr("visits").incr("visits").get("visits").execute()


def _pooled() -> object:
    pool = redis.BlockingConnectionPool(
        host="redis",
        max_connections=1,
        timeout=5,
        socket_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
    client = redis.Redis(connection_pool=pool)

    def get(_: int) -> object:
        return client.get("key")

    with client, ThreadPoolExecutor(3) as threads:
        return list(threads.map(get, range(3)))


def _later(retry: Callable[[], AsyncRetry]) -> object:
    async def get() -> object:
        async with redis.asyncio.Redis(
            host="redis", socket_timeout=TIMEOUT_S, retry=retry()
        ) as client:
            return await client.get("key")

    return asyncio.run(get())


def _row(name: str, call: Callable[[], object], answer: object = _KEPT) -> Row:
    return Row(name=name, call=call, upstream=_provider, answer=answer, faults=NO_HTTP)


class TestRedis(ClientTests):
    """redis, sync and async."""

    client = Client(
        name="redis",
        packages=("redis",),
        rows=(
            _row("`get`", _get),
            _row("`get`, two retries", _retried),
            _row("`get`, RESP 2", _old_protocol),
            _row("`get`, with TLS", _encrypted),
            _row("a transaction", _counted, [1, 2, b"2"]),
            _row("three threads, a pool of one connection", _pooled, [_KEPT] * 3),
            _row("async `get`", lambda: _later(lambda: AsyncRetry(NoBackoff(), 0))),
            _row(
                "async `get`, two retries",
                lambda: _later(lambda: AsyncRetry(ConstantBackoff(_BACKOFF_S), _RETRIES)),
            ),
        ),
    )
