"""How objects get into a bucket: put together, rewritten, in parts, and by signed URLs."""

from __future__ import annotations

import io
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, PreconditionFailed
from google.cloud import storage
from google.cloud.storage import transfer_manager
from google.oauth2 import service_account

from chaos.http import Request, Response
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.google import GoogleIdentity
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.openai.asking import Clock
from tests.chaos.upstreams.sdk import HandlerAdapter, storage_client

MIB = 1024 * 1024


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, to turn."""
    return Clock(monkeypatch)


def test_composition_takes_thirty_two_objects(bucket: Any, upstream: GcsUpstream) -> None:
    """As many as that, and no more."""
    upstream.put("kb", "part", b"x")
    whole = bucket.blob("whole")

    whole.compose([bucket.blob("part")] * 32)

    assert upstream.get("kb", "whole") == b"x" * 32
    with pytest.raises(BadRequest, match="33"):
        whole.compose([bucket.blob("part")] * 33)


def test_composition_holds_its_sources_to_their_generation(
    bucket: Any, upstream: GcsUpstream
) -> None:
    """A source that was replaced meanwhile is not taken."""
    generation = upstream.put("kb", "part", b"x")
    part = bucket.blob("part")

    bucket.blob("whole").compose([part], if_source_generation_match=[generation])

    with pytest.raises(PreconditionFailed):
        bucket.blob("whole").compose([part], if_source_generation_match=[generation + 1])


def rewrite(upstream: GcsUpstream, query: str) -> Response:
    """One request of a rewriting."""
    path = "/storage/v1/b/kb/o/a/rewriteTo/b/kb/o/b"
    url = f"https://storage.googleapis.com{path}{query}"
    return upstream.handle(Request(method="POST", url=url))


def test_rewriting_takes_as_many_requests_as_it_is_told(upstream: GcsUpstream) -> None:
    """Each request gets further, and the last one has the object."""
    upstream.put("kb", "a", b"x" * (2 * MIB + 5))
    limit = f"?maxBytesRewrittenPerCall={MIB}"

    first = rewrite(upstream, limit).json()
    second = rewrite(upstream, f"{limit}&rewriteToken={first['rewriteToken']}").json()
    third = rewrite(upstream, f"{limit}&rewriteToken={second['rewriteToken']}").json()

    assert [each["done"] for each in (first, second, third)] == [False, False, True]
    assert [int(each["totalBytesRewritten"]) for each in (first, second, third)] == [
        MIB,
        2 * MIB,
        2 * MIB + 5,
    ]
    assert third["resource"]["name"] == "b"
    assert rewrite(upstream, "?rewriteToken=made-up").status == 400
    assert rewrite(upstream, "?maxBytesRewrittenPerCall=5").status == 400


def test_upload_that_is_interrupted_goes_on(bucket: Any, upstream: GcsUpstream) -> None:
    """After a failure in the middle of a chunk the SDK asks how far it came, and goes on there."""
    data = os.urandom(9 * MIB)
    upstream.interrupt_upload(after=256 * 1024)
    upstream.interrupt_upload(after=8 * MIB)

    bucket.blob("a").upload_from_file(io.BytesIO(data), size=len(data), if_generation_match=0)

    assert upstream.get("kb", "a") == data


def test_part_that_came_before_an_interruption_is_kept(upstream: GcsUpstream) -> None:
    """Whoever asks how far the upload came is told that, and need not send it again."""
    url = "https://storage.googleapis.com/upload/storage/v1/b/kb/o?uploadType=resumable"
    opened = upstream.handle(Request(method="POST", url=url, body=b'{"name": "a"}'))
    session = opened.header("location") or ""
    size = 512 * 1024
    upstream.interrupt_upload(after=256 * 1024, status=500)

    def put(body: bytes, span: str) -> Response:
        headers = {"content-range": f"bytes {span}/{size}"}
        return upstream.handle(Request(method="PUT", url=session, headers=headers, body=body))

    broken = put(b"x" * size, f"0-{size - 1}")
    asked = put(b"", "*")
    rest = put(b"x" * (size // 2), f"{size // 2}-{size - 1}")

    assert (broken.status, asked.status, rest.status) == (500, 308, 200)
    assert asked.header("range") == f"bytes=0-{size // 2 - 1}"
    assert upstream.get("kb", "a") == b"x" * size


def test_upload_in_parts_by_the_transfer_manager(upstream: GcsUpstream) -> None:
    """The SDK's own uploader of parts, in threads, gets a whole object there."""
    data = os.urandom(11 * MIB)
    client = storage_client(upstream.handle)
    blob = client.bucket("kb").blob("parts")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        path.write_bytes(data)

        transfer_manager.upload_chunks_concurrently(
            str(path), blob, chunk_size=5 * MIB, worker_type=transfer_manager.THREAD
        )

    assert upstream.get("kb", "parts") == data
    assert client.bucket("kb").get_blob("parts").component_count == 3


def xml(upstream: GcsUpstream, method: str, path: str, body: bytes = b"", **more: str) -> Response:
    """A request to the XML API."""
    url = f"https://storage.googleapis.com/{path}"
    return upstream.handle(Request(method=method, url=url, headers=more, body=body))


def test_parts_have_to_be_there_and_large_enough(upstream: GcsUpstream) -> None:
    """Small parts, unknown parts, parts out of order and unknown uploads are refused."""
    started = xml(upstream, "POST", "kb/a?uploads").body.decode()
    upload_id = started.partition("<UploadId>")[2].partition("<")[0]
    base = f"kb/a?uploadId={upload_id}"
    tags = [xml(upstream, "PUT", f"{base}&partNumber={n}", b"x").header("etag") for n in (1, 2)]

    def finish(*parts: tuple[int, str | None]) -> str:
        listed = "".join(
            f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts
        )
        document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
        answer = xml(upstream, "POST", base, document.encode())
        return answer.body.decode().partition("<Code>")[2].partition("<")[0] or str(answer.status)

    assert finish((1, tags[0]), (2, tags[1])) == "EntityTooSmall"
    assert finish((1, '"other"')) == "InvalidPart"
    assert finish((3, tags[0])) == "InvalidPart"
    assert finish((2, tags[1]), (1, tags[0])) == "MalformedXML"
    assert finish((2, tags[1])) == "200"
    assert upstream.get("kb", "a") == b"x"
    assert finish((2, tags[1])) == "NoSuchUpload"
    assert b"NoSuchUpload" in xml(upstream, "DELETE", base).body


def test_damaged_part_is_refused(upstream: GcsUpstream) -> None:
    """A part or an object that is not what its hash says is not taken."""
    started = xml(upstream, "POST", "kb/a?uploads").body.decode()
    upload_id = started.partition("<UploadId>")[2].partition("<")[0]
    path = f"kb/a?uploadId={upload_id}&partNumber=1"

    damaged = xml(upstream, "PUT", path, b"x", **{"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="})
    put = xml(upstream, "PUT", "kb/b", b"x", **{"x-goog-hash": "crc32c=AAAAAA=="})

    assert (damaged.status, put.status) == (400, 400)
    assert b"BadDigest" in damaged.body
    assert upstream.generations("kb", "b") == ()


def test_object_is_deleted_and_looked_at_by_its_path(upstream: GcsUpstream) -> None:
    """HEAD has the headers of GET and nothing else; what is not there is said in XML."""
    upstream.put("kb", "a", b"data", content_type="text/plain")

    head = xml(upstream, "HEAD", "kb/a")
    assert (head.header("content-length"), head.body) == ("4", b"")
    assert head.header("content-type") == "text/plain"
    assert xml(upstream, "DELETE", "kb/a").status == 204
    assert b"NoSuchKey" in xml(upstream, "GET", "kb/a").body
    assert b"NoSuchBucket" in xml(upstream, "GET", "nowhere/a").body


def test_upload_can_be_given_up(upstream: GcsUpstream) -> None:
    """A session that was cancelled is gone."""
    url = "https://storage.googleapis.com/upload/storage/v1/b/kb/o?uploadType=resumable"
    opened = upstream.handle(Request(method="POST", url=url, body=b'{"name": "a"}'))
    session = opened.header("location") or ""

    cancelled = upstream.handle(Request(method="DELETE", url=session))
    after = upstream.handle(Request(method="PUT", url=session, body=b"x"))

    assert (cancelled.status, after.status) == (499, 404)


def signed(
    upstream: GcsUpstream, identity: GoogleIdentity, **options: Any
) -> tuple[str, requests.Session]:
    """A signed URL for ``a``, and a session that knows nothing but that."""
    credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]  # google.auth has no types here
        identity.service_account_info()
    )
    client = storage.Client(project="sim", credentials=credentials)
    how = {"version": "v4", "expiration": timedelta(seconds=600)} | options
    url: str = client.bucket("kb").blob("a").generate_signed_url(**how)
    session = requests.Session()
    session.mount("https://", HandlerAdapter(upstream.handle))
    return url, session


@pytest.fixture
def identity() -> GoogleIdentity:
    """Who signs."""
    return GoogleIdentity()


@pytest.fixture
def guarded(identity: GoogleIdentity) -> GcsUpstream:
    """A stand-in that wants to know who asks, with one object."""
    guarded = GcsUpstream(identity=identity)
    guarded.put("kb", "a", b"data", content_type="text/plain")
    return guarded


def test_signed_url_opens_one_object(guarded: GcsUpstream, identity: GoogleIdentity) -> None:
    """Whoever has the URL needs no token, and gets what was signed."""
    url, session = signed(guarded, identity, response_disposition="attachment; filename=b")

    answer = session.get(url)

    assert (answer.status_code, answer.content) == (200, b"data")
    assert answer.headers["content-disposition"] == "attachment; filename=b"
    assert session.get(url.partition("?")[0]).status_code == 401


def test_signed_url_is_good_for_its_time(
    guarded: GcsUpstream, identity: GoogleIdentity, clock: Clock
) -> None:
    """After its time, the answer says that it has expired."""
    url, session = signed(guarded, identity)
    stamp = "20260101T000000Z"
    url = url.replace(url.partition("X-Goog-Date=")[2][:16], stamp)
    unverified = GcsUpstream()
    unverified.put("kb", "a", b"data")
    session.mount("https://", HandlerAdapter(unverified.handle))

    clock.advance(599)
    assert session.get(url).status_code == 200
    clock.advance(2)
    late = session.get(url)

    assert late.status_code == 400
    assert "ExpiredToken" in late.text


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("/kb/a?", "/kb/b?"), id="another object"),
        pytest.param(("X-Goog-Expires=600", "X-Goog-Expires=6000"), id="another time"),
    ],
)
def test_changed_url_is_refused(
    guarded: GcsUpstream, identity: GoogleIdentity, change: tuple[str, str]
) -> None:
    """A signature is for one URL."""
    guarded.put("kb", "b", b"secret")
    url, session = signed(guarded, identity)

    answer = session.get(url.replace(*change))

    assert answer.status_code == 403
    assert "SignatureDoesNotMatch" in answer.text


@pytest.mark.parametrize(
    ("options", "change", "status"),
    [
        pytest.param({}, ("", ""), 200, id="as it was signed"),
        pytest.param({"response_type": "text/csv"}, ("", ""), 200, id="with a wish"),
        pytest.param({}, ("/kb/a?", "/kb/b?"), 403, id="another object"),
        pytest.param({}, ("Expires=", "Expires=1"), 403, id="another time"),
        pytest.param({}, ("Signature=", "Signature=AAAA"), 403, id="another signature"),
        pytest.param({"method": "PUT"}, ("", ""), 403, id="another method"),
    ],
)
def test_older_signatures_are_verified_too(
    guarded: GcsUpstream,
    identity: GoogleIdentity,
    options: dict[str, Any],
    change: tuple[str, str],
    status: int,
) -> None:
    """Those of version 2 are for one request as well."""
    guarded.put("kb", "b", b"secret")
    url, session = signed(guarded, identity, version="v2", **options)

    assert session.get(url.replace(*change)).status_code == status


def test_signed_url_without_a_header_that_it_names_is_refused(
    guarded: GcsUpstream, identity: GoogleIdentity
) -> None:
    """A header that was signed has to be sent, or nobody knows what was signed."""
    url, _ = signed(guarded, identity, headers={"x-goog-meta-team": "a"})

    answer = guarded.handle(Request(method="GET", url=url))

    assert answer.status == 403
    assert b"SignatureDoesNotMatch" in answer.body


def test_signed_upload_wants_the_headers_that_were_signed(
    guarded: GcsUpstream, identity: GoogleIdentity
) -> None:
    """A URL for an upload is good with exactly the headers that it names."""
    url, session = signed(guarded, identity, method="PUT", content_type="text/csv")

    wrong = session.put(url, data=b"new", headers={"content-type": "text/plain"})
    right = session.put(url, data=b"new", headers={"content-type": "text/csv"})

    assert (wrong.status_code, right.status_code) == (403, 200)
    assert guarded.get("kb", "a") == b"new"


@pytest.mark.parametrize(
    ("query", "headers", "body", "named"),
    [
        pytest.param("?predefinedAcl=private", {}, b"", "?predefinedAcl", id="query"),
        pytest.param("?unheard=1", {}, b"", "?unheard", id="unknown query"),
        pytest.param(
            "", {"x-goog-encryption-key": "k"}, b"", "x-goog-encryption-key", id="header"
        ),
        pytest.param("", {}, b'{"eventBasedHold": true}', "body.eventBasedHold", id="body"),
        pytest.param("", {}, b'{"unheard": 1}', "body.unheard", id="unknown body"),
    ],
)
def test_what_is_not_modelled_is_said(
    upstream: GcsUpstream, query: str, headers: dict[str, str], body: bytes, named: str
) -> None:
    """No query, header or field of a body is accepted and ignored."""
    upstream.put("kb", "a", b"")
    url = f"https://storage.googleapis.com/storage/v1/b/kb/o/a{query}"
    request = Request(method="PATCH", url=url, headers=headers, body=body)

    with pytest.raises(UnmodelledError) as caught:
        upstream.handle(request)

    assert caught.value.parameters == (named,)
    assert caught.value.operation == "objects.patch"


def test_what_the_sdk_sends_back_is_no_wish(bucket: Any, upstream: GcsUpstream) -> None:
    """A whole resource can be sent back: what Cloud Storage decides itself stays as it was."""
    upstream.put("kb", "a", b"data")
    blob = bucket.get_blob("a")
    blob.update()

    assert bucket.get_blob("a").metageneration == 2
