"""Which stand-in a request is for; respx decides."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import respx

from chaos.http import Request
from chaos.ports import Upstream

_UPSTREAM = "chaos.upstream"


class Router:
    """Resolves parsed requests to stand-ins.

    Args:
        upstreams: The stand-ins; each has a route for its hosts.

    Attributes:
        hosts: Every host that has a stand-in.

    Example:
        >>> from chaos.upstreams.openai import OpenAIUpstream
        >>> router = Router([OpenAIUpstream()])
        >>> router.resolve(Request(method="GET", url="https://api.openai.com/v1/models")).name
        'openai'
        >>> router.resolve(Request(method="GET", url="https://example.test/"))
    """

    def __init__(self, upstreams: Iterable[Upstream]) -> None:
        self._respx = respx.MockRouter(using=None, assert_all_called=False)
        # respx keeps every request and response, bodies included. The trace has what matters.
        self._respx.record = _forget  # type: ignore[method-assign]
        self._by_host: dict[str, Upstream | None] = {}
        self.hosts: tuple[str, ...] = ()
        for upstream in upstreams:
            hosts = tuple(host.lower() for host in upstream.hosts)
            self.hosts += hosts
            self._respx.route(host__in=hosts).mock(side_effect=_answering(upstream))

    def resolve(self, request: Request) -> Upstream | None:
        """The stand-in that answers; None if there is none for that host."""
        # A name that ends in a dot is the whole name, which it is anyway.
        host = request.host.lower().rstrip(".")
        if host not in self._by_host:
            # Routes are for hosts, so that one answer holds for all requests to it.
            self._by_host[host] = self._ask(host)
        return self._by_host[host]

    def _ask(self, host: str) -> Upstream | None:
        try:
            response = self._respx.handler(httpx.Request("GET", f"https://{host}/"))
        except respx.models.AllMockedAssertionError:
            return None
        found: Upstream = response.extensions[_UPSTREAM]
        return found


def _answering(upstream: Upstream) -> Any:  # noqa: ANN401 - respx's own idea of a callable
    def side_effect(request: httpx.Request) -> httpx.Response:
        del request
        extensions: Mapping[str, Any] = {_UPSTREAM: upstream}
        return httpx.Response(200, extensions=dict(extensions))

    # respx works out the signature of a side effect at each call, unless it is written down.
    vars(side_effect)["__signature__"] = inspect.signature(side_effect)
    return side_effect


def _forget(request: httpx.Request, **kwargs: object) -> None:
    del request, kwargs
