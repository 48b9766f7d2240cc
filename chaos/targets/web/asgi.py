"""An ASGI application as a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from chaos.http import Response
from chaos.ports import Answer, World
from chaos.targets.web.front_door import WebTarget, from_httpx, to_httpx
from chaos.targets.web.lifespan import Lifespan
from chaos.trace.events import Scalar


class AsgiTarget(WebTarget):
    """FastAPI, Starlette, Quart and their like, in one event loop, with their lifespan.

    Example:
        >>> async def app(scope, receive, send):
        ...     await send({"type": "http.response.start", "status": 204, "headers": []})
        ...     await send({"type": "http.response.body", "body": b""})
        >>> class Shop(AsgiTarget):
        ...     app = app
        >>> import asyncio
        >>> async def ask():
        ...     shop = Shop()
        ...     await shop.build(None)
        ...     return await shop.ask("GET /health")
        >>> asyncio.run(ask()).mode
        'ok'
    """

    _world: World
    _lifespan: Lifespan | None = None

    async def build(self, world: World) -> None:
        """Make the application, and wait for its startup."""
        self._world = world
        app = self.make_app(world)
        self._lifespan = Lifespan(app)
        await self._lifespan.start()

    async def ask(self, question: str) -> Answer:
        """Send a request."""
        response, *raised = await self.respond(question)
        return self.answer(response, *raised)

    async def respond(self, question: str) -> tuple[Response, *tuple[Exception, ...]]:
        """Send a request; returns the response, and what the application has raised besides."""
        raised: list[Exception] = []
        lifespan = self._lifespan
        assert lifespan is not None, "it was built"

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
            try:
                await lifespan.app(scope, _in_pieces(receive), send)
            except Exception as error:
                raised.append(error)
                raise

        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        response = await transport.handle_async_request(to_httpx(self.request(question)))
        await response.aread()
        return from_httpx(response), *raised

    async def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Carry out ``restart``: the process is killed, and comes up again."""
        if action != "restart":
            raise NotImplementedError(f"{self.name} cannot {action!r} with {dict(parameters)}")
        await self.build(self._world)
        return {}

    async def close(self) -> None:
        """Wait for its shutdown."""
        # If it could not even be imported, that is what has to be told, not what follows from it.
        if self._lifespan is not None:
            await self._lifespan.stop()


def _in_pieces(receive: Any) -> Any:  # noqa: ANN401 - ASGI
    """Hand a body on in two pieces: a server does so as it arrives, wherever it was cut."""
    rest: dict[str, Any] | None = None

    async def next_piece() -> Any:  # noqa: ANN401 - the same
        nonlocal rest
        if rest is not None:
            message, rest = rest, None
            return message
        message = await receive()
        body = message.get("body", b"")
        if len(body) < 2:  # noqa: PLR2004 - what cannot be cut
            return message
        rest = {**message, "body": body[len(body) // 2 :]}
        return {**message, "body": body[: len(body) // 2], "more_body": True}

    return next_piece
