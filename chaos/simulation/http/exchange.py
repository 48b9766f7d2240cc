"""One request and what became of it: how it ended is written to the trace exactly once."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from chaos.faults.decision import Decision
from chaos.http import Response, decoded
from chaos.ports import Operation, Recorder, Upstream
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.behalf import Behalf
from chaos.trace.events import ResponseEvent


class Exchange:
    """A request that has left the service.

    Args:
        recorder: Writes its end.
        guard: Told when the stand-in cannot describe its answer.
        now_s: Tells the virtual seconds since the run began.
        behalf: For whom it was sent; its end belongs to them, whoever reads the body.
        upstream: Who answers.
        operation: What was asked for.
        call: Number of the call.
        decision: Tells in the end which faults touched it.

    Attributes:
        is_over: Whether its end has been recorded.
    """

    def __init__(  # noqa: PLR0913 - what a request and its end have in common
        self,
        *,
        recorder: Recorder,
        guard: Guard,
        now_s: Callable[[], float],
        behalf: Behalf,
        upstream: Upstream,
        operation: Operation,
        call: int,
        decision: Decision,
    ) -> None:
        self.is_over = False
        self.call = call
        self.decision = decision
        self._recorder = recorder
        self._guard = guard
        self._now_s = now_s
        self._began_s = now_s()
        self._actor = behalf.actor
        self._ask = behalf.ask
        self._upstream = upstream
        self._operation = operation
        self._response: Response | None = None

    def head_came(self, response: Response) -> None:
        """The client has the status and the headers of the answer."""
        self._response = response

    def complete(self, response: Response) -> None:
        """The client has taken the whole answer."""
        self._response = response
        try:
            detail = self._upstream.describe(self._operation, decoded(response))
        except Exception as error:  # noqa: BLE001 - a stand-in of somebody's own
            broken = self._guard.broken_stand_in(self._upstream.name, error)
            self.fail(type(broken).__name__)
            return
        self._end(None, detail=tuple(sorted(detail.items())))

    def fail(self, error: str) -> None:
        """The network failed, before the answer or within it; clients call it ``error``."""
        self._end(error)

    def close(self) -> None:
        """The client does not want the rest."""
        self._end("Closed")

    def _end(self, error: str | None, detail: tuple[tuple[str, object], ...] = ()) -> None:
        if self.is_over:
            return
        self.is_over = True
        response, self._response = self._response, None
        self._recorder.record(
            ResponseEvent,
            actor=self._actor,
            ask=self._ask,
            call=self.call,
            upstream=self._upstream.name,
            operation=self._operation.name,
            status=None if response is None else response.status,
            error=error,
            elapsed_s=round(self._now_s() - self._began_s, 6),
            retry_after_s=None if response is None else retry_after_s(response),
            faults=self.decision.touched,
            detail=detail,
        )


def retry_after_s(response: Response) -> float | None:
    """Seconds for which a response asks callers to stay away; None if it does not say.

    Dates are compared with the wall clock of the run.

    Example:
        >>> retry_after_s(Response(status=429, headers=(("Retry-After", "20"),)))
        20.0
        >>> headers = (("retry-after-ms", "1500"), ("retry-after", "9"))
        >>> retry_after_s(Response(status=429, headers=headers))
        1.5
    """
    milliseconds, after = response.header("retry-after-ms"), response.header("retry-after")
    try:
        if milliseconds is not None:
            return float(milliseconds) / 1000
        return None if after is None else float(after)
    except ValueError:
        pass
    try:
        return round(parsedate_to_datetime(after or "").timestamp() - time.time(), 6)
    except ValueError:
        return None
