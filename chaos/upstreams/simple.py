"""A stand-in written as a table, for services whose provider is a plain JSON API."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar

from chaos.errors import ChaosError
from chaos.http import Request, Response, json_response
from chaos.ports import Operation, Upstream
from chaos.trace.said import Said
from chaos.upstreams.said import deed_of, of_status

Answer = Mapping[str, Any] | Callable[[Request], Mapping[str, Any]]
"""A payload, or what makes one from the request."""


class JsonUpstream(Upstream):
    """Answers each route with its payload, and everything else with 404.

    Subclass it with ``name``, ``hosts`` and ``routes``; say with ``speaks`` where a model's words
    stand, and with ``effects`` what must not be done twice, so that laws can judge it.

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

    speaks: ClassVar[str | None] = None
    """The key of an answer under which a model's text stands; None if no model speaks here."""

    effects: ClassVar[Collection[str]] = ()
    """Operations that do something that must not be done twice for one question, unless the
    request carries an idempotency key."""

    def __init_subclass__(cls) -> None:
        wrong = next(_mistakes(cls), None)
        if wrong is not None:
            raise ChaosError(f"{cls.__name__}: {wrong}")
        cls.operations = tuple(cls.routes)
        if cls.speaks is not None:
            cls.speaking = tuple(name for name in cls.routes if cls._may_speak(name))

    @classmethod
    def _may_speak(cls, operation: str) -> bool:
        answer = cls.routes[operation][-1]
        return callable(answer) or cls.speaks in answer

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

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """What follows from the status, with the text and the deed that the class names."""
        deed = deed_of(operation, request) if operation.name in self.effects else None
        said = of_status(response, self._text(response), deed=deed)
        return replace(said, retry_can_help=False) if _is_spent(response) else said

    def _text(self, response: Response) -> str | None:
        try:
            text = response.json()[self.speaks] if self.speaks is not None else None
        except (ValueError, LookupError, TypeError):
            return None
        return text if isinstance(text, str) else None

    def rate_limited(self, code: str) -> Response:
        """A 429 that says its code."""
        return json_response(HTTPStatus.TOO_MANY_REQUESTS, {"error": code})

    def failed(self, status: int) -> Response:
        """An error that says its status; what is none, or a redirect, says nothing."""
        if status < HTTPStatus.BAD_REQUEST:
            return Response(status=status)
        return json_response(status, {"error": f"HTTP {int(status)}"})


def _mistakes(cls: type[JsonUpstream]) -> Iterator[str]:
    """What is wrong with a table, so that its author need not wonder why nothing is found."""
    routes: object = getattr(cls, "routes", None)
    if not isinstance(routes, Mapping):
        yield (
            "routes is missing, or not a mapping; expected an operation's name to its method, "
            'path and answer: {"rain.get": ("GET", "/rain", {"rain": True})}'
        )
        return
    for name, route in routes.items():
        if not isinstance(route, tuple | list) or len(route) != len(("method", "path", "answer")):
            yield f"route {name!r} is {route!r}; expected a method, a path and an answer"
            return
        yield from (f"route {name!r}: {wrong}" for wrong in _wrong_route(route[0], route[1]))
    for name in cls.effects:
        if name not in routes:
            known = ", ".join(map(repr, routes))
            yield f"effects names {name!r}, which is not an operation; expected some of: {known}"


def _wrong_route(method: object, path: object) -> Iterator[str]:
    if not isinstance(method, str) or method != method.upper() or not method.isalpha():
        yield f"method is {method!r}; expected one in capitals, such as 'GET'"
    if not isinstance(path, str):
        yield f"path is {path!r}; expected a regular expression"
        return
    try:
        re.compile(path)
    except re.error as error:
        yield f"path {path!r} is not a regular expression: {error}"
    if path.startswith(("http:", "https:")) or (path[:1].isalnum()):
        yield f"path {path!r} matches no request; expected one that begins with '/'"
    if "\\?" in path:
        yield f"path {path!r} has a query; expected the path alone; answers may look at it"


def _is_spent(response: Response) -> bool:
    """Whether this is a refusal of `JsonUpstream.rate_limited` that no waiting ends."""
    if response.status != HTTPStatus.TOO_MANY_REQUESTS:
        return False
    try:
        return bool(response.json() == {"error": "insufficient_quota"})
    except ValueError:
        return False
