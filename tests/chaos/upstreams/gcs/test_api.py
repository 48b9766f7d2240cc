"""What of the JSON API the SDK does not show: ranges, headers, chunks and fields, as raw HTTP."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.gcs.uploads import CHUNK_QUANTUM

DATA = bytes(range(100))
MEDIA = "/download/storage/v1/b/kb/o/a?alt=media"


def send(
    upstream: GcsUpstream, method: str, path: str, body: bytes = b"", **headers: str
) -> Response:
    """One request; underscores in header names stand for hyphens."""
    return upstream.handle(_request(method, path, body, **headers))


def _request(method: str, path: str, body: bytes = b"", **headers: str) -> Request:
    return Request(
        method=method,
        url=f"https://storage.googleapis.com{path}",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body,
    )


@pytest.fixture
def upstream() -> GcsUpstream:
    """A stand-in with one object of a hundred bytes."""
    upstream = GcsUpstream()
    upstream.put("kb", "a", DATA)
    return upstream


def open_session(upstream: GcsUpstream, name: str = "new", query: str = "") -> str:
    """Begin a resumable upload; its path comes back."""
    opened = send(
        upstream,
        "POST",
        f"/upload/storage/v1/b/kb/o?uploadType=resumable{query}",
        json.dumps({"name": name}).encode(),
    )
    location = opened.header("location")
    assert location is not None
    return location.removeprefix("https://storage.googleapis.com")


_UPSTREAM = GcsUpstream()
_UPSTREAM.put("kb", "a", DATA)


@settings(deadline=None)  # a busy machine is not a failure
@given(first=st.integers(0, 120) | st.none(), last=st.integers(0, 120) | st.none())
def test_range_is_the_slice_it_names(first: int | None, last: int | None) -> None:
    """Every range gets the bytes it names, or 416 if none of them exists."""
    if first is None and last is None:
        return
    if first is not None and last is not None and last < first:
        first, last = last, first
    wanted = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    if first is None:
        assert last is not None
        expected = DATA[-last:] if last else b""
    else:
        expected = DATA[first:] if last is None else DATA[first : last + 1]

    response = send(_UPSTREAM, "GET", MEDIA, range=wanted)

    if expected:
        start = DATA.index(expected)
        assert (response.status, response.body) == (206, expected)
        span = f"bytes {start}-{start + len(expected) - 1}/100"
        assert response.header("content-range") == span
    else:
        assert (response.status, response.header("content-range")) == (416, "bytes */100")


@pytest.mark.parametrize("wanted", ["bytes=-", "bytes=x-y", "pages=1-2", "bytes=1-2,5-6"])
def test_range_not_understood_is_ignored(upstream: GcsUpstream, wanted: str) -> None:
    """A range in a form that is not known gets the whole object."""
    response = send(upstream, "GET", MEDIA, range=wanted)

    assert (response.status, response.body) == (200, DATA)


def test_hashes_vouch_for_whole_objects_only(upstream: GcsUpstream) -> None:
    """Whole media carry their hashes; a part carries none, but generation and whole length."""
    whole, part = (send(upstream, "GET", MEDIA, range=wanted) for wanted in ("", "bytes=1-2"))

    metadata = send(upstream, "GET", "/storage/v1/b/kb/o/a").json()
    vouched = f"crc32c={metadata['crc32c']},md5={metadata['md5Hash']}"
    assert whole.header("x-goog-hash") == vouched
    assert part.header("x-goog-hash") is None
    for response in (whole, part):
        assert response.header("x-goog-generation") == metadata["generation"]
        assert response.header("x-goog-stored-content-length") == "100"
        assert response.header("etag") == metadata["etag"]


def test_media_is_found_under_both_paths(upstream: GcsUpstream) -> None:
    """The path for downloads and the one for metadata with alt=media are the same operation."""
    for path in (MEDIA, "/storage/v1/b/kb/o/a?alt=media"):
        request = _request("GET", path)
        assert upstream.classify(request) == Operation("objects.media", "a")
        assert upstream.handle(request).body == DATA


@settings(deadline=None)  # a busy machine is not a failure
@given(name=st.text(min_size=1).filter(lambda name: name.encode("utf-8", "ignore")))
def test_any_name_is_found_again(name: str) -> None:
    """Names arrive escaped, and are found whatever they contain."""
    try:
        escaped = quote(name, safe="")
    except UnicodeEncodeError:
        return
    upstream = GcsUpstream()
    upstream.put("kb", name, DATA)
    request = _request("GET", f"/storage/v1/b/kb/o/{escaped}")

    assert upstream.classify(request) == Operation("objects.get", name)
    assert upstream.handle(request).json()["name"] == name


def test_generations_grow_while_time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation is the time in microseconds, and never repeats nor falls, even if time does."""
    now_s = 1_767_225_600.0
    monkeypatch.setattr(time, "time", lambda: now_s)
    upstream = GcsUpstream()

    first, second = upstream.put("kb", "a", b""), upstream.put("kb", "b", b"")
    now_s -= 3600
    third = upstream.put("kb", "a", b"")

    assert (first, second, third) == tuple(1_767_225_600_000_000 + n for n in range(3))


def test_fields_choose_what_is_shown(upstream: GcsUpstream) -> None:
    """Only what is asked for comes, at any depth."""
    upstream.put("kb", "dir/b", b"")

    listing = send(
        upstream,
        "GET",
        "/storage/v1/b/kb/o?delimiter=/&fields=items(name,size),prefixes,nextPageToken",
    ).json()

    assert listing == {"items": [{"name": "a", "size": "100"}], "prefixes": ["dir/"]}
    one = send(upstream, "GET", "/storage/v1/b/kb/o/a?fields=name,bucket").json()
    assert one == {"name": "a", "bucket": "kb"}


def test_missing_media_is_said_in_words(upstream: GcsUpstream) -> None:
    """A missing object is JSON for metadata, but a plain sentence for media."""
    metadata = send(upstream, "GET", "/storage/v1/b/kb/o/none")
    media = send(upstream, "GET", "/storage/v1/b/kb/o/none?alt=media")

    assert (metadata.status, media.status) == (404, 404)
    assert metadata.json()["error"]["message"].encode() == media.body


def test_upload_of_bare_media_is_named_by_its_query(upstream: GcsUpstream) -> None:
    """An upload of kind media has its name in the query and its type in the header."""
    path = "/upload/storage/v1/b/kb/o?uploadType=media&name=b%2Fc"
    request = _request("POST", path, b"bytes", content_type="text/plain")

    assert upstream.classify(request) == Operation("objects.insert", "b/c")
    assert upstream.handle(request).json()["contentType"] == "text/plain"
    assert upstream.get("kb", "b/c") == b"bytes"


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        pytest.param("?uploadType=media", b"", "text/plain", id="media without a name"),
        pytest.param("?uploadType=multipart", b"x", "text/plain", id="no boundary"),
        pytest.param(
            "?uploadType=multipart", b"--b\r\n\r\n{}\r\n--b--", "a/b; boundary=b", id="cut"
        ),
        pytest.param(
            "?uploadType=multipart", b"--b\nx--b\ny--b--", "a/b; boundary=b", id="no head"
        ),
        pytest.param("?uploadType=resumable", b"[]", "application/json", id="no object"),
        pytest.param("?uploadType=resumable", b"{", "application/json", id="half a body"),
    ],
)
def test_upload_that_cannot_be_read_is_400(
    upstream: GcsUpstream, path: str, body: bytes, content_type: str
) -> None:
    """An upload without name, boundary or metadata is refused, and still has an operation."""
    request = _request("POST", f"/upload/storage/v1/b/kb/o{path}", body, content_type=content_type)

    operation = upstream.classify(request)
    assert operation is not None
    assert operation.object is None
    assert upstream.handle(request).status == 400


def test_chunks_are_kept_in_whole_quanta(upstream: GcsUpstream) -> None:
    """Of a chunk that is not the last, only whole quanta are kept, and the answer says so."""
    path = open_session(upstream)
    size = CHUNK_QUANTUM * 2 + 10

    first = send(upstream, "PUT", path, b"x" * (size - 1), content_range=f"bytes 0-{size - 2}/*")

    assert (first.status, first.header("range")) == (308, f"bytes=0-{CHUNK_QUANTUM * 2 - 1}")
    assert upstream.generations("kb", "new") == ()


def test_upload_goes_on_where_it_was_cut(upstream: GcsUpstream) -> None:
    """After a lost answer, a client asks how far it came and sends the rest again."""
    data = b"a" * CHUNK_QUANTUM + b"b" * 10
    total = len(data)
    path = open_session(upstream)
    fresh = send(upstream, "PUT", path, content_range=f"bytes */{total}")
    send(
        upstream, "PUT", path, data[:CHUNK_QUANTUM], content_range=f"bytes 0-{CHUNK_QUANTUM - 1}/*"
    )
    asked = send(upstream, "PUT", path, content_range=f"bytes */{total}")

    last = send(upstream, "PUT", path, data[5:], content_range=f"bytes 5-{total - 1}/{total}")
    repeated = send(upstream, "PUT", path, data[5:], content_range=f"bytes 5-{total - 1}/{total}")

    assert (fresh.status, fresh.header("range")) == (308, None)
    assert (asked.status, asked.header("range")) == (308, f"bytes=0-{CHUNK_QUANTUM - 1}")
    assert last.status == 200
    assert repeated == last
    assert upstream.get("kb", "new") == data
    assert len(upstream.generations("kb", "new")) == 1


def test_gap_in_an_upload_is_refused(upstream: GcsUpstream) -> None:
    """A chunk from beyond what has come is an error, as is one that lies about its length."""
    path = open_session(upstream)

    assert send(upstream, "PUT", path, b"xx", content_range="bytes 5-6/7").status == 503
    assert send(upstream, "PUT", path, b"xx", content_range="bytes 0-6/7").status == 400
    assert send(upstream, "PUT", path, b"xx", content_range="bites").status == 400
    lost = path.replace("upload_id=", "upload_id=x")
    assert send(upstream, "PUT", lost, b"xx").status == 404


def test_precondition_of_an_upload_holds_to_its_end(upstream: GcsUpstream) -> None:
    """A resumable upload for an absent object fails if another came first."""
    path = open_session(upstream, query="&ifGenerationMatch=0")
    upstream.put("kb", "new", b"theirs")

    assert send(upstream, "PUT", path, b"ours").status == 412
    assert upstream.get("kb", "new") == b"theirs"


def test_nonsense_is_400(upstream: GcsUpstream) -> None:
    """Numbers and tokens that are none are the client's mistake."""
    for query in (
        "o/a?generation=x",
        "o/a?ifGenerationMatch=x",
        "o?maxResults=x",
        "o?pageToken=x",
    ):
        assert send(upstream, "GET", f"/storage/v1/b/kb/{query}").status == 400


def test_unknown_path_is_404(upstream: GcsUpstream) -> None:
    """What the API does not have is no operation."""
    request = _request("GET", "/storage/v1/unicorns")

    assert upstream.classify(request) is None
    assert upstream.handle(request).status == 404
    elsewhere = Request(method="GET", url="https://www.googleapis.com/oauth2/v3/certs")
    assert upstream.classify(elsewhere) is None


def test_every_operation_is_answered(upstream: GcsUpstream) -> None:
    """What scenarios may name is exactly what there are handlers for."""
    assert set(upstream.operations) == set(upstream._api.handlers)


def test_targets_fill_and_read_it_directly() -> None:
    """What is put is got, by name and generation; what is not there is a KeyError, or nothing."""
    upstream = GcsUpstream()
    for name, generation in (("a", None), ("a", 5)):
        with pytest.raises(KeyError, match="kb/a"):
            upstream.get("kb", name, generation)
    assert upstream.generations("kb", "a") == ()
    upstream.delete("kb", "a")

    generation = upstream.put("kb", "a", DATA, content_type="text/plain")

    assert upstream.get("kb", "a", generation) == upstream.get("kb", "a") == DATA
    assert upstream.generations("kb", "a") == (generation,)
    upstream.delete("kb", "a")
    assert upstream.generations("kb", "a") == ()


def test_media_is_sent_with_its_settings(upstream: GcsUpstream) -> None:
    """Type, caching and encoding of an object are headers of its media."""
    settings_of_it = {"contentType": "text/plain", "cacheControl": "no-store"}
    body = json.dumps(settings_of_it | {"contentLanguage": None}).encode()
    send(upstream, "PUT", "/storage/v1/b/kb/o/a", body)

    media = send(upstream, "GET", MEDIA)

    assert media.header("content-type") == "text/plain"
    assert media.header("cache-control") == "no-store"
    assert media.header("content-language") is None
    assert media.header("x-goog-metageneration") == "2"


def test_metadata_is_not_described(upstream: GcsUpstream) -> None:
    """Only media are described, and only when they came."""
    for path in ("/storage/v1/b/kb/o/a", "/storage/v1/b/kb/o/none?alt=media"):
        request = _request("GET", path)
        operation = upstream.classify(request)
        assert operation is not None
        assert upstream.describe(operation, upstream.handle(request)) == {}


@pytest.mark.parametrize(
    ("code", "reason"),
    [("rate_limit_exceeded", "rateLimitExceeded"), ("insufficient_quota", "quotaExceeded")],
)
def test_rate_limits_have_their_reason(upstream: GcsUpstream, code: str, reason: str) -> None:
    """Both kinds of 429 say which limit it was."""
    response = upstream.rate_limited(code)

    assert response.status == 429
    assert response.json()["error"]["errors"][0]["reason"] == reason


def test_redirect_has_no_body(upstream: GcsUpstream) -> None:
    """A status that is no error has no error body."""
    assert upstream.failed(307) == Response(status=307)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        pytest.param("", {"if_match": '"CAE="'}, id="another tag"),
        pytest.param("", {"if_none_match": "ETAG"}, id="the tag not wanted"),
        pytest.param("?ifGenerationNotMatch=GENERATION", {}, id="the generation not wanted"),
        pytest.param("?ifMetagenerationNotMatch=1", {}, id="the metageneration not wanted"),
    ],
)
def test_write_under_a_broken_condition_is_412(
    upstream: GcsUpstream, query: str, headers: dict[str, str]
) -> None:
    """A write is refused where a read would be told that nothing has changed."""
    shown = send(upstream, "GET", "/storage/v1/b/kb/o/a").json()
    query = query.replace("GENERATION", shown["generation"])
    headers = {key: value.replace("ETAG", shown["etag"]) for key, value in headers.items()}

    refused = send(upstream, "DELETE", f"/storage/v1/b/kb/o/a{query}", b"", **headers)

    assert refused.status == 412
    assert upstream.get("kb", "a") == DATA


def test_composition_of_nothing_is_400(upstream: GcsUpstream) -> None:
    """There must be something to compose from."""
    response = send(upstream, "POST", "/storage/v1/b/kb/o/c/compose", b'{"sourceObjects": []}')

    assert response.status == 400


@pytest.mark.parametrize(
    ("method", "path", "effect", "retry"),
    [
        pytest.param("GET", "/storage/v1/b/kb/o/a", False, None, id="read"),
        pytest.param("GET", MEDIA, False, None, id="media"),
        pytest.param("DELETE", "/storage/v1/b/kb/o/a", True, None, id="done"),
        pytest.param("DELETE", "/storage/v1/b/kb/o/none", False, False, id="not there"),
        pytest.param("GET", "/storage/v1/b/kb/acl", False, None, id="list of access"),
        pytest.param("DELETE", "/kb/a", True, None, id="by its path"),
    ],
)
def test_said_tells_whether_something_was_done(
    upstream: GcsUpstream, method: str, path: str, *, effect: bool, retry: bool | None
) -> None:
    """What changed something is told from what only looked, and from what came to nothing."""
    request = _request(method, path)
    operation = upstream.classify(request)
    assert operation is not None

    said = upstream.said(operation, request, upstream.handle(request))

    assert said is not None
    assert (said.had_effect, said.retry_can_help) == (effect, retry)
    assert said.ended == ("failed" if retry is False else "finished")


@pytest.mark.parametrize(
    ("status", "retry"), [(401, None), (403, False), (408, True), (412, False), (429, True)]
)
def test_said_tells_whether_another_try_can_help(
    upstream: GcsUpstream, status: int, *, retry: bool | None
) -> None:
    """An overload goes by, a condition that does not hold stays so; of a token nobody knows."""
    request = _request("DELETE", "/storage/v1/b/kb/o/a")

    for failure, helps in ((status, retry), (503, True)):
        said = upstream.said(Operation("objects.delete"), request, upstream.failed(failure))
        assert said is not None
        assert (said.retry_can_help, said.had_effect) == (helps, False)
