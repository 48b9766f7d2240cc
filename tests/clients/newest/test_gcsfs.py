"""gcsfs, which is aiohttp in a thread of its own."""

from __future__ import annotations

import asyncio

import gcsfs

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import OBJECT, storage_provider


def _cat() -> object:
    files = gcsfs.GCSFileSystem(token="anon", skip_instance_cache=True, requests_timeout=TIMEOUT_S)
    return files.cat("bucket/object")


def _cat_later() -> object:
    async def call() -> object:
        files = gcsfs.GCSFileSystem(
            token="anon", skip_instance_cache=True, requests_timeout=TIMEOUT_S, asynchronous=True
        )
        session = await files.set_session()
        try:
            return await files._cat_file("bucket/object")
        finally:
            await session.close()

    return asyncio.run(call())


class TestGcsfs(ClientTests):
    """gcsfs."""

    client = Client(
        name="gcsfs",
        packages=("gcsfs", "aiohttp"),
        rows=(
            Row(name="`cat`", call=_cat, upstream=storage_provider, answer=OBJECT),
            Row(name="async `cat`", call=_cat_later, upstream=storage_provider, answer=OBJECT),
        ),
    )
