"""What is found in a bucket, and how it is sent."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, NotFound

from chaos.http import Request, Response
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.gcs.globs import compiled
from tests.chaos.upstreams.openai.asking import Clock
from tests.chaos.upstreams.sdk import storage_client

TEXT = b"plain text, " * 50


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, to turn."""
    return Clock(monkeypatch)


def names(blobs: Any) -> list[str]:
    """The names of some blobs."""
    return [blob.name for blob in blobs]


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("a/*.txt", ["a/1.txt"]),
        ("a/**", ["a/1.txt", "a/2.bin", "a/b/3.txt"]),
        ("**.txt", ["a/1.txt", "a/b/3.txt", "c.txt"]),
        ("*.txt", ["c.txt"]),
        ("a/?.*", ["a/1.txt", "a/2.bin"]),
        ("a/[1-2].{txt,bin}", ["a/1.txt", "a/2.bin"]),
        ("a/[!1].*", ["a/2.bin"]),
        (r"\*", ["*"]),
        ("nothing", []),
    ],
)
def test_glob_finds_whole_names(
    bucket: Any, upstream: GcsUpstream, glob: str, found: list[str]
) -> None:
    """A pattern is held against the whole name, and a star does not pass a slash."""
    for name in ("a/1.txt", "a/2.bin", "a/b/3.txt", "c.txt", "*"):
        upstream.put("kb", name, b"")

    assert names(bucket.list_blobs(match_glob=glob)) == found


@pytest.mark.parametrize("glob", ["a[", "{a,b", "[]"])
def test_glob_that_is_not_closed_is_400(bucket: Any, glob: str) -> None:
    """A pattern that makes no sense is the client's mistake."""
    with pytest.raises(ValueError, match="unclosed"):
        compiled(glob)
    with pytest.raises(BadRequest, match="glob"):
        list(bucket.list_blobs(match_glob=glob))


def test_folder_objects_are_listed_if_wanted(bucket: Any, upstream: GcsUpstream) -> None:
    """An object whose name ends in the delimiter is a folder, and with the option an item too."""
    for name in ("folder/", "folder/x", "folder/sub/", "top"):
        upstream.put("kb", name, b"")

    plain = bucket.list_blobs(delimiter="/")
    wider = bucket.list_blobs(delimiter="/", include_trailing_delimiter=True)
    inner = bucket.list_blobs(delimiter="/", prefix="folder/", include_trailing_delimiter=True)

    assert (names(plain), plain.prefixes) == (["top"], {"folder/"})
    assert (names(wider), wider.prefixes) == (["folder/", "top"], {"folder/"})
    assert names(inner) == ["folder/", "folder/sub/", "folder/x"]
    assert inner.prefixes == {"folder/sub/"}


def media(upstream: GcsUpstream, **headers: str) -> Response:
    """The object ``text`` as raw HTTP."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = "https://storage.googleapis.com/storage/v1/b/kb/o/text?alt=media"
    return upstream.handle(Request(method="GET", url=url, headers=named))


@pytest.fixture
def gzipped(bucket: Any) -> Any:
    """An object that was stored gzipped."""
    blob = bucket.blob("text")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(TEXT), content_type="text/plain")
    return blob


def test_object_is_gunzipped_for_who_does_not_accept_gzip(
    gzipped: Any, upstream: GcsUpstream
) -> None:
    """The text comes whole, without an encoding, with the hashes of what is stored."""
    plain, ranged = media(upstream), media(upstream, range="bytes=0-3")
    stored = media(upstream, accept_encoding="gzip, deflate")

    assert plain.body == ranged.body == TEXT
    assert (plain.status, ranged.status) == (200, 200)
    assert plain.header("content-encoding") is None
    assert plain.header("x-goog-stored-content-encoding") == "gzip"
    assert gzip.decompress(stored.body) == TEXT
    assert stored.header("content-encoding") == "gzip"
    assert plain.header("x-goog-hash") == stored.header("x-goog-hash")
    assert gzipped.download_as_bytes() == TEXT
    assert gzip.decompress(gzipped.download_as_bytes(raw_download=True)) == TEXT


def test_object_that_must_not_be_changed_is_not(gzipped: Any, upstream: GcsUpstream) -> None:
    """With no-transform it is sent as it is stored, whoever asks."""
    gzipped.cache_control = "no-transform"
    gzipped.patch()

    assert gzip.decompress(media(upstream).body) == TEXT


def test_encoding_that_is_not_true_changes_nothing(bucket: Any, upstream: GcsUpstream) -> None:
    """What only says that it is gzipped is sent as it is."""
    blob = bucket.blob("text")
    blob.content_encoding = "gzip"
    blob.upload_from_string(TEXT)

    assert media(upstream).body == TEXT


def test_deleted_object_can_be_restored_for_a_week(
    bucket: Any, upstream: GcsUpstream, clock: Clock
) -> None:
    """What was deleted or overwritten is listed apart, and comes back as a new generation."""
    old = upstream.put("kb", "a", b"old")
    upstream.put("kb", "a", b"new")
    bucket.blob("a").delete()

    kept = list(bucket.list_blobs(soft_deleted=True))
    shown = bucket.get_blob("a", generation=old, soft_deleted=True)
    restored = bucket.restore_blob("a", generation=old)

    assert names(bucket.list_blobs()) == ["a"]
    assert kept[0].generation == old
    assert len(kept) == 2
    assert shown.hard_delete_time > shown.soft_delete_time
    assert restored.generation > kept[1].generation
    assert upstream.get("kb", "a") == b"old"
    clock.advance(8 * 24 * 3600)
    assert list(bucket.list_blobs(soft_deleted=True)) == []
    with pytest.raises(NotFound):
        bucket.restore_blob("a", generation=kept[1].generation)


def test_bucket_may_keep_nothing(bucket: Any, upstream: GcsUpstream) -> None:
    """Without a time to keep things, what is deleted is gone."""
    bucket.soft_delete_policy.retention_duration_seconds = 0
    bucket.patch()
    upstream.put("kb", "a", b"old")
    bucket.blob("a").delete()

    assert list(bucket.list_blobs(soft_deleted=True)) == []


def test_retention_keeps_objects_from_being_deleted(
    bucket: Any, upstream: GcsUpstream, clock: Clock
) -> None:
    """An object that is too young can be neither deleted nor overwritten."""
    bucket.retention_period = 3600
    bucket.patch()
    upstream.put("kb", "a", b"old")

    for attempt in (bucket.blob("a").delete, lambda: bucket.blob("a").upload_from_string("new")):
        with pytest.raises(Forbidden, match="retention policy"):
            attempt()
    clock.advance(3600)
    bucket.blob("a").delete()

    assert not bucket.blob("a").exists()


def test_retention_that_is_locked_cannot_be_shortened(bucket: Any) -> None:
    """After the lock, the policy can only be made longer."""
    bucket.retention_period = 3600
    bucket.patch()
    bucket.lock_retention_policy()

    bucket.reload()
    assert bucket.retention_policy_locked
    bucket.retention_period = 60
    with pytest.raises(Forbidden):
        bucket.patch()


def test_versions_can_be_switched_on(bucket: Any, upstream: GcsUpstream) -> None:
    """A bucket that begins to keep versions keeps those from then on."""
    upstream.put("kb", "a", b"one")
    bucket.versioning_enabled = True
    bucket.patch()
    two, three = upstream.put("kb", "a", b"two"), upstream.put("kb", "a", b"three")

    bucket.blob("a").delete()

    assert [blob.generation for blob in bucket.list_blobs(versions=True)][-2:] == [two, three]
    assert bucket.blob("a", generation=two).download_as_bytes() == b"two"
    assert not bucket.blob("a").exists()


def test_generation_that_is_not_live_says_since_when() -> None:
    """Whether a later one took its place, or it was deleted."""
    upstream = GcsUpstream(versioning=True)
    bucket = storage_client(upstream.handle).bucket("kb")
    upstream.put("kb", "a", b"1")
    upstream.put("kb", "a", b"2")

    url = "https://storage.googleapis.com/storage/v1/b/kb/o?versions=true"
    listed = upstream.handle(Request(method="GET", url=url)).json()["items"]
    assert ["timeDeleted" in each for each in listed] == [True, False]

    bucket.delete_blob("a")
    listed = upstream.handle(Request(method="GET", url=url)).json()["items"]
    assert ["timeDeleted" in each for each in listed] == [True, True]
    assert upstream.get("kb", "a", int(listed[0]["generation"])) == b"1"


def test_object_by_its_path_comes_with_what_is_known_of_it(
    bucket: Any, upstream: GcsUpstream
) -> None:
    """The XML API has no resources, so its headers have the metadata and the date."""
    blob = bucket.blob("a")
    blob.metadata = {"Owner": "ada"}
    blob.upload_from_string("x")

    for method in ("GET", "HEAD"):
        url = "https://storage.googleapis.com/kb/a"
        response = upstream.handle(Request(method=method, url=url))
        assert response.header("x-goog-meta-owner") == "ada"
        changed = response.header("last-modified") or ""
        since = Request(method=method, url=url, headers={"if-modified-since": changed})
        assert upstream.handle(since).status == 304
