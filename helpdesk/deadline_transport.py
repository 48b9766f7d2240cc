"""HTTP that ends at a deadline, for SDKs that only know a timeout for each read."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping
from typing import Any

import google.auth.exceptions as auth
import google.auth.transport
import google.auth.transport.requests
import requests
import urllib3

from helpdesk.errors import DownloadError


class DeadlineTransport:
    """A session whose response bodies end at a deadline.

    The Cloud Storage SDK reads 8 kB at a time, and the timeout starts anew with each packet.
    A body of one byte a second would hold the asker for hours without ever running into it.

    Args:
        session: Sends the requests.
        deadline: Value of ``time.monotonic()``.
        timeout_s: Bound of each read.
    """

    def __init__(self, session: requests.Session, deadline: float, timeout_s: float) -> None:
        self._session = session
        self._deadline = deadline
        self._timeout_s = timeout_s

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Like the session's; reading the body raises ``DownloadError`` at the deadline."""
        # A redirect is an answer: storage sends none, and what does is not storage. Followed, each
        # would be up to thirty requests.
        response = self._session.request(method, url, allow_redirects=False, **options)
        bounded = functools.partial(self._stream, response.raw)
        response.raw.stream = bounded  # type: ignore[method-assign] # of this one response
        return response

    def _stream(
        self,
        raw: urllib3.HTTPResponse,
        amt: int,
        decode_content: bool | None = None,  # noqa: FBT001 - as urllib3 has it
    ) -> Iterator[bytes]:
        socket = getattr(raw.connection, "sock", None)
        while True:
            left_s = seconds_left(self._deadline)
            if socket is not None:
                socket.settimeout(min(self._timeout_s, left_s))
            # Returns what has arrived. read() would wait for all of `amt`.
            data = raw.read1(amt, decode_content)
            if not data:
                return
            yield data


class DeadlineAuthRequest(google.auth.transport.requests.Request):
    """Requests for credentials that end at a deadline.

    Args:
        deadline: Value of ``time.monotonic()``.
    """

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 120,
        **options: Any,  # noqa: ANN401 - as google-auth has it
    ) -> google.auth.transport.Response:
        """Like the parent's; raises ``TransportError`` once the deadline has passed."""
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise auth.TransportError("no time left to look for credentials")  # type: ignore[no-untyped-call]  # google-auth's
        within = min(timeout, left_s)
        response: google.auth.transport.Response = super().__call__(  # type: ignore[no-untyped-call]  # google-auth's
            url, method, body, headers, within, **options
        )
        return response


class BoundedAuthRequest(google.auth.transport.requests.Request):
    """Requests for credentials that always have a timeout.

    Where its requests may come from, google-auth asks in a thread of its own, and says on purpose
    that it would wait for ever: a silent server would keep the thread and its connection.
    """

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = 120,
        **options: Any,  # noqa: ANN401 - as google-auth has it
    ) -> google.auth.transport.Response:
        """Like the parent's; None stands for the parent's own timeout."""
        response: google.auth.transport.Response = super().__call__(  # type: ignore[no-untyped-call]  # google-auth's
            url, method, body, headers, 120 if timeout is None else timeout, **options
        )
        return response


def seconds_left(deadline: float) -> float:
    """Time until the deadline, more than 0.

    Raises:
        DownloadError: There is none left.
    """
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise DownloadError("storage did not deliver within the time allowed", retryable=True)
    return left_s
