"""Whole objects from and to Cloud Storage, within a deadline: the only ``google.cloud`` import.

The SDK's own retries are off. They take minutes, resume a broken download without checking
what they resumed, and know nothing of the asker who waits. Whatever goes wrong is raised as
:class:`DownloadError`, which says in plain words what to do and whether trying again can help.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from pathlib import Path

import google.api_core.exceptions as api
import google.auth
import google.auth.exceptions as auth
import requests
import urllib3.exceptions
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

from helpdesk.deadline_transport import DeadlineAuthRequest, DeadlineTransport, seconds_left
from helpdesk.environment import STORAGE_CERTIFICATES, client_error
from helpdesk.errors import DownloadError
from helpdesk.manifest import MANIFEST_FILE
from helpdesk.retry_after import retry_after_s

logger = logging.getLogger(__name__)

# Without this the SDK starts a thread that asks for the bucket's metadata, with retries of its
# own, whenever an object is touched: a request nobody needs, outside of every budget of ours.
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")

_ENDPOINT = "https://storage.googleapis.com/"
_SERVER_ERROR = 500
_PUBLISH_S = 60.0
_PUBLISH_RETRY = DEFAULT_RETRY.with_timeout(_PUBLISH_S)


class IndexBucket:
    """One bucket.

    Args:
        name: The bucket's name.
        client: The SDK's client; None makes one from the environment at the first request.
            With ``STORAGE_EMULATOR_HOST`` set, that one is anonymous.
        timeout_s: Bound of connecting, and of each read.

    Raises:
        SettingsError: No client is given, and the environment is one in which none can be made.
    """

    def __init__(
        self, name: str, *, client: storage.Client | None = None, timeout_s: float
    ) -> None:
        if client is None and not os.environ.get("STORAGE_EMULATOR_HOST"):
            _check_environment()
        self.name = name
        self._client = client
        self._timeout_s = timeout_s

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
            raise self._failure(error, object_name) from error
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
            blob = (
                self._connect(time.monotonic() + _PUBLISH_S)
                .bucket(self.name)
                .get_blob(object_name, timeout=self._timeout_s, retry=_PUBLISH_RETRY)
            )
        except Exception as error:
            raise self._failure(error, object_name) from error
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
            blob = self._connect(time.monotonic() + _PUBLISH_S).bucket(self.name).blob(object_name)
            blob.upload_from_string(
                data,
                content_type="application/octet-stream",
                if_generation_match=replaces,
                timeout=self._timeout_s,
                retry=_PUBLISH_RETRY,
            )
        except Exception as error:
            raise self._failure(error, object_name) from error
        logger.info("uploaded %s: %d bytes", object_name, len(data))
        return int(blob.generation)

    def _connect(self, deadline: float) -> storage.Client:
        if self._client is None:
            if os.environ.get("STORAGE_EMULATOR_HOST"):
                self._client = storage.Client.create_anonymous_client()
            else:
                # Looking for credentials can end at a metadata server that is not there.
                credentials, _ = google.auth.default(
                    scopes=storage.Client.SCOPE, request=DeadlineAuthRequest(deadline)
                )
                self._client = storage.Client(project=None, credentials=credentials)
        return self._client

    def _timeout_within(self, deadline: float) -> float:
        return min(self._timeout_s, seconds_left(deadline))

    def _failure(self, error: Exception, object_name: str) -> DownloadError:
        """What an exception of any of the libraries below means for the one who waits."""
        place = f"gs://{self.name}/{object_name}"
        cause = f"{type(error).__name__}: {error}"
        match error:
            case DownloadError():
                return error
            case api.GoogleAPICallError():
                return self._refusal(error, place)
            case auth.DefaultCredentialsError():
                message = (
                    "no Google credentials found; run 'gcloud auth application-default login' "
                    f"or set GOOGLE_APPLICATION_CREDENTIALS ({error})"
                )
                retryable = False
            case auth.GoogleAuthError():
                message = f"no access token for {place}: {cause}"
                retryable = error.retryable or isinstance(error, auth.TransportError)
            case DataCorruption():
                message, retryable = f"{place} arrived damaged", True
            case InvalidURL() | InvalidSchema() | MissingSchema():
                message, retryable = f"{place} cannot be asked for: {cause}", False
            case (
                requests.RequestException()
                | urllib3.exceptions.HTTPError()
                | api.RetryError()
                | ConnectionError()
                | TimeoutError()
            ):
                message, retryable = f"connection lost for {place}: {cause}", True
            case _:
                message, retryable = f"unexpected failure for {place}: {cause}", False
        return DownloadError(message, retryable=retryable)

    def _refusal(self, error: api.GoogleAPICallError, place: str) -> DownloadError:
        status = int(error.code or 0)
        retryable = status in {408, 429} or status >= _SERVER_ERROR
        if isinstance(error, api.NotFound) and "bucket does not exist" in str(error.message):
            message = f"bucket {self.name!r} does not exist; correct HELPDESK_INDEX__BUCKET"
        elif isinstance(error, api.NotFound) and place.endswith(MANIFEST_FILE):
            message = f"no index has been published at {place}; run 'helpdesk index publish'"
        elif isinstance(error, api.NotFound):
            message = f"{place} does not exist"
        elif isinstance(error, api.Unauthorized | api.Forbidden):
            message = f"no permission for {place}; grant the role Storage Object Viewer"
        elif isinstance(error, api.PreconditionFailed):
            message = f"{place} was replaced by someone else meanwhile"
        else:
            message = f"Cloud Storage answered {status} for {place}"
        asked_s = None if error.response is None else retry_after_s(error.response.headers)
        return DownloadError(message, retryable=retryable, retry_after_s=asked_s)


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
