"""Our Cloud Storage stand-in beside one that we have not written: gcp-storage-emulator.

Both are asked the same by the real SDK. Where they differ, the documentation of Cloud Storage's
JSON API decides; each difference is listed here with what it says.
"""

from __future__ import annotations

import base64
import hashlib
import io
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import google_crc32c
import pytest
from gcp_storage_emulator.server import create_server  # type: ignore[import-untyped]  # no types
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from chaos.upstreams.gcs import GcsUpstream
from tests.chaos.upstreams.sdk import storage_client

DATA = bytes(range(256)) * 40
LARGE = bytes(range(256)) * 4096
"""A megabyte, so that an upload in chunks of 256 KiB takes four requests."""

CHUNK = 256 * 1024

Operation = Callable[[storage.Bucket], object]


@pytest.fixture(scope="module")
def emulator() -> Iterator[storage.Client]:
    """The SDK, talking to the emulator."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google.auth has no types here
    client = storage.Client(
        project="test",
        credentials=nobody,
        client_options={"api_endpoint": f"http://127.0.0.1:{port}"},
    )
    for name in OPERATIONS:
        client.create_bucket(bucket_of(name))
    yield client
    client.close()
    server.stop()


@pytest.fixture(scope="module")
def ours() -> storage.Client:
    """The SDK, talking to our stand-in, which only makes buckets by hand."""
    stand_in = GcsUpstream()
    for name in OPERATIONS:
        stand_in.create_bucket(bucket_of(name))
    return storage_client(stand_in.handle)


def blob(bucket: storage.Bucket, name: str = "a.bin", data: bytes = DATA) -> storage.Blob:
    """An object that is there."""
    made = bucket.blob(name)
    made.upload_from_string(data, content_type="application/octet-stream")
    return made


def fetch(bucket: storage.Bucket, name: str, **options: Any) -> object:
    """The content of an object, without retries."""
    return digest(bucket.blob(name).download_as_bytes(retry=None, **options))


def digest(data: bytes) -> str:
    """Length and hash: enough to tell contents apart."""
    return f"{len(data)} bytes, {hashlib.sha256(data).hexdigest()[:12]}"


def crc32c_of(data: bytes) -> str:
    """The checksum as Cloud Storage writes it."""
    checksum = google_crc32c.value(data).to_bytes(4)
    return base64.b64encode(checksum).decode()


def media_headers(
    bucket: storage.Bucket, *headers: str, **request: str
) -> tuple[int, dict[str, str | None]]:
    """Status and some headers of a download, as they come."""
    blob(bucket)
    connection = bucket.client._connection
    url = f"{connection.API_BASE_URL}/download/storage/v1/b/{bucket.name}/o/a.bin?alt=media"
    response = bucket.client._http.get(url, headers=request)
    return int(response.status_code), {name: response.headers.get(name) for name in headers}


def upload_and_download(bucket: storage.Bucket) -> object:
    """The bytes that were stored come back."""
    blob(bucket)
    return fetch(bucket, "a.bin")


def metadata(bucket: storage.Bucket) -> object:
    """What the SDK says of an object."""
    blob(bucket)
    found = bucket.get_blob("a.bin")
    assert found is not None
    return {
        "name": found.name,
        "bucket": found.bucket.name,
        "size": found.size,
        "content type": found.content_type,
        "md5": found.md5_hash == base64.b64encode(hashlib.md5(DATA).digest()).decode(),
        "crc32c": found.crc32c == crc32c_of(DATA),
        "storage class": found.storage_class,
        "generation is a number": isinstance(found.generation, int),
        "has been updated": found.updated is not None,
        "has an etag": bool(found.etag),
    }


def metageneration(bucket: storage.Bucket) -> object:
    """How often the metadata have changed, counted from one."""
    return blob(bucket).metageneration


def hashes_of_media(bucket: storage.Bucket) -> object:
    """The header by which the SDK checks a download."""
    status, headers = media_headers(bucket, "x-goog-hash")
    return status, sorted(part.strip() for part in str(headers["x-goog-hash"]).split(","))


def patch(bucket: storage.Bucket) -> object:
    """Changed metadata are kept, and counted."""
    made = blob(bucket)
    made.metadata = {"colour": "blue"}
    made.patch()
    again = bucket.get_blob("a.bin")
    assert again is not None
    return again.metadata, again.metageneration


def overwrite(bucket: storage.Bucket) -> object:
    """A newer generation has a larger number."""
    first, second = blob(bucket).generation, blob(bucket, data=b"new").generation
    assert first is not None
    assert second is not None
    return second > first, fetch(bucket, "a.bin")


def resumable(bucket: storage.Bucket) -> object:
    """A megabyte in four chunks."""
    made = bucket.blob("large.bin", chunk_size=CHUNK)
    made.upload_from_file(io.BytesIO(LARGE), size=len(LARGE))
    return made.size, fetch(bucket, "large.bin")


def resumable_of_unknown_size(bucket: storage.Bucket) -> object:
    """A stream whose end is only known when it comes."""
    made = bucket.blob("large.bin", chunk_size=CHUNK)
    made.upload_from_file(io.BytesIO(LARGE[:-1000]))
    return made.size, fetch(bucket, "large.bin")


def resumable_of_nothing(bucket: storage.Bucket) -> object:
    """An empty file is a file."""
    made = bucket.blob("empty.bin", chunk_size=CHUNK)
    made.upload_from_file(io.BytesIO(b""), size=0)
    return made.size, fetch(bucket, "empty.bin")


def listing(bucket: storage.Bucket, **options: Any) -> object:
    """Names, and common prefixes."""
    for name in ("b/2", "a", "b/1", "c/d/e"):
        blob(bucket, name)
    found = bucket.list_blobs(**options)
    return [each.name for each in found], sorted(found.prefixes)


def deleted(bucket: storage.Bucket) -> object:
    """What is deleted is gone."""
    blob(bucket).delete()
    return bucket.blob("a.bin").exists(), bucket.get_blob("a.bin")


def copied(bucket: storage.Bucket) -> object:
    """A copy has the same bytes."""
    copy = bucket.copy_blob(blob(bucket), bucket, "copy.bin")
    return copy.name, fetch(bucket, "copy.bin")


def old_generation(bucket: storage.Bucket) -> object:
    """Without versioning, an overwritten generation is gone."""
    first = blob(bucket).generation
    blob(bucket, data=b"new")
    return digest(bucket.blob("a.bin", generation=first).download_as_bytes(retry=None))


def missing_bucket(bucket: storage.Bucket) -> object:
    """A bucket that is not there is not found, like an object."""
    return fetch(bucket.client.bucket("nowhere"), "a.bin")


def only_if(**conditions: int) -> Operation:
    """An upload onto an object, under a condition that does not hold."""

    def operation(bucket: storage.Bucket) -> object:
        blob(bucket)
        bucket.blob("a.bin").upload_from_string(b"new", retry=None, **conditions)
        return fetch(bucket, "a.bin")

    return operation


OPERATIONS: Mapping[str, Operation] = {
    "upload and download": upload_and_download,
    "metadata": metadata,
    "metageneration": metageneration,
    "hashes of media": hashes_of_media,
    "patch": patch,
    "overwrite": overwrite,
    "empty object": lambda bucket: (blob(bucket, data=b"").size, fetch(bucket, "a.bin")),
    "name with everything": lambda bucket: (
        blob(bucket, "ä ö/ü?#%2F+&=.bin").name,
        fetch(bucket, "ä ö/ü?#%2F+&=.bin"),
    ),
    "first ten bytes": lambda bucket: (blob(bucket), fetch(bucket, "a.bin", start=0, end=9))[1],
    "from byte 10000": lambda bucket: (blob(bucket), fetch(bucket, "a.bin", start=10_000))[1],
    "range beyond the end": lambda bucket: (
        blob(bucket),
        fetch(bucket, "a.bin", start=len(DATA) + 10),
    )[1],
    "last ten bytes": lambda bucket: media_headers(
        bucket, "content-range", "content-length", range="bytes=-10"
    ),
    "content range": lambda bucket: media_headers(
        bucket, "content-range", "content-length", range="bytes=5-14"
    ),
    "generation of media": lambda bucket: media_headers(bucket, "x-goog-stored-content-length"),
    "resumable": resumable,
    "resumable of unknown size": resumable_of_unknown_size,
    "resumable of nothing": resumable_of_nothing,
    "list": listing,
    "list by prefix": lambda bucket: listing(bucket, prefix="b/"),
    "list by delimiter": lambda bucket: listing(bucket, delimiter="/"),
    "list at most two": lambda bucket: listing(bucket, max_results=2),
    "exists": lambda bucket: (blob(bucket).exists(), bucket.blob("b.bin").exists()),
    "missing object": lambda bucket: fetch(bucket, "missing.bin"),
    "missing metadata": lambda bucket: bucket.get_blob("missing.bin"),
    "missing bucket": missing_bucket,
    "delete": deleted,
    "delete what is missing": lambda bucket: bucket.blob("missing.bin").delete(),
    "copy": copied,
    "old generation": old_generation,
    "upload if nothing is there": only_if(if_generation_match=0),
    "upload onto another generation": only_if(if_generation_match=1),
    "download of another generation": lambda bucket: (
        blob(bucket),
        fetch(bucket, "a.bin", if_generation_match=1),
    )[1],
    "upload onto another metageneration": only_if(if_metageneration_match=7),
}


@dataclass(frozen=True)
class Disagreement:
    """Where the two differ, and what the documentation says."""

    ours: object
    emulator: object
    documented: str


_PRECONDITIONS = (
    "Request preconditions: with ifGenerationMatch, the operation succeeds only if the object's "
    "current generation is the given value; otherwise 412"
)
_OVERWRITTEN = "3 bytes, 11507a0e2f5e"

DISAGREEMENTS: Mapping[str, Disagreement] = {
    "metageneration": Disagreement(
        ours=1,
        emulator=2,
        documented="Objects resource, metageneration: 1 for a new generation of an object",
    ),
    "patch": Disagreement(
        ours=({"colour": "blue"}, 2),
        emulator=({"colour": "blue"}, 3),
        documented="it increases by one each time the metadata are updated",
    ),
    "range beyond the end": Disagreement(
        ours="RequestRangeNotSatisfiable",
        emulator="0 bytes, e3b0c44298fc",
        documented="HTTP status codes: 416 for a range that is not within the object",
    ),
    "last ten bytes": Disagreement(
        ours=(206, {"content-range": "bytes 10230-10239/10240", "content-length": "10"}),
        emulator=(200, {"content-range": None, "content-length": "10240"}),
        documented="Range header: bytes=-10 is the last ten bytes",
    ),
    "generation of media": Disagreement(
        ours=(200, {"x-goog-stored-content-length": "10240"}),
        emulator=(200, {"x-goog-stored-content-length": None}),
        documented="response headers: x-goog-stored-content-length, the length as stored",
    ),
    "list at most two": Disagreement(
        ours=(["a", "b/1"], []),
        emulator=(["a", "b/1", "b/2", "c/d/e"], []),
        documented="Objects: list, maxResults: the maximum number of items in one page",
    ),
    "old generation": Disagreement(
        ours="NotFound",
        emulator=_OVERWRITTEN,
        documented="Objects: get, generation: this revision, rather than the latest; without "
        "versioning an overwritten one is gone",
    ),
    "upload if nothing is there": Disagreement(
        ours="PreconditionFailed", emulator=_OVERWRITTEN, documented=_PRECONDITIONS
    ),
    "upload onto another generation": Disagreement(
        ours="PreconditionFailed", emulator=_OVERWRITTEN, documented=_PRECONDITIONS
    ),
    "download of another generation": Disagreement(
        ours="PreconditionFailed", emulator="10240 bytes, e96760a87768", documented=_PRECONDITIONS
    ),
    "upload onto another metageneration": Disagreement(
        ours="PreconditionFailed", emulator=_OVERWRITTEN, documented=_PRECONDITIONS
    ),
}


def bucket_of(name: str) -> str:
    """The bucket in which an operation is tried."""
    return f"bucket-{list(OPERATIONS).index(name)}"


def seen(client: storage.Client, name: str) -> object:
    """What an operation comes to, in a bucket of its own; for an exception, its class."""
    try:
        return OPERATIONS[name](client.bucket(bucket_of(name)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is compared
        return type(error).__name__


@pytest.mark.parametrize("name", OPERATIONS)
def test_stand_in_answers_like_a_stand_in_of_others(
    ours: storage.Client, emulator: storage.Client, name: str
) -> None:
    """They agree, or differ in exactly the way that is listed."""
    one, other = seen(ours, name), seen(emulator, name)

    if name in DISAGREEMENTS:
        listed = DISAGREEMENTS[name]
        assert (one, other) == (listed.ours, listed.emulator)
        assert one != other
    else:
        assert one == other


def test_every_listed_disagreement_is_about_an_operation() -> None:
    """No entry outlives its operation."""
    assert set(DISAGREEMENTS) <= set(OPERATIONS)
