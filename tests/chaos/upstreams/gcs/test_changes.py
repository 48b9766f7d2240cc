"""What is changed, kept and refused in Cloud Storage, as the real SDK sees it."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import (
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
)

from chaos.upstreams.gcs import GcsUpstream
from tests.chaos.upstreams.sdk import storage_client

MIB = 1024 * 1024


def test_upload_only_if_absent_is_refused_when_present(bucket: Any) -> None:
    """Generation 0 stands for an object that is not there, however it is uploaded."""
    bucket.blob("once").upload_from_string("first", if_generation_match=0)

    for size in (5, 9 * MIB):
        with pytest.raises(PreconditionFailed):
            bucket.blob("once").upload_from_string("x" * size, if_generation_match=0)
    assert bucket.blob("once").download_as_bytes() == b"first"


def test_preconditions_hold_requests_back(bucket: Any, upstream: GcsUpstream) -> None:
    """Each precondition stops reading, changing and deleting when it does not hold."""
    generation = upstream.put("kb", "a", b"data")
    blob = bucket.blob("a")

    assert blob.download_as_bytes(if_generation_match=generation) == b"data"
    assert blob.download_as_bytes(if_metageneration_match=1) == b"data"
    for wrong in ({"if_generation_match": generation + 1}, {"if_metageneration_match": 2}):
        for attempt in (blob.download_as_bytes, blob.reload, blob.patch, blob.delete):
            with pytest.raises(PreconditionFailed):
                attempt(**wrong)
    assert upstream.get("kb", "a") == b"data"


@pytest.mark.parametrize("what", ["if_generation_not_match", "if_etag_not_match"])
def test_reading_what_one_has_is_304(bucket: Any, upstream: GcsUpstream, what: str) -> None:
    """A reader who has this generation is told so; one who has another gets it."""
    generation = upstream.put("kb", "a", b"data")
    blob = bucket.get_blob("a")
    had, other = {
        "if_generation_not_match": (generation, generation + 1),
        "if_etag_not_match": (blob.etag, "CAE="),
    }[what]

    with pytest.raises(GoogleAPICallError) as caught:
        blob.reload(**{what: had})
    assert caught.value.code == 304
    blob.reload(**{what: other})


def test_overwritten_generation_is_gone(bucket: Any, upstream: GcsUpstream) -> None:
    """Without versioning, an old generation cannot be read, by metadata or by media."""
    old = upstream.put("kb", "a", b"old")
    new = upstream.put("kb", "a", b"new")

    assert old < new
    assert upstream.generations("kb", "a") == (new,)
    assert bucket.blob("a", generation=new).download_as_bytes() == b"new"
    assert not bucket.blob("a", generation=old).exists()
    with pytest.raises(NotFound):
        bucket.blob("a", generation=old).download_as_bytes()


def test_versioned_bucket_keeps_what_was_there() -> None:
    """With versioning, overwritten and deleted generations are read by number, and listed."""
    upstream = GcsUpstream(versioning=True)
    old, new = upstream.put("kb", "a", b"old"), upstream.put("kb", "a", b"new")
    bucket: Any = storage_client(upstream.handle).bucket("kb")

    bucket.blob("a").delete()

    assert not bucket.blob("a").exists()
    assert bucket.blob("a", generation=old).download_as_bytes() == b"old"
    assert list(bucket.list_blobs()) == []
    assert [blob.generation for blob in bucket.list_blobs(versions=True)] == [old, new]
    bucket.blob("a", generation=new).delete()
    assert upstream.generations("kb", "a") == (old,)
    assert not bucket.blob("a").exists()


def test_deleted_version_does_not_revive_the_one_before_it() -> None:
    """Deleting the live generation by number leaves the older one readable, but not live."""
    upstream = GcsUpstream(versioning=True)
    old, new = upstream.put("kb", "a", b"old"), upstream.put("kb", "a", b"new")
    bucket: Any = storage_client(upstream.handle).bucket("kb")

    bucket.blob("a", generation=new).delete()

    assert upstream.generations("kb", "a") == (old,)
    assert not bucket.blob("a").exists()


def test_patch_merges_and_update_replaces(bucket: Any, upstream: GcsUpstream) -> None:
    """Settings change without a new generation, but with a new metageneration."""
    generation = upstream.put("kb", "a", b"data", content_type="text/plain")
    blob = bucket.get_blob("a")
    blob.metadata = {"one": "1", "two": "2"}
    blob.patch()
    blob.metadata = {"one": None, "three": "3"}
    blob.cache_control = "no-store"
    blob.patch()

    fresh = bucket.get_blob("a")
    assert fresh.metadata == {"two": "2", "three": "3"}
    assert (fresh.content_type, fresh.cache_control) == ("text/plain", "no-store")
    assert (fresh.generation, fresh.metageneration) == (generation, 3)
    assert bucket.blob("a").download_as_bytes() == b"data"

    fresh.metadata = {"only": "this"}
    fresh.update()
    assert bucket.get_blob("a").metadata == {"only": "this"}


def test_delete_removes(bucket: Any, upstream: GcsUpstream) -> None:
    """A deleted object is gone; deleting it again is 404."""
    upstream.put("kb", "a", b"data")

    bucket.blob("a").delete()

    with pytest.raises(KeyError):
        upstream.get("kb", "a")
    with pytest.raises(NotFound):
        bucket.blob("a").delete()


def test_copies_keep_bytes_and_settings(bucket: Any, upstream: GcsUpstream) -> None:
    """Copy, rewrite and rename carry bytes and content type to another name."""
    upstream.put("kb", "a", b"data", content_type="text/plain")

    bucket.copy_blob(bucket.blob("a"), bucket, "b/copied")
    token, rewritten, total = bucket.blob("b/rewritten").rewrite(bucket.blob("a"))
    bucket.rename_blob(bucket.blob("a"), "b/renamed")

    assert (token, rewritten, total) == (None, 4, 4)
    for name in ("b/copied", "b/rewritten", "b/renamed"):
        assert upstream.get("kb", name) == b"data"
        assert bucket.get_blob(name).content_type == "text/plain"
    assert upstream.generations("kb", "a") == ()


def test_compose_joins_its_sources(bucket: Any, upstream: GcsUpstream) -> None:
    """A composed object is its sources in order; it has no MD5 but counts its components."""
    for name in "abc":
        upstream.put("kb", name, name.encode())

    bucket.blob("abc").compose([bucket.blob(name) for name in "abc"])

    blob = bucket.get_blob("abc")
    assert upstream.get("kb", "abc") == b"abc"
    assert (blob.component_count, blob.md5_hash) == (3, None)
    with pytest.raises(NotFound):
        bucket.blob("x").compose([bucket.blob("nothing")])
