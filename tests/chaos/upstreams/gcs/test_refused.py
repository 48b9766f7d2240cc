"""What Cloud Storage refuses, its stand-in refuses: names, sizes, values, and tokens of others."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import storage

from chaos.http import Request, Response
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.sdk import storage_client

MIB = 1024 * 1024
OBJECTS = "/storage/v1/b/kb/o"
UPLOADS = "/upload/storage/v1/b/kb/o?uploadType=resumable&name=a"


def ask(
    upstream: GcsUpstream, method: str, path: str, body: Any = b"", **headers: str
) -> Response:
    """One request as raw HTTP; headers are written with underscores."""
    return upstream.handle(
        Request(
            method=method,
            url=f"https://storage.googleapis.com{path}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )
    )


@pytest.mark.parametrize(
    "query",
    [
        "maxResults=-1",
        "maxResults=many",
        f"maxResults={2**32}",
        "versions=maybe",
        "projection=half",
        "matchGlob=[z-a]",
        "matchGlob={a,b",
        "fields=bogus",
        "fields=items(name,bogus)",
    ],
)
def test_query_that_makes_no_sense_is_a_400(upstream: GcsUpstream, query: str) -> None:
    """Whatever stands in the query of a list, the answer is one of the provider's."""
    upstream.put("kb", "a", b"x")

    assert ask(upstream, "GET", f"{OBJECTS}?{query}").status == 400


def test_lists_of_buckets_and_keys_have_pages(upstream: GcsUpstream) -> None:
    """Sizes are checked and kept, and a page leads to the next one."""
    client: Any = storage_client(upstream.handle)
    for _ in range(3):
        client.create_hmac_key("me@project.test")
    keys = f"/storage/v1/projects/{client.project}/hmacKeys?maxResults=2"
    first = ask(upstream, "GET", keys).json()
    rest = ask(upstream, "GET", f"{keys}&pageToken={first['nextPageToken']}").json()

    assert [len(page["items"]) for page in (first, rest)] == [2, 1]
    assert "nextPageToken" not in rest
    assert ask(upstream, "GET", f"{keys}&pageToken=other").status == 400
    assert ask(upstream, "GET", "/storage/v1/b?project=p&maxResults=-1").status == 400


def test_empty_end_is_no_end(upstream: GcsUpstream, bucket: Any) -> None:
    """A list without an upper limit goes to its end."""
    upstream.put("kb", "a", b"x")

    assert [blob.name for blob in bucket.list_blobs(end_offset="")] == ["a"]


@pytest.mark.parametrize("name", ["x" * 1025, "é" * 513, "a\nb", ".", "..", 5])
def test_object_cannot_be_called_so(upstream: GcsUpstream, name: object) -> None:
    """1024 bytes in UTF-8, on one line."""
    assert ask(upstream, "POST", UPLOADS.replace("&name=a", ""), {"name": name}).status == 400


@pytest.mark.parametrize("name", ["KB", "a", "x" * 64, "-a-", "goog-a", "a..b", "192.168.1.1"])
def test_bucket_cannot_be_called_so(upstream: GcsUpstream, name: str) -> None:
    """Small letters and digits, and no address."""
    assert ask(upstream, "POST", "/storage/v1/b?project=p", {"name": name}).status == 400


@pytest.mark.parametrize(
    "settings",
    [
        {"metadata": {"key": "v" * 9_000}},
        {"metadata": "text"},
        {"metadata": {"key": 5}},
        {"contentType": 5},
        {"storageClass": "BEST"},
    ],
)
def test_settings_that_no_object_has_are_refused(
    upstream: GcsUpstream, settings: dict[str, Any]
) -> None:
    """An object is described in texts, of 8 KiB at most."""
    upstream.put("kb", "a", b"x")

    assert ask(upstream, "PATCH", f"{OBJECTS}/a", settings).status == 400
    assert ask(upstream, "POST", UPLOADS, settings).status == 200
    assert ask(upstream, "PATCH", f"{OBJECTS}/a", {"metadata": {"key": "v"}}).status == 200


def test_composing_may_delete_the_sources(upstream: GcsUpstream, bucket: Any) -> None:
    """They are gone once they are one object; other wishes are not passed over."""
    upstream.put("kb", "a", b"1")
    upstream.put("kb", "b", b"2")
    sources: dict[str, Any] = {"sourceObjects": [{"name": "a"}, {"name": "b"}]}

    kept = ask(upstream, "POST", f"{OBJECTS}/whole/compose", sources)
    assert [blob.name for blob in bucket.list_blobs()] == ["a", "b", "whole"]
    deleted = ask(
        upstream, "POST", f"{OBJECTS}/whole/compose", sources | {"deleteSourceObjects": True}
    )

    assert (kept.status, deleted.status) == (200, 200)
    assert [blob.name for blob in bucket.list_blobs()] == ["whole"]
    wanted = {"sourceObjects": [{"name": "whole", "unheard": 1}]}
    with pytest.raises(UnmodelledError, match=r"body\.sourceObjects\.unheard"):
        ask(upstream, "POST", f"{OBJECTS}/whole/compose", wanted)


@pytest.mark.skipif(
    "delete_source_objects" not in inspect.signature(storage.Blob.compose).parameters,
    reason="this version of the SDK cannot ask for it",
)
def test_sdk_may_have_the_sources_deleted(upstream: GcsUpstream, bucket: Any) -> None:
    """It asks for that as the stand-in understands it."""
    upstream.put("kb", "a", b"1")
    upstream.put("kb", "b", b"2")
    whole = bucket.blob("whole")
    whole.content_type = "text/plain"

    whole.compose([bucket.blob("a"), bucket.blob("b")], delete_source_objects=True)

    assert [blob.name for blob in bucket.list_blobs()] == ["whole"]


def test_token_of_another_rewrite_is_refused(upstream: GcsUpstream) -> None:
    """It is good for one source, as it was, and one destination."""
    upstream.put("kb", "big", b"x" * 2 * MIB)
    place = f"{OBJECTS}/big/rewriteTo/b/kb/o/{{}}?maxBytesRewrittenPerCall={MIB}"
    token = ask(upstream, "POST", place.format("copy"), {}).json()["rewriteToken"]

    other = ask(upstream, "POST", f"{place.format('other')}&rewriteToken={token}", {})
    own = ask(upstream, "POST", f"{place.format('copy')}&rewriteToken={token}", {})

    assert (other.status, own.json()["done"]) == (400, True)


def test_object_is_moved(upstream: GcsUpstream, bucket: Any) -> None:
    """It has its new name and not its old one, if nothing was there."""
    upstream.put("kb", "a", b"x")
    upstream.put("kb", "c", b"y")

    moved = bucket.move_blob(bucket.blob("a"), "b")

    assert moved.download_as_bytes() == b"x"
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.move_blob(bucket.blob("b"), "c", if_generation_match=0)
    assert [blob.name for blob in bucket.list_blobs()] == ["b", "c"]


def test_preconditions_are_headers_in_the_xml_api(upstream: GcsUpstream) -> None:
    """They protect what is there, and spare those who have it."""
    generation = str(upstream.put("kb", "a", b"old"))
    tag = ask(upstream, "GET", "/kb/a").header("etag") or ""
    tomorrow, yesterday = (
        (datetime.now(UTC) + timedelta(days=days)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        for days in (1, -1)
    )

    lost = ask(upstream, "PUT", "/kb/a", b"new", x_goog_if_generation_match="0")
    seen = [
        ask(upstream, "GET", "/kb/a", **headers).status
        for headers in (
            {"x_goog_if_generation_match": generation},
            {"x_goog_if_generation_match": "1"},
            {"x_goog_if_metageneration_match": "2"},
            {"if_none_match": tag},
            {"if_match": "other"},
            {"if_modified_since": tomorrow},
            {"if_modified_since": yesterday},
            {"if_unmodified_since": yesterday},
        )
    ]

    assert (lost.status, upstream.get("kb", "a")) == (412, b"old")
    assert b"<Code>PreconditionFailed</Code>" in lost.body
    assert seen == [200, 412, 412, 304, 412, 304, 200, 412]


def test_errors_of_the_xml_api_are_xml(upstream: GcsUpstream) -> None:
    """A missing bucket, a number that is none, and parts that nobody can count."""
    upstream.put("kb", "a", b"x")
    upload = ask(upstream, "POST", "/kb/a?uploads").body.decode()
    upload_id = upload.partition("<UploadId>")[2].partition("<")[0]

    assert b"NoSuchBucket" in ask(upstream, "PUT", "/none/a", b"x").body
    assert ask(upstream, "GET", "/kb/a?generation=first").status == 400
    for number in ("0", "10001", "one"):
        part = ask(upstream, "PUT", f"/kb/a?partNumber={number}&uploadId={upload_id}", b"x")
        assert (part.status, part.body[:5]) == (400, b"<?xml")


@pytest.mark.parametrize(
    ("opened", "chunks"),
    [
        pytest.param({"x_upload_content_length": "10"}, [""], id="not as long as promised"),
        pytest.param({"x_upload_content_length": "long"}, None, id="no length"),
        pytest.param({}, ["bytes 0-2/2"], id="beyond the end"),
        pytest.param({}, ["bytes 0-2/9", "bytes 0-2/8"], id="another end"),
    ],
)
def test_upload_is_as_long_as_it_said(
    upstream: GcsUpstream, opened: dict[str, str], chunks: list[str] | None
) -> None:
    """Lengths that contradict each other are refused, whoever named them."""
    started = ask(upstream, "POST", UPLOADS, {}, **opened)
    url = (started.header("location") or "").removeprefix("https://storage.googleapis.com")
    sent = [
        ask(upstream, "PUT", url, b"abc", **({"content_range": each} if each else {})).status
        for each in chunks or ()
    ]

    assert [started.status, *sent][-1] == 400


def test_upload_is_forgotten_after_a_week(
    upstream: GcsUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes later has to begin anew."""
    url = (ask(upstream, "POST", UPLOADS, {}).header("location") or "").partition(".com")[2]
    later_s = datetime.now(UTC).timestamp() + 8 * 86_400
    monkeypatch.setattr("time.time", lambda: later_s)

    assert ask(upstream, "PUT", url, b"abc").status == 404


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip", True), ("*", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("br", False)],
)
def test_gzip_may_be_ruled_out(
    upstream: GcsUpstream, bucket: Any, accepted: str, *, packed: bool
) -> None:
    """A weight of zero is a no."""
    import gzip  # noqa: PLC0415 - only here

    blob = bucket.blob("a")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(b"plain"))

    got = ask(upstream, "GET", f"{OBJECTS}/a?alt=media", accept_encoding=accepted)

    assert (got.body != b"plain") is packed


def test_who_pays_changes_nothing(upstream: GcsUpstream) -> None:
    """A project may be named that the request is billed to."""
    upstream.put("kb", "a", b"x")

    assert ask(upstream, "GET", f"{OBJECTS}/a?alt=media&userProject=me").body == b"x"


def test_notification_has_a_format_that_there_is(upstream: GcsUpstream) -> None:
    """Two are known."""
    body = {"topic": "//pubsub.googleapis.com/projects/p/topics/t", "payload_format": "XML"}

    assert ask(upstream, "POST", "/storage/v1/b/kb/notificationConfigs", body).status == 400
