"""google-cloud-storage, and what is built on it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import smart_open
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import transfer_manager

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import OBJECT, storage_provider

# One long wait, and a limit far from it: what an attempt takes on loopback counts there too.
_RETRY = Retry(initial=1.6, maximum=1.6, multiplier=1.0, timeout=1.8)


def _client() -> storage.Client:
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google.auth has no types here
    return storage.Client(project="project", credentials=nobody)


def _bucket(act: Callable[[Any], object]) -> Callable[[], object]:
    return lambda: act(_client().bucket("bucket"))


def _download(bucket: Any) -> object:
    return bucket.blob("object").download_as_bytes(timeout=TIMEOUT_S, retry=_RETRY)


def _download_once(bucket: Any) -> object:
    return bucket.blob("object").download_as_bytes(timeout=TIMEOUT_S, retry=None)


def _upload(bucket: Any) -> object:
    blob = bucket.blob("new")
    blob.upload_from_string(b"content", timeout=TIMEOUT_S, retry=_RETRY, if_generation_match=0)
    return blob.size


def _resumable(bucket: Any) -> object:
    blob = bucket.blob("big", chunk_size=256 * 1024)
    content = io.BytesIO(bytes(300_000))
    blob.upload_from_file(content, size=300_000, timeout=TIMEOUT_S, retry=_RETRY)
    return blob.size


def _exists(bucket: Any) -> object:
    return bucket.blob("object").exists(timeout=TIMEOUT_S, retry=_RETRY)


def _many(bucket: Any) -> object:
    files = [io.BytesIO(), io.BytesIO()]
    pairs = list(zip((bucket.blob("object"), bucket.blob("other")), files, strict=True))
    came = transfer_manager.download_many(
        pairs,
        worker_type=transfer_manager.THREAD,
        max_workers=2,
        download_kwargs={"timeout": TIMEOUT_S, "retry": None},
        raise_exception=True,
    )
    return came, {file.getvalue() for file in files}


def _opened() -> object:
    limits = {"timeout": TIMEOUT_S, "retry": _RETRY}
    options = {"client": _client(), "blob_open_kwargs": limits, "get_blob_kwargs": limits}
    with smart_open.open("gs://bucket/object", "rb", transport_params=options) as file:
        return file.read()


def _row(name: str, call: Callable[[], object], answer: object, **options: Any) -> Row:
    return Row(name=name, call=call, upstream=storage_provider, answer=answer, **options)


class TestGoogleCloudStorage(ClientTests):
    """google-cloud-storage."""

    client = Client(
        name="google-cloud-storage",
        packages=("google-cloud-storage", "google-api-core", "smart-open"),
        rows=(
            _row("download, a Retry of its own", _bucket(_download), OBJECT),
            _row("download, `retry=None`", _bucket(_download_once), OBJECT),
            _row("upload", _bucket(_upload), 7),
            _row("resumable upload", _bucket(_resumable), 300_000),
            _row("`exists`", _bucket(_exists), answer=True),
            _row(
                "`transfer_manager`, two threads",
                _bucket(_many),
                ([None, None], {OBJECT}),
                latency_s=0.2,
            ),
            _row("smart_open", _opened, OBJECT),
        ),
    )
