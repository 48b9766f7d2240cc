"""gcsfs, which is aiohttp in a thread of its own."""

from __future__ import annotations

import asyncio

import fsspec.asyn
import gcsfs
from gcsfs.core import GCSFileSystem

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import OBJECT, storage_provider


def _fresh() -> None:
    # The thread of fsspec's loop ends with the run that started it; a new process has none.
    fsspec.asyn.loop[0] = None
    fsspec.asyn.iothread[0] = None


def _cat() -> object:
    _fresh()
    files = GCSFileSystem(token="anon", skip_instance_cache=True, requests_timeout=TIMEOUT_S)
    return files.cat("bucket/object")


def _cat_later() -> object:
    async def call() -> object:
        files = GCSFileSystem(
            token="anon", skip_instance_cache=True, requests_timeout=TIMEOUT_S, asynchronous=True
        )
        session = await files._set_session()
        try:
            return await files._cat_file("bucket/object")
        finally:
            await session.close()

    return asyncio.run(call())


def _default() -> object:
    _fresh()
    files = gcsfs.GCSFileSystem(token="anon", skip_instance_cache=True)
    return files.cat("bucket/object")


class TestGcsfs(ClientTests):
    """gcsfs."""

    client = Client(
        name="gcsfs",
        packages=("gcsfs", "aiohttp"),
        rows=(
            Row(
                name="as it comes, which asks for the kind of bucket by gRPC",
                call=_default,
                upstream=storage_provider,
                refused="grpc.aio.secure_channel was used",
            ),
            Row(
                name="over HTTP alone, `cat`", call=_cat, upstream=storage_provider, answer=OBJECT
            ),
            Row(
                name="over HTTP alone, async `cat`",
                call=_cat_later,
                upstream=storage_provider,
                answer=OBJECT,
            ),
        ),
    )
