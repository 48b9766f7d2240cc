"""Ways to use httpx, and httpx2, which has the same interface."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.clients.frame.row import TIMEOUT_S, Row
from tests.clients.providers import SUNNY, URL, Weather

Get = Callable[[Any], object]


def rows(library: Any) -> tuple[Row, ...]:
    """The rows of one of the two."""
    one = library.Limits(max_connections=1)
    hurried = library.Timeout(TIMEOUT_S, pool=0.1)

    def blocking(act: Callable[[Any], object], **options: Any) -> Callable[[], object]:
        def call() -> object:
            with library.Client(**{"timeout": TIMEOUT_S, **options}) as client:
                return act(client)

        return call

    def later(act: Callable[[Any], Awaitable[object]], **options: Any) -> Callable[[], object]:
        async def call() -> object:
            async with library.AsyncClient(**{"timeout": TIMEOUT_S, **options}) as client:
                return await act(client)

        return lambda: asyncio.run(call())

    def retrying() -> object:
        transport = library.HTTPTransport(retries=2)
        return blocking(_get, transport=transport)()

    def row(name: str, call: Callable[[], object], answer: object = SUNNY, **options: Any) -> Row:
        return Row(name=name, call=call, upstream=Weather, answer=answer, **options)

    return (
        row("Client", blocking(_get)),
        row("Client, streamed", blocking(_streamed), b'{"text": "sunny"}'),
        row("Client, HTTPTransport(retries=2)", retrying),
        row(
            "Client, a pool of one, three threads in a hurry",
            blocking(_crowd, limits=one, timeout=hurried),
            ["PoolTimeout", "PoolTimeout", SUNNY],
            latency_s=0.3,
        ),
        row("AsyncClient", later(_get_later)),
        row("AsyncClient, streamed", later(_streamed_later), b'{"text": "sunny"}'),
        row(
            "AsyncClient, a pool of one, three tasks in a hurry",
            later(_crowd_later, limits=one, timeout=hurried),
            ["PoolTimeout", "PoolTimeout", SUNNY],
            latency_s=0.3,
        ),
        row(
            "AsyncClient, cancelled by `asyncio.timeout`",
            later(_cancelled, timeout=10),
            latency_s=0.1,
        ),
    )


def _get(client: Any) -> object:
    response = client.get(URL)
    response.raise_for_status()
    return response.json()["text"]


def _streamed(client: Any) -> object:
    with client.stream("GET", URL) as response:
        response.raise_for_status()
        return b"".join(response.iter_bytes())


def _crowd(client: Any) -> object:
    def one(_: int) -> object:
        try:
            return _get(client)
        except Exception as error:  # noqa: BLE001 - its name is the answer
            return type(error).__name__

    with ThreadPoolExecutor(3) as pool:
        return sorted(map(str, pool.map(one, range(3))))


async def _get_later(client: Any) -> object:
    response = await client.get(URL)
    response.raise_for_status()
    return response.json()["text"]


async def _streamed_later(client: Any) -> object:
    async with client.stream("GET", URL) as response:
        response.raise_for_status()
        return b"".join([each async for each in response.aiter_bytes()])


async def _crowd_later(client: Any) -> object:
    came = await asyncio.gather(*[_get_later(client) for _ in range(3)], return_exceptions=True)
    return sorted(each if isinstance(each, str) else type(each).__name__ for each in came)


async def _cancelled(client: Any) -> object:
    async with asyncio.timeout(TIMEOUT_S):
        return await _get_later(client)
