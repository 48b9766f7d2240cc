"""azure-storage-blob."""

from __future__ import annotations

from azure.storage.blob import BlobClient, LinearRetry

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import OBJECT, Blobs


def _download() -> object:
    with BlobClient(
        "https://account.blob.core.windows.net",
        "container",
        "blob",
        connection_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retry_policy=LinearRetry(backoff=0.2, retry_total=2, random_jitter_range=0),
    ) as client:
        return client.download_blob().readall()


class TestAzureBlob(ClientTests):
    """azure-storage-blob."""

    client = Client(
        name="azure-storage-blob",
        packages=("azure-storage-blob", "azure-core"),
        rows=(Row(name="download", call=_download, upstream=Blobs, answer=OBJECT),),
    )
