"""Whole objects from and to Cloud Storage, within a deadline.

The SDK's own retries are off. They take minutes, resume a broken download without checking
what they resumed, and know nothing of the asker who waits. Whatever goes wrong is raised as
:class:`DownloadError`, which says in plain words what to do and whether trying again can help.
"""

from __future__ import annotations

import json
import logging
import os
import ssl
import time
from pathlib import Path

import google.api_core.exceptions as api
import google.auth
import requests
import urllib3.exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from helpdesk.deadline_transport import (
    BoundedAuthRequest,
    DeadlineAuthRequest,
    DeadlineTransport,
    seconds_left,
)
from helpdesk.environment import STORAGE_CERTIFICATES, client_error
from helpdesk.errors import DownloadError, SettingsError
from helpdesk.manifest import ManifestFile
from helpdesk.storage_errors import storage_error

logger = logging.getLogger(__name__)

# Without this the SDK starts a thread that asks for the bucket's metadata, with retries of its
# own, whenever an object is touched: a request nobody needs, outside of every budget of ours.
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")

_ENDPOINT = "https://storage.googleapis.com/"
_PUBLISH_S = 60.0
_PUBLISH_RETRY = DEFAULT_RETRY.with_timeout(_PUBLISH_S)


class IndexBucket:
    """One bucket.

    Args:
        name: The bucket's name.
        client: The SDK's client; None makes one at the first request.
        timeout_s: Bound of connecting, and of each read.
        emulator: Address of an emulator; the client made here is then anonymous, and asks it.
        credentials: File with Google credentials; None finds those of the environment.

    Raises:
        SettingsError: No client is given, and the environment is one in which none can be made.
    """

    def __init__(
        self,
        name: str,
        *,
        client: storage.Client | None = None,
        timeout_s: float,
        emulator: str | None = None,
        credentials: Path | None = None,
    ) -> None:
        if client is None and emulator is None:
            _check_environment()
            _check_credentials(credentials)
        self.name = name
        self._client = client
        self._timeout_s = timeout_s
        self._emulator = emulator
        self._credentials = credentials

    def download(
        self,
        object_name: str,
        *,
        deadline: float,
        max_bytes: int,
        generation: int | None = None,
    ) -> bytes:
        """One attempt to fetch a whole object, from its first byte.

        Args:
            object_name: Full name, prefix included.
            deadline: Value of ``time.monotonic()`` at which the attempt ends, however slowly
                or steadily bytes arrive.
            max_bytes: A longer body is refused.
            generation: Accept only this generation of the object.

        Raises:
            DownloadError: The object did not arrive whole.
        """
        started = time.monotonic()
        sink = _Sink(max_bytes)
        try:
            client = _bounded(self._connect(deadline), deadline, self._timeout_s)
            client.download_blob_to_file(
                client.bucket(self.name).blob(object_name),
                sink,
                raw_download=True,
                if_generation_match=generation,
                timeout=self._timeout_within(deadline),
                retry=None,
            )
        except Exception as error:
            raise storage_error(error, self._place(object_name)) from error
        data = bytes(sink.data)
        duration_s = time.monotonic() - started
        logger.info("downloaded %s: %d bytes in %.3f s", object_name, len(data), duration_s)
        return data

    def generation_of(self, object_name: str) -> int:
        """The generation of an object; 0 if there is no such object.

        Raises:
            DownloadError: Storage did not say.
        """
        try:
            blob = self._found(object_name)
        except Exception as error:
            raise storage_error(error, self._place(object_name)) from error
        return int(blob.generation) if blob else 0

    def upload(self, object_name: str, data: bytes, *, replaces: int | None) -> int:
        """Store an object and return its generation.

        Publishing is done by a person who can wait, so here the SDK may retry.

        Args:
            object_name: Full name, prefix included.
            data: The content.
            replaces: Generation that must be current; 0 for no object, None for any.

        Raises:
            DownloadError: It was not stored; an object of someone else is untouched.
        """
        try:
            blob = self._publisher().bucket(self.name).blob(object_name)
            blob.upload_from_string(
                data,
                content_type="application/octet-stream",
                if_generation_match=replaces,
                timeout=self._timeout_s,
                retry=_PUBLISH_RETRY,
            )
        except Exception as error:
            stored = self._stored_all_the_same(error, object_name, data, replaces)
            if stored is None:
                place = self._place(object_name)
                raise storage_error(error, place, writing=True) from error
            logger.info("%s was stored, though storage did not confirm it", object_name)
            return stored
        logger.info("uploaded %s: %d bytes", object_name, len(data))
        return int(blob.generation)

    def _stored_all_the_same(
        self, error: Exception, object_name: str, data: bytes, replaces: int | None
    ) -> int | None:
        """Return the generation of what is there, if it is ours; None if it is not.

        The answer to an upload may be lost on its way, after the object was stored. The SDK then
        sends it again, and meets its own object: the precondition fails, as if a rival had won.
        """
        refused = isinstance(error, api.ClientError)
        if refused and not isinstance(error, api.PreconditionFailed):
            return None
        try:
            blob = self._found(object_name)
        except Exception as another:  # noqa: BLE001 - told as what it means; the first one counts
            place = self._place(object_name)
            logger.warning("whether it was stored is unknown: %s", storage_error(another, place))
            return None
        if blob is None or int(blob.generation) == replaces or blob.size != len(data):
            return None
        ours = ManifestFile.describe(data, object_name=object_name)
        return int(blob.generation) if blob.crc32c == ours.crc32c else None

    def _found(self, object_name: str) -> storage.Blob | None:
        """Return what storage knows about an object; None if there is none."""
        return (
            self._publisher()
            .bucket(self.name)
            .get_blob(object_name, timeout=self._timeout_s, retry=_PUBLISH_RETRY)
        )

    def _publisher(self) -> storage.Client:
        """Return the client for somebody who can wait; also for him, redirects are answers."""
        ends_s = time.monotonic() + 2 * _PUBLISH_S
        return _bounded(self._connect(ends_s), ends_s, self._timeout_s)

    def _place(self, object_name: str) -> str:
        return f"gs://{self.name}/{object_name}"

    def _connect(self, deadline: float) -> storage.Client:
        if self._client is None:
            if self._emulator is not None:
                self._client = storage.Client(
                    project="<none>",
                    credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] # google-auth's
                    client_options={"api_endpoint": self._emulator},
                )
            else:
                self._client = storage.Client(project=None, credentials=self._found_by(deadline))
                session = self._client._http  # noqa: SLF001 - the SDK makes it, with its mTLS
                # Before the first request: whatever it asks besides has an end, too.
                asking = session._auth_request_session  # noqa: SLF001 - no public way to its session
                session._auth_request = BoundedAuthRequest(asking)  # noqa: SLF001 - nor to set it
        return self._client

    def _found_by(self, deadline: float) -> google.auth.credentials.Credentials:
        # Looking for credentials can end at a metadata server that is not there.
        request = DeadlineAuthRequest(deadline)
        scopes = storage.Client.SCOPE
        if self._credentials is None:
            found, _ = google.auth.default(scopes=scopes, request=request)
        else:
            found, _ = google.auth.load_credentials_from_file(  # type: ignore[no-untyped-call] # google-auth's
                str(self._credentials), scopes=scopes, request=request
            )
        return found

    def _timeout_within(self, deadline: float) -> float:
        return min(self._timeout_s, seconds_left(deadline))


def _bounded(client: storage.Client, deadline: float, timeout_s: float) -> storage.Client:
    """The same client, with a session whose responses end at the deadline.

    The SDK refuses to be copied, and takes a session only when it is built; it costs 30 us.
    """
    session = client._http  # noqa: SLF001 - the caller's session, with whatever is mounted in it
    return storage.Client(
        project=client.project,
        credentials=client._credentials,  # noqa: SLF001 - there is no public way to them
        client_options={
            "api_endpoint": client.api_endpoint,
            "universe_domain": client.universe_domain,
        },
        _http=DeadlineTransport(session, deadline, timeout_s),
    )


def _check_environment() -> None:
    """Do what is done for a request before its first byte is sent.

    The libraries do it anew for each request. Left to them, a proxy that nobody can use would
    look like an outage, and be tried again and again.

    Raises:
        SettingsError: A request could not even begin.
    """
    with requests.Session() as session:
        request = session.prepare_request(requests.Request("GET", _ENDPOINT))
        found = session.merge_environment_settings(_ENDPOINT, {}, None, None, None)
        adapter = session.get_adapter(_ENDPOINT)
        assert isinstance(adapter, requests.adapters.HTTPAdapter)
        try:
            adapter.get_connection_with_tls_context(
                request, found["verify"], proxies=found["proxies"]
            )
            if isinstance(found["verify"], str):
                path = found["verify"]
                is_folder = Path(path).is_dir()
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.load_verify_locations(*((None, path) if is_folder else (path, None)))
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            raise client_error("Cloud Storage", error, STORAGE_CERTIFICATES) from error


def _check_credentials(path: Path | None) -> None:
    """Look whether the file with credentials is one; what it says is for Google to judge.

    Raises:
        SettingsError: It cannot be read, or is not JSON.
    """
    if path is None:
        return
    try:
        wrong = None if isinstance(json.loads(path.read_bytes()), dict) else "not a JSON object"
    except OSError as error:
        wrong = error.strerror or str(error)
    except ValueError:
        wrong = "not JSON"
    if wrong is not None:
        raise SettingsError(
            f"GOOGLE_APPLICATION_CREDENTIALS is {str(path)!r}, which cannot be used ({wrong}); "
            "expected a JSON file with Google credentials; correct the path, or unset it"
        )


class _Sink:
    """Collects a body, as long as it is not longer than announced."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        if len(self.data) > self._max_bytes:
            raise DownloadError(f"body is longer than {self._max_bytes} bytes", retryable=True)
        return len(data)
