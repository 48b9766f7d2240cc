"""The lifespan protocol of ASGI: an application is told when its server starts and stops."""

from __future__ import annotations

import asyncio
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
        self._was_told: str | None = None
        self._error: Exception | None = None

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
        """Wait for its shutdown.

        Raises:
            TargetError: It has ended before, with an error, or could not shut down.
        """
        if self._task is None:
            return
        if not self._task.done():
            await self._tell("shutdown")
        await self._task
        if self._error is not None and self._was_told is not None:
            raise _failed("lifespan", _shown(self._error))

    async def _tell(self, what: str) -> None:
        self._to_app.put_nowait({"type": f"lifespan.{what}"})
        said = await self._from_app.get()
        if said is None:
            # An application that does not know the protocol does not even ask what it is told.
            if self._was_told == what and self._error is not None:
                error, self._error = self._error, None
                raise _failed(what, _shown(error))
            if self._was_told == what:
                raise _failed(what, "it ended without saying so")
        elif said["type"] == f"lifespan.{what}.failed":
            self._error = None
            raise _failed(what, _last_line(str(said.get("message", ""))) or "no reason was given")
        elif said["type"] != f"lifespan.{what}.complete" and self._was_told == what:
            raise _failed(what, f"it said {said['type']!r}")

    async def _live(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self._state,
        }
        try:
            await self._app(scope, self._receive, self._from_app.put)
        except Exception as error:  # noqa: BLE001 - it is somebody's own, and told by `_tell`
            self._error = error
        finally:
            self._from_app.put_nowait(None)

    async def _receive(self) -> Message:
        message = await self._to_app.get()
        self._was_told = str(message["type"]).removeprefix("lifespan.")
        return message


def _failed(what: str, why: str) -> TargetError:
    return TargetError(
        f"the application's {what} failed: {why}; expected it to start and to stop; set what it "
        "needs in build()"
    )


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _last_line(text: str) -> str:
    """What a traceback comes to, which is what frameworks give for a reason."""
    return text.rstrip().rpartition("\n")[2].strip()
