"""The bucket: every failure of every library below becomes one error that says what to do."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import cast

import google.api_core.exceptions as api
import google.auth
import google.auth.exceptions as auth
import pytest
import requests
import urllib3.exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption

from helpdesk.bucket import IndexBucket
from helpdesk.deadline_transport import DeadlineAuthRequest, DeadlineTransport
from helpdesk.errors import DownloadError
from tests.conftest import Clock
from tests.helpdesk.stand_ins import (
    BUCKET,
    FakeStorage,
    cut,
    lose,
    redirect,
    refuse,
    trickle,
)

BODY = bytes(range(256)) * 1000


@pytest.fixture
def fake() -> FakeStorage:
    """A bucket with one object."""
    fake = FakeStorage()
    fake.put("object", BODY)
    return fake


def download(
    fake: FakeStorage, within_s: float = 10, generation: int | None = None, max_bytes: int = 10**6
) -> bytes:
    """Fetch the object."""
    bucket = IndexBucket(BUCKET, client=fake.client(), timeout_s=5)
    deadline = time.monotonic() + within_s
    return bucket.download("object", deadline=deadline, max_bytes=max_bytes, generation=generation)


def test_object_arrives_whole_in_one_request(fake: FakeStorage) -> None:
    """No metadata request, no range, no background thread."""
    assert download(fake) == BODY
    assert fake.seen == ["GET object"]
    assert os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] == "true"


def test_pinned_generation_is_the_only_one_accepted(fake: FakeStorage) -> None:
    """An object that was overwritten is not taken for the one in the manifest."""
    pinned = fake.objects["object"][1]
    assert download(fake, generation=pinned) == BODY
    fake.put("object", BODY)

    with pytest.raises(DownloadError, match="replaced") as caught:
        download(fake, generation=pinned)

    assert not caught.value.retryable
    assert len(fake.seen) == 2


# google-auth and google-api-core leave their exceptions' constructors without types.
FAILURES: dict[str, tuple[Exception, bool]] = {
    "retry budget of the SDK": (api.RetryError("x", cause=None), True),  # type: ignore[no-untyped-call]
    "metadata server away": (auth.TransportError("x"), True),  # type: ignore[no-untyped-call]
    "refresh refused": (auth.RefreshError("x"), False),  # type: ignore[no-untyped-call]
    "refresh may be retried": (
        auth.RefreshError("x", retryable=True),  # type: ignore[no-untyped-call]
        True,
    ),
    "no credentials": (auth.DefaultCredentialsError("x"), False),  # type: ignore[no-untyped-call]
    "corruption": (DataCorruption(None, "x"), True),
    "reset": (requests.ConnectionError("x"), True),
    "read timeout": (requests.ReadTimeout("x"), True),
    "short body": (requests.exceptions.ChunkedEncodingError("x"), True),
    "not JSON": (requests.exceptions.JSONDecodeError("x", "", 0), True),
    "urllib3": (urllib3.exceptions.ProtocolError("x"), True),
    "builtin connection error": (ConnectionError("x"), True),
    "bad URL": (requests.exceptions.InvalidURL("x"), False),
    "full disk": (OSError(28, "x"), False),
    "anything": (KeyError("x"), False),
}


@pytest.mark.parametrize(("error", "retryable"), FAILURES.values(), ids=FAILURES)
def test_every_exception_is_classified(
    fake: FakeStorage, error: Exception, *, retryable: bool
) -> None:
    """It becomes a DownloadError that knows whether trying again can help."""
    fake.inject("*", lose(error))

    with pytest.raises(DownloadError) as caught:
        download(fake)

    assert caught.value.retryable is retryable
    assert caught.value.__cause__ is error
    assert len(fake.seen) == 1


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        *((status, False) for status in (400, 401, 403, 404, 409, 412)),
        *((status, True) for status in (408, 429, 500, 502, 503, 504)),
    ],
)
def test_every_status_is_classified(fake: FakeStorage, status: int, *, retryable: bool) -> None:
    """The status decides; the SDK itself does not retry."""
    fake.inject("*", refuse(status))

    with pytest.raises(DownloadError) as caught:
        download(fake)

    assert caught.value.retryable is retryable
    assert len(fake.seen) == 1


def refusal(reason: str, message: str = "no") -> str:
    """The body of a refusal as the JSON API writes it."""
    detail = {"reason": reason, "message": message, "domain": "global"}
    return json.dumps({"error": {"code": 403, "message": message, "errors": [detail]}})


PAGE = "<!DOCTYPE html>\n<html><title>Sign in</title></html>"


@pytest.mark.parametrize(
    ("status", "body", "told", "retryable"),
    [
        (403, refusal("forbidden"), "roles/storage.objectViewer", False),
        (403, "", "roles/storage.objectViewer", False),
        (403, refusal("rateLimitExceeded"), "too many requests", True),
        (403, refusal("userRateLimitExceeded"), "too many requests", True),
        (403, refusal("quotaExceeded"), "quota of the project is used up", False),
        (403, refusal("accountDisabled", "Billing is off."), "accountDisabled: Billing is", False),
        (403, PAGE, "a web page with status 403 came in place of", False),
        (404, PAGE, "a web page with status 404 came in place of", False),
        (404, "No such object: kb/object", "gs://kb/object does not exist", False),
        (404, refusal("notFound", "No such object: kb/object"), "object does not exist", False),
        (404, "The specified bucket does not exist.", "bucket 'kb' does not exist", False),
        (404, refusal("notFound", "The specified bucket does not exist."), "bucket 'kb'", False),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", "bucket 'kb' does not exist", False),
        (404, "Not Found", "does not exist, or the bucket does not", False),
        (302, "", "Cloud Storage answered 302", False),
        (503, PAGE, "Cloud Storage answered 503", True),
        (403, '{"error": []}', "roles/storage.objectViewer", False),
        (403, '{"error": {"message": 1, "errors": [{"reason": {}}]}}', "403", False),
    ],
)
def test_refusal_is_told_truly(
    fake: FakeStorage, status: int, body: str, told: str, *, retryable: bool
) -> None:
    """By what the body says, since one status has several causes."""
    fake.inject("*", refuse(status, body))

    with pytest.raises(DownloadError, match=re.escape(told)) as caught:
        download(fake)

    assert caught.value.retryable is retryable
    assert len(fake.seen) == 1


def test_redirect_is_not_followed(fake: FakeStorage) -> None:
    """A chain of them would be thirty requests for one object."""
    fake.inject("*", redirect("https://storage.googleapis.com/again"))

    with pytest.raises(DownloadError, match="answered 302"):
        download(fake)

    assert len(fake.seen) == 1


def test_short_body_is_not_resumed(fake: FakeStorage) -> None:
    """What is missing is never asked for by range: the SDK would not check the result."""
    fake.inject("*", cut(100_000))

    with pytest.raises(DownloadError) as caught:
        download(fake)

    assert caught.value.retryable
    assert len(fake.seen) == 1


def test_longer_body_is_refused(fake: FakeStorage) -> None:
    """Storage cannot fill the memory."""
    with pytest.raises(DownloadError, match="longer"):
        download(fake, max_bytes=1000)


@pytest.mark.parametrize("status", [200, 503], ids=["body", "error page"])
def test_trickle_ends_at_the_deadline(fake: FakeStorage, clock: Clock, status: int) -> None:
    """However steadily bytes arrive, also those of an error page."""
    if status != 200:
        fake.inject("*", refuse(status, "x" * 100))
    fake.inject("*", trickle(piece_bytes=1, delay_s=1.0))
    started = time.monotonic()

    with pytest.raises(DownloadError, match="time allowed"):
        download(fake, within_s=7.0)

    assert time.monotonic() - started == pytest.approx(7.0, abs=0.001)


def test_nothing_is_sent_after_the_deadline(fake: FakeStorage) -> None:
    """An attempt that begins too late costs nobody anything."""
    with pytest.raises(DownloadError, match="time allowed"):
        download(fake, within_s=0.0)

    assert fake.seen == []


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a crash, and not a wait for a metadata server: the message names the command."""

    def default(**_: object) -> None:
        raise auth.DefaultCredentialsError("none")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(google.auth, "default", default)
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    bucket = IndexBucket(BUCKET, timeout_s=5)

    with pytest.raises(DownloadError, match="gcloud auth application-default login") as caught:
        bucket.download("object", deadline=time.monotonic() + 5, max_bytes=1)

    assert not caught.value.retryable


def test_search_for_credentials_ends_at_the_deadline(clock: Clock) -> None:
    """google-auth tries a metadata server again and again; with no time left it may not."""
    request = DeadlineAuthRequest(time.monotonic() + 5)
    clock.advance(6)

    with pytest.raises(auth.TransportError, match="no time left"):
        request("http://metadata.invalid/")


@contextmanager
def loopback(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to its first caller, and then just keeps the line open."""
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            done.wait(5)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        done.set()
        thread.join(5)


def test_emulator_needs_no_credentials() -> None:
    """The client for an emulator is anonymous, and talks to that host."""
    with loopback(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as url:
        bucket = IndexBucket(BUCKET, timeout_s=5, emulator=url)

        assert bucket.download("o", deadline=time.monotonic() + 5, max_bytes=9) == b"hello"


def test_silence_on_a_real_socket_ends_at_the_deadline() -> None:
    """When less is left than the read timeout, a stall in the body ends with what is left."""
    with loopback(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe") as url:
        bucket = IndexBucket(BUCKET, timeout_s=60, emulator=url)
        started = time.monotonic()

        with pytest.raises(DownloadError) as caught:
            bucket.download("o", deadline=started + 0.2, max_bytes=9)

        assert caught.value.retryable
        assert time.monotonic() - started < 5


def test_each_read_may_take_only_what_is_left(clock: Clock) -> None:
    """The socket's timeout shrinks with the time left; it was set once, for the first read."""
    timeouts: list[float] = []

    class Raw:
        """A body of one byte every 2 s, on a socket that notes its timeouts."""

        connection = SimpleNamespace(sock=SimpleNamespace(settimeout=timeouts.append))

        def read1(self, *_: object) -> bytes:
            clock.advance(2)
            return b"x"

    session = SimpleNamespace(request=lambda *_, **__: SimpleNamespace(raw=Raw()))
    transport = DeadlineTransport(cast("requests.Session", session), time.monotonic() + 7, 5)

    with pytest.raises(DownloadError, match="time allowed"):
        list(transport.request("GET", "https://example.com/").raw.stream(8192))

    assert timeouts == [5, 5, 3, 1]


def test_storage_sdk_has_the_private_parts_that_are_used() -> None:
    """What asks for tokens is bounded through them; an upgrade that moves them is seen here."""
    client = storage.Client(project="p", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call] # google-auth's

    session = client._http

    assert isinstance(session, AuthorizedSession)
    assert isinstance(session._auth_request_session, requests.Session)
    assert isinstance(session._auth_request, Request)
