"""Interception that lets go: the library's own network code comes along with each request.

As in the simulated tier every request passes the dispatcher. What differs is at its two ends. The
carrier finds the library's own way to send the request, and the service gets the library's own
response, or its own exception.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

import httpx
import requests

from chaos.simulation.mockers import HTTPX2Mocker, HTTPXMocker, RequestsMocker
from chaos.tiers.wire.native import Native, TransportNative
from chaos.tiers.wire.native_requests import RequestsNative

NATIVE = "chaos.native"
"""Extension of a request: its `Native`."""


def native_of(request: httpx.Request) -> Native:
    """How to send ``request`` for real."""
    native = request.extensions[NATIVE]
    assert isinstance(native, Native)
    return native


class _WireTransport:
    """What the mockers of httpx and of its successor share."""

    library: ClassVar[ModuleType]

    @classmethod
    def _send_sync_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:  # noqa: ANN401 - respx's signature
        httpx_request.extensions[NATIVE] = TransportNative(
            cls.library, kwargs["instance"], kwargs["target_spec"], kwargs["request"]
        )
        return super()._send_sync_request(httpx_request, **kwargs)  # type: ignore[misc]  # of the class this is mixed into


class WireHTTPX2Mocker(_WireTransport, HTTPX2Mocker):
    """httpx2, on which openai 3 is built."""

    name = "httpx2-wire"


class WireHTTPXMocker(_WireTransport, HTTPXMocker):
    """Classic httpx."""

    name = "httpx-wire"


class WireRequestsMocker(RequestsMocker):
    """requests, on which google-cloud-storage is built."""

    name = "requests-wire"

    @classmethod
    def _send_sync_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:  # noqa: ANN401 - respx's signature
        httpx_request.extensions[NATIVE] = RequestsNative(
            kwargs["instance"],
            kwargs["target_spec"],
            kwargs["request"],
            body=httpx_request.content,
            options=kwargs,
        )
        try:
            return super()._send_sync_request(httpx_request, **kwargs)
        except requests.RequestException as error:
            carried = error.__cause__
            if isinstance(carried, httpx.TransportError) and isinstance(
                carried.__cause__, requests.RequestException
            ):
                # The library's own, where the simulated tier has to make one up.
                raise carried.__cause__ from None
            raise

    @classmethod
    def from_sync_httpx_response(
        cls,
        httpx_response: httpx.Response,
        target: requests.adapters.HTTPAdapter,
        **kwargs: Any,  # noqa: ANN401 - respx's signature
    ) -> requests.Response:
        """The library's own response; a made-up one for a canary, which stays here."""
        if NATIVE not in httpx_response.extensions:
            return super().from_sync_httpx_response(httpx_response, target, **kwargs)
        native = native_of(httpx_response.request)
        assert isinstance(native, RequestsNative)
        assert isinstance(httpx_response.stream, httpx.SyncByteStream)
        response = native.through(
            httpx_response.stream, httpx_response.request.extensions["timeout"]
        )
        if not kwargs.get("stream"):
            _ = response.content
        return response


WIRE_MOCKERS = (WireHTTPX2Mocker, WireHTTPXMocker, WireRequestsMocker)
