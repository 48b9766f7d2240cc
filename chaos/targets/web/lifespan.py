"""The lifespan protocol of ASGI: an application is told when its server starts and stops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import MutableMapping
from typing import Any

from chaos.errors import TargetError

Message = MutableMapping[str, Any]


class Lifespan:
    """Starts and stops an application, as a server does.

    Attributes:
        app: The application, with the state that its startup has left for requests.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - any callable of that protocol
        self._app = app
        self._state: dict[str, Any] = {}
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def app(self, scope: Message, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """The application."""
        await self._app({**scope, "state": dict(self._state)}, receive, send)

    async def start(self) -> None:
        """Wait for its startup.

        Raises:
            TargetError: It could not start.
        """
        self._task = asyncio.create_task(self._live(), name="lifespan")
        await self._tell("startup")

    async def stop(self) -> None:
        """Wait for its shutdown."""
        if self._task is not None and not self._task.done():
            await self._tell("shutdown")
        if self._task is not None:
            await self._task

    async def _tell(self, what: str) -> None:
        await self._to_app.put({"type": f"lifespan.{what}"})
        said = await self._from_app.get()
        # An application that does not know the protocol raises, or returns without a word.
        if said is not None and said["type"] == f"lifespan.{what}.failed":
            raise TargetError(f"the application's {what} failed: {said.get('message', '')}")

    async def _live(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self._state,
        }
        try:
            # An error before the first word means that there is no lifespan; later ones have been
            # said as a failure.
            with contextlib.suppress(Exception):
                await self._app(scope, self._to_app.get, self._from_app.put)
        finally:
            await self._from_app.put(None)
