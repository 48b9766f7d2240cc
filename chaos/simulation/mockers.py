"""respx for every HTTP library a service may use.

Each library's request becomes an ``httpx.Request`` with the timeouts in
``extensions["timeout"]``; what answers it speaks httpx and raises httpx errors; each mocker
translates those by name, so that the library's own code sees what it would see of a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any, ClassVar

import httpx
import httpx2
import requests
import requests.adapters
import urllib3
from respx.mocks import AbstractRequestMocker

from chaos.simulation.http1 import Connection, receive

ASYNC = "chaos.async"
"""Extension of requests that come from an async client."""


@lru_cache(maxsize=1024)
def _url(text: str) -> httpx.URL:
    """A parsed URL; to parse it is a fifth of what turning a request into another costs."""
    return httpx.URL(text)


class _TransportMocker(AbstractRequestMocker):
    """What the mockers of httpx and of its successor share: only the module differs."""

    library: ClassVar[ModuleType]
    target_methods: ClassVar[list[str]] = ["handle_request", "handle_async_request"]

    @classmethod
    def to_httpx_request(cls, **kwargs: Any) -> httpx.Request:  # noqa: ANN401 - respx's signature
        request = kwargs["request"]
        can_be_read = isinstance(request.stream, cls.library.SyncByteStream)
        converted = httpx.Request(
            request.method,
            _url(str(request.url)),
            headers=request.headers.raw,
            # As a stream, since httpx adds headers of its own to other content.
            stream=httpx.ByteStream(request.read() if can_be_read else b""),
            # The very dictionary of timeouts, because a service may change it until the body
            # has been read.
            extensions=request.extensions,
        )
        converted.read()
        return converted

    @classmethod
    async def prepare_async_request(
        cls,
        httpx_request: httpx.Request,
        **kwargs: Any,  # noqa: ANN401 - respx's signature
    ) -> tuple[httpx.Request, dict[str, Any]]:
        """Mark the request as one from an async client, for the dispatcher to refuse."""
        httpx_request.extensions[ASYNC] = True
        return httpx_request, kwargs

    @classmethod
    def _send_sync_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:  # noqa: ANN401 - respx's signature
        try:
            return super()._send_sync_request(httpx_request, **kwargs)  # type: ignore[no-untyped-call]  # respx has no annotations here
        except httpx.TransportError as error:
            raise translated(_alone(error), cls.library) from None

    @classmethod
    def from_sync_httpx_response(
        cls,
        httpx_response: httpx.Response,
        target: object,
        **kwargs: Any,  # noqa: ANN401 - respx's signature
    ) -> Any:  # noqa: ANN401 - of either library
        del target, kwargs
        return cls.library.Response(
            httpx_response.status_code,
            headers=httpx_response.headers.raw,
            stream=_bodies[cls.library](httpx_response.stream),
            extensions={"http_version": b"HTTP/1.1"},
        )


class HTTPX2Mocker(_TransportMocker):
    """Answers for httpx2, on which openai 3 is built."""

    name = "httpx2"
    library: ClassVar[ModuleType] = httpx2
    targets: ClassVar[list[str]] = ["httpx2.HTTPTransport", "httpx2.AsyncHTTPTransport"]


class HTTPXMocker(_TransportMocker):
    """Answers for httpx where its sockets begin; respx's own replaces custom transports too."""

    name = "httpx-transport"
    library: ClassVar[ModuleType] = httpx
    targets: ClassVar[list[str]] = ["httpx.HTTPTransport", "httpx.AsyncHTTPTransport"]


class RequestsMocker(AbstractRequestMocker):
    """Answers for requests, on which google-cloud-storage is built."""

    name = "requests"
    targets: ClassVar[list[str]] = ["requests.adapters.HTTPAdapter"]
    target_methods: ClassVar[list[str]] = ["send"]

    @classmethod
    def to_httpx_request(cls, **kwargs: Any) -> httpx.Request:  # noqa: ANN401 - respx's signature
        """The request as httpx has it, its timeouts in the extension."""
        request: requests.PreparedRequest = kwargs["request"]
        return httpx.Request(
            request.method or "GET",
            request.url or "",
            headers=[(_text(name), _text(value)) for name, value in request.headers.items()],
            content=_body_of(request),
            extensions={"timeout": _timeouts_of(kwargs["timeout"])},
        )

    @classmethod
    def _send_sync_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:  # noqa: ANN401 - respx's signature
        try:
            return super()._send_sync_request(httpx_request, **kwargs)  # type: ignore[no-untyped-call]  # respx has no annotations here
        except httpx.TransportError as error:
            raise _requests_error(_alone(error))(str(error), request=kwargs["request"]) from None

    @classmethod
    def from_sync_httpx_response(
        cls,
        httpx_response: httpx.Response,
        target: requests.adapters.HTTPAdapter,
        **kwargs: Any,  # noqa: ANN401 - respx's signature
    ) -> requests.Response:
        """The response as requests has it, read through urllib3 and ``http.client``."""
        request: requests.PreparedRequest = kwargs["request"]
        received = receive(httpx_response, request.method or "GET")
        raw = urllib3.HTTPResponse(
            body=received,
            headers=urllib3.HTTPHeaderDict(received.headers.items()),
            status=received.status,
            reason=received.reason,
            version=received.version,
            preload_content=False,
            decode_content=False,
            original_response=received,
            connection=Connection(httpx_response.request.extensions["timeout"]),  # type: ignore[arg-type]  # a stand-in
            request_method=request.method,
            request_url=request.url,
        )
        response = target.build_response(request, raw)
        if not kwargs.get("stream"):
            _ = response.content
        return response


def translated(error: httpx.TransportError, library: ModuleType) -> Exception:
    """The error of the same name that ``library`` would raise.

    Example:
        >>> translated(httpx.ReadTimeout("too late"), httpx2)
        ReadTimeout('too late')
    """
    if library is httpx:
        return error
    kind: type[Exception] = getattr(library, type(error).__name__)
    return kind(str(error))


def _alone(error: httpx.TransportError) -> httpx.TransportError:
    """The error as the dispatcher raised it, without what respx makes of it on the way.

    respx wraps it, and raises it again from its wrapper. The two hold each other, and the frames
    of the whole call with them, until the next garbage collection; nobody reads either.
    """
    error.__cause__ = error.__context__ = error.__traceback__ = None
    return error


class _HTTPX2Body(httpx2.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except httpx.TransportError as error:
            raise translated(error, httpx2) from error

    def close(self) -> None:
        self._stream.close()


_bodies: Mapping[ModuleType, Any] = {httpx: lambda stream: stream, httpx2: _HTTPX2Body}


def _requests_error(error: httpx.TransportError) -> type[requests.RequestException]:
    if isinstance(error, httpx.ConnectTimeout):
        return requests.exceptions.ConnectTimeout
    if isinstance(error, httpx.TimeoutException):
        return requests.exceptions.ReadTimeout
    return requests.exceptions.ConnectionError


def _body_of(request: requests.PreparedRequest) -> bytes:
    body: Any = request.body
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b"".join(body)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _timeouts_of(timeout: Any) -> dict[str, float | None]:  # noqa: ANN401 - any of four forms
    """The timeouts of a request; None, a number, a pair, or an object of urllib3."""
    if isinstance(timeout, urllib3.Timeout):
        running = timeout.clone()
        running.start_connect()
        resolve = urllib3.Timeout.resolve_default_timeout
        connect, read = resolve(running.connect_timeout), resolve(running.read_timeout)
    else:
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return {"connect": connect, "read": read, "write": None, "pool": None}
