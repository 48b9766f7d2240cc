"""A WSGI application as a target."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from chaos.errors import ChaosError
from chaos.http import Response
from chaos.ports import Answer, World
from chaos.targets.web.front_door import WebTarget, from_httpx, to_httpx
from chaos.trace.events import Scalar


class WsgiTarget(WebTarget):
    """Flask, Django and their like: each question in a thread of its own.

    Example:
        >>> def app(environ, start_response):
        ...     start_response("200 OK", [("Content-Type", "text/plain")])
        ...     return [b"up"]
        >>> class Shop(WsgiTarget):
        ...     app = app
        >>> shop = Shop()
        >>> shop.build(None)
        >>> shop.ask("GET /health").text
        'up'
    """

    _world: World
    _transport: httpx.WSGITransport

    def build(self, world: World) -> None:
        """Make the application."""
        self._world = world
        self._transport = httpx.WSGITransport(self.make_app(world), raise_app_exceptions=False)

    def ask(self, question: str) -> Answer:
        """Send a request."""
        request = to_httpx(self.request(question))
        try:
            response = self._transport.handle_request(request)
            response.read()
        except ChaosError:
            raise
        except Exception as error:  # noqa: BLE001 - a server makes a 500 of it
            return self.answer(Response(status=HTTPStatus.INTERNAL_SERVER_ERROR.value), error)
        return self.answer(from_httpx(response))

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Carry out ``restart``: the process is killed, and comes up again."""
        if action != "restart":
            raise NotImplementedError(f"{self.name} cannot {action!r} with {dict(parameters)}")
        self.build(self._world)
        return {}
