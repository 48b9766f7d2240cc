"""aiohttp's client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import SUNNY, URL, Weather


def _session(act: Callable[[aiohttp.ClientSession], Awaitable[object]], **timeouts: Any) -> object:
    async def call() -> object:
        timeout = aiohttp.ClientTimeout(**timeouts)
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            return await act(session)

    return asyncio.run(call())


async def _get(session: aiohttp.ClientSession) -> object:
    async with session.get(URL) as response:
        response.raise_for_status()
        return (await response.json())["text"]


async def _three(session: aiohttp.ClientSession) -> object:
    # All are waited for: the end of the session would race with the handshake of whoever is next.
    came = await asyncio.gather(*[_get(session) for _ in range(3)], return_exceptions=True)
    for each in came:
        if isinstance(each, BaseException):
            raise each
    return set(came)


async def _read(session: aiohttp.ClientSession) -> object:
    async with session.get(URL) as response:
        return b"".join([each async for each in response.content.iter_any()])


class TestAiohttp(ClientTests):
    """aiohttp."""

    client = Client(
        name="aiohttp",
        packages=("aiohttp",),
        rows=(
            Row(
                name="`get`, a limit for all",
                call=lambda: _session(_get, total=TIMEOUT_S),
                upstream=Weather,
                answer=SUNNY,
            ),
            Row(
                name="`get`, a limit for each read",
                call=lambda: _session(_get, sock_read=TIMEOUT_S),
                upstream=Weather,
                answer=SUNNY,
            ),
            Row(
                name="three together, one connection",
                call=lambda: _session(_three, sock_read=TIMEOUT_S),
                upstream=Weather,
                answer={SUNNY},
                latency_s=0.2,
            ),
            Row(
                name="read in pieces",
                call=lambda: _session(_read, sock_read=TIMEOUT_S),
                upstream=Weather,
                answer=b'{"text": "sunny"}',
            ),
        ),
    )
