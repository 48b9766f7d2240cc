"""What is stored in Cloud Storage and read from it, as the real SDK sees it."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from typing import Any

import pytest
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
)
from google.cloud.storage.exceptions import DataCorruption

from chaos.http import Request, Response
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.gcs.resource import etag
from chaos.upstreams.gcs.store import StoredObject, crc32c_of
from tests.chaos.upstreams.sdk import Recording, storage_client

MIB = 1024 * 1024
NAME = "index/größe #1 100%.faiss"


@pytest.mark.parametrize(
    ("size", "operations"),
    [
        pytest.param(0, ["objects.insert"], id="empty, multipart"),
        pytest.param(100_000, ["objects.insert"], id="multipart"),
        pytest.param(
            9 * MIB, ["uploads.resumable.start", "uploads.resumable.put"], id="resumable at once"
        ),
    ],
)
def test_upload_comes_back_as_it_went(
    bucket: Any, recording: Recording, size: int, operations: list[str]
) -> None:
    """What was uploaded is downloaded byte for byte, by whichever of the ways the SDK takes."""
    data = os.urandom(size)
    blob = bucket.blob(NAME)
    blob.metadata = {"model": "wordllama"}

    blob.upload_from_file(io.BytesIO(data), size=size, content_type="application/x-faiss")

    assert recording.seen == [(operation, NAME) for operation in operations]
    assert bucket.blob(NAME).download_as_bytes() == data
    fresh = bucket.get_blob(NAME)
    assert (fresh.content_type, fresh.metadata) == ("application/x-faiss", {"model": "wordllama"})


def test_resumable_upload_comes_in_chunks(bucket: Any, recording: Recording) -> None:
    """An upload in chunks, of unknown length, is put together from all of them."""
    data = os.urandom(MIB + 5)
    blob = bucket.blob("chunks", chunk_size=256 * 1024)

    blob.upload_from_file(io.BytesIO(data))

    assert [name for name, _ in recording.seen].count("uploads.resumable.put") == 5
    assert recording.upstream.get("kb", "chunks") == data


def test_upload_through_a_writer_is_whole(bucket: Any, upstream: GcsUpstream) -> None:
    """What is written to an open blob is the object once it is closed."""
    with bucket.blob("written", chunk_size=256 * 1024).open("wb") as file:
        for _ in range(3):
            file.write(b"x" * 200_000)

    assert upstream.get("kb", "written") == b"x" * 600_000


def test_metadata_is_what_clients_rely_on(bucket: Any, upstream: GcsUpstream) -> None:
    """Size, hashes, generation and links of an object are all there after a reload."""
    generation = upstream.put("kb", NAME, b"123456789", content_type="text/plain")
    blob = bucket.blob(NAME)

    blob.reload()

    assert (blob.size, blob.generation, blob.metageneration) == (9, generation, 1)
    assert (blob.crc32c, blob.md5_hash) == ("4waSgw==", "JfnnlDI7RTiF9RgfG2JNCw==")
    assert blob.etag.endswith("EAE=")
    assert blob.storage_class == "STANDARD"
    assert blob.updated == blob.time_created
    assert blob.media_link.startswith("https://storage.googleapis.com/download/storage/v1/b/kb/o/")


def test_etag_packs_generation_and_metageneration() -> None:
    """The tag is the one Cloud Storage gives: a protocol buffer of the two numbers."""
    stored = StoredObject(
        bucket="kb",
        name="a",
        data=b"",
        generation=1_474_356_316_779_128,
        crc32c="AAAAAA==",
        md5=None,
        created_s=0.0,
        updated_s=0.0,
        settings={},
    )

    assert etag(stored) == "CPjkoqS1nc8CEAE="
    assert etag(replace(stored, metageneration=2)) == "CPjkoqS1nc8CEAI="


def test_download_is_verified_by_its_hash(bucket: Any, upstream: GcsUpstream) -> None:
    """The SDK checks whole downloads against the hash header, so a wrong byte is noticed."""
    upstream.put("kb", "a", b"truth")
    true = upstream.handle

    def lie(request: Request) -> Response:
        response = true(request)
        return Response(status=response.status, headers=response.headers, body=b"lying")

    with pytest.raises(DataCorruption):
        storage_client(lie).bucket("kb").blob("a").download_as_bytes()


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(2, 5, b"2345", id="closed"),
        pytest.param(7, None, b"789", id="open"),
        pytest.param(5, 100, b"56789", id="past the end"),
        pytest.param(-3, None, b"789", id="suffix"),
        pytest.param(-100, None, b"0123456789", id="suffix longer than all"),
    ],
)
def test_ranged_download_is_that_part(
    bucket: Any, upstream: GcsUpstream, start: int, end: int | None, expected: bytes
) -> None:
    """A range of an object comes as exactly these bytes."""
    upstream.put("kb", "digits", b"0123456789")

    assert bucket.blob("digits").download_as_bytes(start=start, end=end) == expected


def test_range_past_the_end_is_416(bucket: Any, upstream: GcsUpstream) -> None:
    """A range that begins behind the last byte cannot be satisfied."""
    upstream.put("kb", "digits", b"0123456789")

    with pytest.raises(RequestRangeNotSatisfiable):
        bucket.blob("digits").download_as_bytes(start=10)


def test_chunked_download_is_whole(
    bucket: Any, upstream: GcsUpstream, recording: Recording
) -> None:
    """A download in ranges, and a reader, see the same bytes as one in one piece."""
    data = os.urandom(600_000)
    upstream.put("kb", "large", data)

    assert bucket.blob("large", chunk_size=256 * 1024).download_as_bytes() == data
    assert [name for name, _ in recording.seen] == ["objects.media"] * 3
    with bucket.blob("large", chunk_size=256 * 1024).open("rb") as file:
        file.seek(300_000)
        assert file.read() == data[300_000:]


def test_listing_shows_folders_and_pages(bucket: Any, upstream: GcsUpstream) -> None:
    """Prefix, delimiter and page size do what they say; nothing is lost between pages."""
    names = ["a/1", "a/2", "b/1", "b/sub/2", "top", "ü"]
    for name in names:
        upstream.put("kb", name, b"")

    assert [blob.name for blob in bucket.list_blobs()] == names
    assert [blob.name for blob in bucket.list_blobs(page_size=1)] == names
    assert [blob.name for blob in bucket.list_blobs(prefix="b/")] == ["b/1", "b/sub/2"]
    assert [blob.name for blob in bucket.list_blobs(max_results=2)] == ["a/1", "a/2"]
    assert [blob.name for blob in bucket.list_blobs(fields="items(name),nextPageToken")] == names
    for page_size in (1, 2, 100):
        folders = bucket.list_blobs(delimiter="/", page_size=page_size)
        assert [blob.name for blob in folders] == ["top", "ü"]
        assert folders.prefixes == {"a/", "b/"}


def test_missing_objects_are_told_from_missing_buckets(bucket: Any, recording: Recording) -> None:
    """Both are 404, for metadata, media and listing; the message says which is missing."""
    nowhere = storage_client(recording).bucket("nowhere")

    assert not bucket.blob("nothing").exists()
    assert bucket.get_blob("nothing") is None
    for missing in (bucket.blob("nothing").reload, bucket.blob("nothing").download_as_bytes):
        with pytest.raises(NotFound, match="No such object: kb/nothing"):
            missing()
    with pytest.raises(NotFound, match="The specified bucket does not exist"):
        list(nowhere.list_blobs())
    with pytest.raises(NotFound):
        nowhere.blob("a").upload_from_string("a")
    with pytest.raises(NotFound):
        nowhere.blob("a").delete()
    assert bucket.exists()
    assert not nowhere.exists()


@pytest.mark.parametrize("by_hand", [False, True], ids=["by the SDK", "by hand"])
@pytest.mark.parametrize("padding", [0, 9 * MIB], ids=["multipart", "resumable"])
def test_upload_is_compared_with_its_hash(
    upstream: GcsUpstream, padding: int, *, by_hand: bool
) -> None:
    """An upload that arrives damaged is refused, whichever way it and its hash come."""
    vouched: list[bool] = []

    def damage(request: Request) -> Response:
        vouched.append("x-goog-hash" in request.headers or b'"crc32c"' in request.body)
        return upstream.handle(
            Request(
                method=request.method,
                url=request.url,
                headers=request.headers,
                body=request.body.replace(b"treu", b"true"),
            )
        )

    blob: Any = storage_client(damage).bucket("kb").blob("a")
    data = b"treu" + b"x" * padding
    if by_hand:
        blob.crc32c = crc32c_of(data)
    with pytest.raises((GoogleAPICallError, DataCorruption)) as caught:
        blob.upload_from_string(data, checksum="crc32c")

    if any(vouched):
        assert isinstance(caught.value, GoogleAPICallError)
        assert caught.value.code == 400
        assert upstream.generations("kb", "a") == ()
    else:
        # Older versions send no hash with a resumable upload; they compare what was stored.
        assert padding
        assert not by_hand
        assert isinstance(caught.value, DataCorruption)


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (403, Forbidden, "forbidden"),
        (404, NotFound, "notFound"),
        (412, PreconditionFailed, "conditionNotMet"),
        (429, TooManyRequests, "rateLimitExceeded"),
        (503, ServiceUnavailable, "backendError"),
        (502, GoogleAPICallError, None),
        (504, GoogleAPICallError, None),
        (529, GoogleAPICallError, "backendError"),
    ],
)
def test_errors_have_the_shape_of_their_status(
    upstream: GcsUpstream, status: int, error: type[GoogleAPICallError], reason: str | None
) -> None:
    """Errors of Cloud Storage are JSON with a reason; those of the front end are HTML."""
    blob: Any = storage_client(lambda _: upstream.failed(status)).bucket("kb").blob("a")

    with pytest.raises(error) as caught:
        blob.reload(retry=None)

    assert caught.value.code == status
    assert [detail.get("reason") for detail in caught.value.errors] == ([reason] if reason else [])


def test_describe_tells_the_generation_of_media(upstream: GcsUpstream) -> None:
    """What the trace keeps of media is object, generation and size; of a part, the same."""
    generation = upstream.put("kb", "a", b"0123456789")
    for headers in ({}, {"range": "bytes=2-3"}):
        request = _request("/download/storage/v1/b/kb/o/a?alt=media", headers)
        operation = upstream.classify(request)
        assert operation is not None

        described = upstream.describe(operation, upstream.handle(request))

        assert described == {"object": "a", "generation": str(generation), "size": 10}


def _request(path: str, headers: dict[str, str] | None = None) -> Request:
    return Request(
        method="GET", url=f"https://storage.googleapis.com{path}", headers=headers or {}
    )
