"""How a test of any language steers a run: a few requests over HTTP."""

from __future__ import annotations

import json
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from chaos.errors import ChaosError
from chaos.serve.local_http import LocalHttp, LocalReply, LocalRequest, as_json
from chaos.serve.signals import Signals
from chaos.tiers.served.world import ServedWorld
from chaos.trace.events import RequestEvent

_PATIENCE_S = 60.0
"""After a signal, this is how long the next step that waits may take to come."""


class Control:
    """Listens while entered.

    ``POST /next`` lets the step go on that waits, and answers when the next one waits, or none
    does; its body may tell the answers of the step. ``POST /end`` ends the run, and ``GET
    /status`` tells how far it is.

    Args:
        signals: What it gives.
        world: What it tells of.
        port: Where it listens; 0 is any port that is free.
    """

    def __init__(self, signals: Signals, world: ServedWorld, port: int = 0) -> None:
        self._signals = signals
        self._world = world
        self._local = LocalHttp(self._answer, port=port)

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            ChaosError: The port is taken.
        """
        self._local.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._local.__exit__(exc_type, exc, traceback)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._local.url

    def status(self) -> dict[str, Any]:
        """How far the run is."""
        with self._world.turn():
            return {
                "at_s": round(self._world.clock.now_s, 3),
                "waiting": list(self._signals.waiting),
                "through": self._signals.is_through,
                "faults": list(self._world.injector.active),
                "calls": len(self._world.trace.of(RequestEvent)),
            }

    def next(self, body: bytes) -> LocalReply:
        """Let the step go on that has waited longest; the body may tell its answers."""
        try:
            is_given = self._signals.give(_answers_in(body))
        except ChaosError as error:
            return self._told(HTTPStatus.BAD_REQUEST, str(error))
        if not is_given:
            return self._told(HTTPStatus.CONFLICT, "no step waits for a signal")
        self._signals.rest(_PATIENCE_S)
        return self._told(HTTPStatus.OK)

    def end(self) -> LocalReply:
        """End the run."""
        self._signals.end()
        return self._told(HTTPStatus.OK)

    def _told(self, status: HTTPStatus, error: str | None = None) -> LocalReply:
        wrong = {} if error is None else {"error": error}
        return as_json(status, {**wrong, **self.status()})

    def _answer(self, asked: LocalRequest) -> LocalReply:
        match asked.method, asked.path:
            case "GET", "/status":
                return self._told(HTTPStatus.OK)
            case "POST", "/next":
                return self.next(asked.body)
            case "POST", "/end":
                return self.end()
            case _, path:
                known = "expected POST /next, POST /end or GET /status"
                return as_json(HTTPStatus.NOT_FOUND, {"error": f"no {path} here; {known}"})


def _answers_in(body: bytes) -> object:
    """What the body of a signal tells; None if it is empty."""
    if not body.strip():
        return None
    try:
        said = json.loads(body)
    except ValueError as error:
        raise ChaosError(f"the body is not JSON: {error}; {_EXPECTED}") from error
    if not isinstance(said, dict) or said.keys() != {"answers"}:
        raise ChaosError(f"the body tells no answers; {_EXPECTED}")
    return said["answers"]


_EXPECTED = 'expected nothing, or {"answers": [{"mode": "llm"}]}'
