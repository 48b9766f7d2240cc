"""The real SDKs, unmodified, over a handler instead of a network."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import requests
import urllib3
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage
from requests.adapters import HTTPAdapter

from chaos.http import Request, Response
from chaos.upstreams.gcs import GcsUpstream

Handler = Callable[[Request], Response]


def openai_client(handler: Handler, **options: Any) -> openai.OpenAI:
    """An OpenAI client whose requests end in ``handler``; it does not retry.

    What the handler raises comes out as it is, whichever version of the SDK is installed.
    """
    return _Client(
        api_key=options.pop("api_key", "sk-test"),
        max_retries=0,
        http_client=httpx2.Client(transport=transport(handler)),
        **options,
    )


class _Client(openai.OpenAI):
    """Tells what the network raises as the SDK does, and anything else as it was raised."""

    def request(self, *args: Any, **options: Any) -> Any:
        """Send a request."""
        try:
            return super().request(*args, **options)
        except openai.APIConnectionError as error:
            # Older versions take whatever a transport raises for trouble with the connection.
            cause = error.__cause__
            if cause is None or isinstance(cause, httpx2.RequestError):
                raise
            raise cause from None


def transport(handler: Handler) -> httpx2.MockTransport:
    """A transport, for clients sync and async, that lets ``handler`` answer."""

    def send(request: httpx2.Request) -> httpx2.Response:
        response = handler(
            Request(
                method=request.method,
                url=str(request.url),
                headers=dict(request.headers),
                body=request.content,
            )
        )
        return httpx2.Response(
            response.status, headers=list(response.headers), content=response.body
        )

    return httpx2.MockTransport(send)


def storage_client(handler: Handler) -> storage.Client:
    """A Cloud Storage client whose requests end in ``handler``."""
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call] # google.auth has no types here
    session = AuthorizedSession(nobody)  # type: ignore[no-untyped-call] # the same
    session.mount("https://", HandlerAdapter(handler))
    return storage.Client(project="sim", credentials=nobody, _http=session)


class HandlerAdapter(HTTPAdapter):
    """Lets a handler answer what ``requests`` sends."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self.handler = handler

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Answer from the handler, in bytes that urllib3 reads as if from a socket."""
        body: Any = request.body or b""
        body = body.read() if hasattr(body, "read") else body
        response = self.handler(
            Request(
                method=request.method or "",
                url=request.url or "",
                headers={
                    str(name).lower(): _text(value) for name, value in request.headers.items()
                },
                body=body.encode() if isinstance(body, str) else body,
            )
        )
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(response.body),
            headers=urllib3.HTTPHeaderDict(
                [*response.headers, ("content-length", str(len(response.body)))]
            ),
            status=response.status,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


class Recording:
    """Passes requests on, and keeps them with their operation."""

    def __init__(self, upstream: GcsUpstream) -> None:
        self.upstream = upstream
        self.seen: list[tuple[str, str | None]] = []

    def __call__(self, request: Request) -> Response:
        """Answer, and remember."""
        operation = self.upstream.classify(request)
        assert operation is not None, request.url
        self.seen.append((operation.name, operation.object))
        return self.upstream.handle(request)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
