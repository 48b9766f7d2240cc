"""A stand-in for an HTTP proxy, for services that reach their providers through one."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import ClassVar

from chaos.http import Request, Response
from chaos.ports import Operation, Upstream

TUNNEL = "tunnel"
"""The operation of a CONNECT; its object is the host and the port asked for."""


class ForwardProxy(Upstream):
    """A proxy: tunnels for what is encrypted, and plain requests passed on.

    Subclass it for a host of your own. A tunnel is a call, ``calls.proxy.tunnel``; what goes
    through it, and what is passed on, are calls of the provider alone. Faults of the connection
    strike whoever connects to the proxy; those of the providers strike behind it, and then the
    proxy answers 502.

    Example:
        >>> class Corporate(ForwardProxy):
        ...     hosts = ("proxy.corp",)
        ...     credentials = "me:secret"
        >>> asked = Request(method="CONNECT", url="https://api.openai.com:443")
        >>> Corporate().handle(asked).status
        407
    """

    name = "proxy"
    hosts = ("proxy.test",)
    operations = (TUNNEL,)

    ports: ClassVar[tuple[int, ...]] = (3128, 8080)
    """Where it listens."""

    credentials: ClassVar[str | None] = None
    """User and password, with a colon between; None lets everybody through."""

    def classify(self, request: Request) -> Operation | None:
        """A tunnel; nothing else is for the proxy itself."""
        if request.method != "CONNECT":
            return None
        return Operation(TUNNEL, request.url.partition("://")[2])

    def handle(self, request: Request) -> Response:
        """Let through whoever may pass."""
        if self.lets_through(request):
            return Response(status=HTTPStatus.OK.value)
        return Response(
            status=HTTPStatus.PROXY_AUTHENTICATION_REQUIRED.value,
            headers=(("Proxy-Authenticate", 'Basic realm="proxy"'),),
        )

    def lets_through(self, request: Request) -> bool:
        """Whether the request has the right credentials."""
        if self.credentials is None:
            return True
        expected = base64.b64encode(self.credentials.encode()).decode()
        return request.headers.get("proxy-authorization") == f"Basic {expected}"
