"""A stand-in written as a table, for services whose provider is a plain JSON API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from chaos.http import Request, Response, json_response
from chaos.ports import Operation, Upstream

Answer = Mapping[str, Any] | Callable[[Request], Mapping[str, Any]]
"""A payload, or what makes one from the request."""


class JsonUpstream(Upstream):
    """Answers each route with its payload, and everything else with 404.

    Subclass it with ``name``, ``hosts`` and ``routes``.

    Example:
        >>> class Weather(JsonUpstream):
        ...     name = "weather"
        ...     hosts = ("api.weather.test",)
        ...     routes = {"rain.get": ("GET", "/v1/rain/(?P<object>[^/]+)", {"rain": True})}
        >>> request = Request(method="GET", url="https://api.weather.test/v1/rain/oslo")
        >>> Weather().classify(request)
        Operation(name='rain.get', object='oslo')
        >>> Weather().handle(request).json()
        {'rain': True}
    """

    routes: ClassVar[Mapping[str, tuple[str, str, Answer]]]
    """Operation to method, path (a regular expression; its group ``object``, if any, is the
    object of the operation) and answer."""

    def __init_subclass__(cls) -> None:
        cls.operations = tuple(cls.routes)

    def classify(self, request: Request) -> Operation | None:
        """The first route that fits."""
        for name, (method, path, _) in self.routes.items():
            match = re.fullmatch(path, request.path) if method == request.method else None
            if match is not None:
                return Operation(name, match.groupdict().get("object"))
        return None

    def handle(self, request: Request) -> Response:
        """The answer of the route, as JSON."""
        operation = self.classify(request)
        if operation is None:
            return self.failed(HTTPStatus.NOT_FOUND)
        _, _, answer = self.routes[operation.name]
        return json_response(HTTPStatus.OK, answer(request) if callable(answer) else answer)

    def rate_limited(self, code: str) -> Response:
        """A 429 that says its code."""
        return json_response(HTTPStatus.TOO_MANY_REQUESTS, {"error": code})

    def failed(self, status: int) -> Response:
        """An error that says its status."""
        return json_response(status, {"error": f"HTTP {int(status)}"})
